"""What to do with text that no rule understands: a new question, small talk, or a question back with choices."""

from collections.abc import Callable

from assistant.answering import quote
from assistant.intents import Ask, Choice, Clarify, Command, Intent, Refine, Segment
from assistant.routing.candidates import list_candidates
from assistant.routing.doubt import is_doubtful
from assistant.routing.small_talk import asks_for_description, is_chatter

WHAT_I_DO = (
    "I mark things in this image. Ask for something (“where are the roads?”), or say how the marks should change "
    "(“only the largest”, “a bit bigger”, “undo that”)."
)
NAME_SOMETHING = (
    "I do not describe images; I mark in them what you name or hint at. What I know best are buildings, roads, water, "
    "fields, trees, vehicles, ships, airplanes, storage tanks, sports grounds, swimming pools and solar panels. For "
    "example: “where are the buildings?”, “the largest field” or “where could a plane land?”"
)


def guess(text: str, understand: Callable[[str], Intent | None]) -> Segment | Clarify:
    """Return what to do with `text`.

    Args:
        text: not understood by any rule, while a mask is there.
        understand: reads a phrase by the rules.

    Returns:
        a new question; or a question back: with every choice, those with a cue first, the new question last.
    """
    if is_chatter(text):
        return Clarify(WHAT_I_DO)
    if asks_for_description(text):
        return Clarify(NAME_SOMETHING)
    if not is_doubtful(text):
        return Segment(question=text)
    choices: list[Choice] = []
    cued = 0
    for candidate in list_candidates(text):
        intent = understand(candidate.phrase)
        if isinstance(intent, Ask | Refine | Command):
            choices.append(Choice(candidate.phrase, intent))
            cued += candidate.has_cue
    choices.append(Choice(text, Segment(question=text)))
    return Clarify(f"I am not sure what you mean by {quote(text)}. Did you mean one of these?", tuple(choices), cued)
