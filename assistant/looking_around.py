"""Name what an image does show, where what was asked for is not in it."""

import time
from collections.abc import Callable

from assistant.answering import FAIRLY_SURE_SCORE
from assistant.intents import Choice, Segment
from assistant.planning import Ask

# The commonest things of aerial images first: where the time is short, the rest is left out.
COMMON_THINGS = (
    "buildings", "roads", "trees", "water bodies", "fields", "cars", "airplanes", "ships", "bridges", "storage tanks",
    "swimming pools", "solar panels", "tennis courts", "baseball diamonds", "running tracks", "harbors",
)  # fmt: skip
MOST_NAMED = 3


def look_around(ask: Ask, budget_s: float, now: Callable[[], float] = time.monotonic) -> tuple[str, ...]:
    """Return the common things that the model is fairly sure to see, the surest first, at most three.

    Args:
        ask: puts a question to the model.
        budget_s: no question is begun later than so many seconds after the first.
        now: seconds that only grow.

    Raises:
        ServingError: whatever the model raises.
    """
    begun = now()
    scores: dict[str, float] = {}
    for thing in COMMON_THINGS:
        if now() - begun > budget_s:
            break
        prediction = ask(f"all the {thing}")
        if prediction.found and prediction.score >= FAIRLY_SURE_SCORE:
            scores[thing] = prediction.score
    return tuple(sorted(scores, key=lambda thing: -scores[thing])[:MOST_NAMED])


def describe_surroundings(things: tuple[str, ...]) -> str:
    """Return the sentence that names what is there instead; at least one thing."""
    *others, last = things
    return f"What I do see here: {', '.join(others)} and {last}." if others else f"What I do see here: {last}."


def offer(things: tuple[str, ...]) -> tuple[Choice, ...]:
    """Return what to click to have each of the things marked."""
    return tuple(Choice(text=f"all the {thing}", intent=Segment(f"all the {thing}")) for thing in things)
