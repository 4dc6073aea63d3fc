"""The sentences that go with a mask made by exact operations: what was done, and what is left."""

from assistant.answering import (
    describe_answer,
    describe_certainty,
    describe_findings,
    describe_found,
    describe_nothing_found,
    describe_reply,
    format_area,
    quote,
)
from assistant.facts import Facts
from assistant.operations import Operation
from assistant.planning import Outcome
from assistant.routing.question_forms import asks_whether
from assistant.routing.spelling import describe_corrections
from assistant.wording import describe_compass, describe_operations, spell_number
from serving.grid import Grid

NO_STEPS = "Marked what the model found, without any steps."


def describe_outcome(
    question: str, outcome: Outcome, facts: Facts, grid: Grid, *, offers_closest: bool = False
) -> tuple[str, ...]:
    """Return the sentences for any question that a plan answered, what was mended in its spelling included.

    Args:
        question: as it was typed.
        outcome: of its plan.
        facts: measured from the outcome's mask.
        grid: of the image.
        offers_closest: where nothing was found, there is an outline that can be looked at.
    """
    if outcome.plan.operations:
        sentences = describe_planned(question, outcome, facts, grid)
    else:
        sentences = describe_answer(question, facts, outcome.score, offers_closest=offers_closest)
    corrections = outcome.plan.corrections
    return (*sentences, describe_corrections(corrections)) if corrections else sentences


def describe_planned(question: str, outcome: Outcome, facts: Facts, grid: Grid) -> tuple[str, ...]:
    """Return the sentences for a question that came down to a class and operations.

    Args:
        question: as it was typed.
        outcome: of its plan, which has operations.
        facts: measured from the outcome's mask.
        grid: of the image.
    """
    subject = f"all {outcome.plan.subject}" if outcome.plan.subject else "what you asked for"
    done = f"Marked {subject}, then: {describe_operations(outcome.plan.operations)}."
    remarks = _describe_remarks(outcome.plan.operations, outcome.missing, grid)
    if facts.pixel_count > 0:
        if outcome.plan.subject is None and not outcome.prediction.found:
            done = f"The model doubts that anything here matches {quote(question)}; this is what comes closest."
        reply = describe_reply(question, facts, outcome.score)
        return (*reply, done, *remarks, *describe_found(question, facts), describe_certainty(outcome.score))
    if not outcome.prediction.found:
        score = outcome.prediction.score
        return (*describe_reply(question, facts, score), *describe_nothing_found(question, score))
    left = f"Nothing is left: {subject} that I found are ruled out by that, so nothing is marked."
    return (*describe_reply(question, facts, outcome.score), done, *remarks, left)


def describe_refined(
    text: str, operations: tuple[Operation, ...], missing: tuple[str, ...], before: Facts, after: Facts, grid: Grid
) -> tuple[str, ...]:
    """Return the sentences for a mask that was refined.

    Args:
        text: the words that the operations come from; empty where they were chosen by hand.
        operations: what was done.
        missing: things that operations named and the model did not find.
        before: measured from the mask that there was.
        after: measured from the new one.
        grid: of the image.
    """
    done = f"Changed what was marked: {describe_operations(operations)}." if operations else NO_STEPS
    remarks = _describe_remarks(operations, missing, grid)
    if after.pixel_count > 0:
        reply = ("Yes.",) if asks_whether(text) else describe_reply(text, after, 1.0)
        return (*reply, done, *remarks, *describe_found(text, after), *compare_with_before(before, after))
    if before.pixel_count == 0:
        return (done, *remarks, "Nothing was marked before, and nothing is marked now.")
    if asks_whether(text) and not missing:
        return ("No.", done, "So nothing is left of what was marked; “undo that” brings it back.")
    return (done, *remarks, "Nothing is left of what was marked.")


def describe_pointed(before: Facts, after: Facts) -> tuple[str, ...]:
    """Return the sentences for a mask that was changed where somebody pointed.

    Args:
        before: measured from the mask that there was.
        after: measured from the new one.
    """
    return _describe_by_hand(before, after, done="pointed", same="Looked where you pointed")


def describe_painted(before: Facts, after: Facts) -> tuple[str, ...]:
    """Return the sentences for a mask that somebody painted on; see `describe_pointed`."""
    return _describe_by_hand(before, after, done="painted", same="Painted")


def _describe_by_hand(before: Facts, after: Facts, *, done: str, same: str) -> tuple[str, ...]:
    change = after.pixel_count - before.pixel_count
    if after.pixel_count == 0:
        return ("Nothing is left of what was marked." if before.pixel_count else "Nothing is marked.",)
    if change == 0:
        first = f"{same}; as much is marked as before."
    elif before.pixel_count == 0:
        first = f"Marked where you {done}: {change:,} pixel{'' if change == 1 else 's'}."
    else:
        verb = "added" if change > 0 else "removed"
        first = f"Changed where you {done}: {abs(change):,} pixel{'' if abs(change) == 1 else 's'} {verb}."
    return (first, *describe_findings(after), *_compare_counts(before, after))


def compare_with_before(before: Facts, after: Facts) -> tuple[str, ...]:
    """Return how many more or fewer parts there are than before, or how much more ground; nothing where both are alike.

    Args:
        before: measured from the mask that there was.
        after: measured from the new one, of the same image.
    """
    counts = _compare_counts(before, after)
    change = after.pixel_count - before.pixel_count
    if counts or change == 0 or before.pixel_count == 0:
        return counts
    size = f"{abs(change):,} pixel{'' if abs(change) == 1 else 's'}"
    if before.area_m2 is not None and after.area_m2 is not None:
        size = format_area(abs(after.area_m2 - before.area_m2))
    return (f"The area is {size} {'larger' if change > 0 else 'smaller'} than before.",)


def _compare_counts(before: Facts, after: Facts) -> tuple[str, ...]:
    change = after.count - before.count
    if change == 0 or before.count == 0 or after.count == 0:
        return ()
    verb = "is" if abs(change) == 1 else "are"
    return (f"There {verb} {spell_number(abs(change))} {'more' if change > 0 else 'fewer'} than before.",)


def _describe_remarks(operations: tuple[Operation, ...], missing: tuple[str, ...], grid: Grid) -> tuple[str, ...]:
    compass = describe_compass(operations, grid)
    absent = (f"I did not find {quote(name)} in this image, so that step had nothing to go by." for name in missing)
    return (*absent, compass) if compass is not None else tuple(absent)
