"""The sentences that go with a comparison of two images: what came, what went, what stayed, and what is not known."""

from collections.abc import Collection, Mapping

from assistant.answering import describe_certainty, format_area, format_share, quote
from assistant.facts import Facts
from assistant.image_comparing import ImageComparison
from assistant.image_pairs import ImagePair, Search
from assistant.masks.comparison import Fate
from assistant.wording import describe_operations
from serving.imagery.registration import Basis

NAME_THE_THING = (
    "What shall I compare? Nothing was asked in this conversation yet, so please name the thing, for example: "
    "which buildings are new since the first image?"
)
FATE_WORDS = {Fate.ADDED: "Added", Fate.REMOVED: "Removed", Fate.UNCHANGED: "Unchanged"}


def describe_comparison(
    search: Search, pair: ImagePair, outcome: ImageComparison, facts: Mapping[Fate, Facts], wanted: Collection[Fate]
) -> tuple[str, ...]:
    """Return the sentences for two images that were compared.

    Args:
        search: what was looked for.
        pair: the images.
        outcome: of the comparison.
        facts: measured from it, for every fate.
        wanted: the fates that were asked for; they come first.
    """
    steps = f" ({describe_operations(search.plan.operations)})" if search.plan.operations else ""
    first, second = pair.numbers
    done = (
        f"Compared {quote(search.thing)}{steps} in image {first} ({quote(pair.earlier.name)}) and image {second} "
        f"({quote(pair.later.name)})."
    )
    remarks = _describe_ground(outcome, pair)
    if outcome.before.mask.pixel_count == 0 and outcome.after.mask.pixel_count == 0:
        nothing = "Nothing that matches was found in either of them, so there is nothing to compare."
        return (done, nothing, *remarks, describe_certainty(outcome.score))
    order = [*(fate for fate in Fate if fate in wanted), *(fate for fate in Fate if fate not in wanted)]
    return (
        done,
        *(f"{FATE_WORDS[fate]}: {describe_fate(facts[fate])}." for fate in order),
        *remarks,
        describe_certainty(outcome.score),
    )


def describe_picked(fates: Collection[Fate], facts: Facts) -> tuple[str, ...]:
    """Return the sentences for a mask of some fates alone; `facts` are measured from it."""
    words = " and ".join(str(fate) for fate in Fate if fate in fates)
    return (f"Marked only what is {words}: {describe_fate(facts)}.",)


def describe_fate(facts: Facts) -> str:
    """Return how many parts, how much of the image and how large, in a phrase."""
    if facts.pixel_count == 0:
        return "nothing"
    count = "one area" if facts.count == 1 else f"{facts.count:,} separate areas"
    area = "" if facts.area_m2 is None else f", about {format_area(facts.area_m2)}"
    return f"{count}, {format_share(facts.share)} of the image{area}"


def _describe_ground(outcome: ImageComparison, pair: ImagePair) -> tuple[str, ...]:
    """Return what is to be known of how the images lie on each other."""
    remarks: list[str] = []
    first, second = pair.numbers
    if outcome.basis is Basis.ASSUMED:
        placed = (pair.earlier.grid.is_georeferenced, pair.later.grid.is_georeferenced)
        who = "The images do not say where they lie"
        if any(placed):
            who = f"Image {second if placed[0] else first} does not say where it lies"
        remarks.append(f"{who}; both are of one size, so they are taken to be the same grid.")
    unknown = outcome.comparison.unknown_share
    if unknown > 0:
        remarks.append(
            f"{format_share(unknown)} of image {second} lies outside image {first}: what was there is not known, and "
            "is left out."
        )
    return tuple(remarks)
