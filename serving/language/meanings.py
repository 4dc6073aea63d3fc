"""How well phrases say what somebody meant: words that the language model would write after examples of such readings.

Every phrase is compared with how likely it is after words that say nothing; short and common ones would always win.
"""

from collections.abc import MutableMapping, Sequence
from typing import Protocol

from serving.cancellation import Cancellation

_EXAMPLES = (
    ("make the marked part a little wider", "make it a bit bigger"),
    ("the edges are rough", "smooth the outline"),
    ("take the cars away", "remove the cars"),
    ("just show the biggest", "keep only the largest"),
    ("go back one", "undo that"),
    ("where are the bridges?", "find something else in the image"),
    ("what is its size?", "how big is it?"),
)
LEAD = "".join(f'The person says: "{said}"\nThis means: {meant}\n\n' for said, meant in _EXAMPLES)
SAYING_NOTHING = "something about the marks"
LONGEST_SAID = 200  # characters: what is longer is no wish about marks, and costs time
_MOST_KEPT = 512  # phrases of which is kept how likely they are anyway


class ReplyRater(Protocol):
    """Says how well replies go on after words."""

    def rate_replies(
        self, lead: str, prompt: str, replies: Sequence[str], *, cancellation: Cancellation | None = None
    ) -> list[float]:
        """Return a number for each reply; see `serving.language.backend.LanguageBackend`."""
        ...


def rate_meanings(
    rater: ReplyRater,
    said: str,
    phrases: Sequence[str],
    kept: MutableMapping[str, float],
    *,
    cancellation: Cancellation | None = None,
) -> list[float]:
    """Return for each phrase how much likelier it is after `said` than after words that say nothing.

    Args:
        rater: a language backend.
        said: what somebody said; cut at `LONGEST_SAID`.
        phrases: what it may mean.
        kept: phrase -> how likely it is anyway; what is not there is added.
        cancellation: as the backend takes it.

    Raises:
        LanguageUnavailableError: the language model cannot answer.
        SegmentationCancelledError: somebody pressed Stop.
    """
    if not phrases:
        return []
    rated = rater.rate_replies(LEAD, _ask(said[:LONGEST_SAID]), phrases, cancellation=cancellation)
    usual = dict(kept)  # a copy: others may add to it meanwhile
    new = [phrase for phrase in dict.fromkeys(phrases) if phrase not in usual]
    if new:
        rated_anyway = rater.rate_replies(LEAD, _ask(SAYING_NOTHING), new, cancellation=cancellation)
        usual |= dict(zip(new, rated_anyway, strict=True))
        if len(usual) > _MOST_KEPT:
            kept.clear()
        kept.update((phrase, usual[phrase]) for phrase in new)
    return [rating - usual[phrase] for rating, phrase in zip(rated, phrases, strict=True)]


def _ask(said: str) -> str:
    words = " ".join(said.replace('"', "'").split())
    return f'The person says: "{words}"\nThis means:'
