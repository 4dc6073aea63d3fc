"""What is proposed where no rule understands: how often the first proposal is right, and how often the choices hold it.

`corpus/unclear_*.jsonl` has wishes about marks that the rules do not understand, each with the phrases that say
what is meant; new questions in unusual words; and small talk. The cues were written with the development part alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.clarifying import MOST_CHOICES, order_proposals
from assistant.intents import Ask, Choice, Clarify, Intent, Refine, Segment
from assistant.interfaces import Proposer
from assistant.routing.router import route
from evaluation.reading.routing import read_rows, share
from serving.cancellation import Cancellation

UNCLEAR_PARTS = ("unclear_development", "unclear_heldout")
_SHOWN = MOST_CHOICES - 1  # beside the new question


@dataclass(frozen=True)
class Proposals:
    """What is proposed for one utterance, the likeliest first.

    Attributes:
        text: the utterance.
        means: phrases, each of which says what is meant; the text itself for a new question, none for small talk.
        by_cues: by the rules' cues alone.
        by_model: by the language model alone.
        by_both: as the chat orders them.
    """

    text: str
    means: tuple[str, ...]
    by_cues: tuple[str, ...]
    by_model: tuple[str, ...]
    by_both: tuple[str, ...]


def report_proposals(part: str, proposer: Proposer, advance: Callable[[], None]) -> dict[str, Any]:
    """Return the figures of one part of the corpus.

    Args:
        part: see `UNCLEAR_PARTS`.
        proposer: a language model.
        advance: called after each utterance.
    """
    kinds: dict[str, list[bool]] = {"wish": [], "question": [], "chatter": []}
    proposed: list[Proposals] = []
    done: list[bool] = []
    for row in read_rows(part):
        text, means, kind = str(row["text"]), row["means"], str(row["kind"])
        assert isinstance(means, list), "the corpus lists what is meant"
        intent = route(text, has_answer=True)
        kinds[kind].append(not isinstance(intent, Segment))
        if kind == "wish":
            done.append(any(says_the_same(intent, phrase) for phrase in means))
        if kind == "wish":
            proposed.append(_propose(text, tuple(means), _list_proposals(intent, means), proposer))
        advance()
    return {
        "wishes": len(kinds["wish"]),
        "wishes_done": share(done),
        "wishes_asked_back": share(kinds["wish"]) - share(done),
        "questions": len(kinds["question"]),
        "questions_asked_back": share(kinds["question"]),
        "chatter": len(kinds["chatter"]),
        "chatter_not_segmented": share(kinds["chatter"]),
        "first_right": {
            "cues": share([_holds(one.by_cues[:1], one) for one in proposed]),
            "model": share([_holds(one.by_model[:1], one) for one in proposed]),
            "both": share([_holds(one.by_both[:1], one) for one in proposed]),
        },
        "shown_right": {
            "cues": share([_holds(one.by_cues[:_SHOWN], one) for one in proposed]),
            "model": share([_holds(one.by_model[:_SHOWN], one) for one in proposed]),
            "both": share([_holds(one.by_both[:_SHOWN], one) for one in proposed]),
        },
        "proposals": sum(len(one.by_both) for one in proposed) / len(proposed),
        "wrong": [
            {"text": one.text, "means": list(one.means), "shown": list(one.by_both[:_SHOWN])}
            for one in proposed
            if not _holds(one.by_both[:_SHOWN], one)
        ],
    }


def says_the_same(intent: Intent, phrase: str) -> bool:
    """Return whether a phrase means exactly that intent: the same question about the marks, or the same operations."""
    match intent, route(phrase, has_answer=True):
        case Ask(topic=topic), Ask(topic=other):
            return topic is other
        case Refine(operations=operations), Refine(operations=others):
            return operations == others
        case _:
            return False


def _list_proposals(intent: Intent, means: Sequence[str]) -> Clarify:
    """Return what is asked back; where that is done at once, the phrases that say the same."""
    if isinstance(intent, Clarify):
        return intent
    same = [phrase for phrase in means if says_the_same(intent, phrase)]
    return Clarify("", tuple(Choice(phrase, intent) for phrase in same if isinstance(intent, Ask | Refine)))


def _propose(text: str, means: tuple[str, ...], asked: Clarify, proposer: Proposer) -> Proposals:
    ratings: dict[str, float] = {}

    def rate(said: str, phrases: Sequence[str], *, cancellation: Cancellation) -> Sequence[float]:
        ratings.update(zip(phrases, proposer.rate_meanings(said, phrases, cancellation=cancellation), strict=True))
        return [ratings[phrase] for phrase in phrases]

    by_both = order_proposals(asked, text, rate, Cancellation())
    in_order = [choice for choice in asked.choices if not isinstance(choice.intent, Segment)]
    by_model = sorted(in_order, key=lambda choice: -ratings[choice.text])
    return Proposals(text, means, _texts(in_order), _texts(by_model), _texts(by_both))


def _texts(choices: Sequence[Choice]) -> tuple[str, ...]:
    return tuple(choice.text for choice in choices)


def _holds(phrases: Sequence[str], one: Proposals) -> bool:
    return any(phrase in one.means for phrase in phrases)
