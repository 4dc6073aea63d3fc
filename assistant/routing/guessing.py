"""What to do with text that no rule understands: a new question, small talk, or a question back with choices."""

from collections.abc import Callable

from assistant.answering import quote
from assistant.intents import Ask, Choice, Clarify, Command, Intent, Refine, Segment
from assistant.routing.candidates import UNDO, list_candidates
from assistant.routing.doubt import is_doubtful
from assistant.routing.small_talk import (
    asks_for_button,
    asks_for_description,
    asks_for_several_answers,
    asks_why,
    is_chatter,
    says_it_is_wrong,
)

WHAT_I_DO = (
    "I mark things in this image. Ask for something (“where are the roads?”), or say how the marks should change "
    "(“only the largest”, “a bit bigger”, “undo that”)."
)
NAME_SOMETHING = (
    "I do not describe images; I mark in them what you name or hint at. What I know best are buildings, roads, water, "
    "fields, trees, vehicles, ships, airplanes, storage tanks, sports grounds, swimming pools and solar panels. For "
    "example: “where are the buildings?”, “the largest field” or “where could a plane land?”"
)
USE_THE_BUTTONS = (
    "There are buttons for that under an answer: “Export” saves mask and picture in every form, coordinates included; "
    "“Mask” hides it and changes its opacity; “Compare” shows two answers side by side; “Retry” asks again. A click on "
    "the picture opens it at full size."
)
CORRECT_IT = (
    "Please show me: under “Refine” a click adds what is missing or takes away what is wrong, a box or the brush "
    "does it by "
    "hand, and the threshold marks more or less. Or say what should change: “remove the smallest”, “only those in the "
    "upper half”, “and the ships too”, “undo that”."
)
ONE_AT_A_TIME = (
    "One answer is marked at a time. “And the ships too” adds a thing to it, “only where it overlaps the road” takes "
    "what "
    "both have, and “Compare” shows two answers side by side."
)
NO_REASONS = (
    "I cannot give reasons: the model only says how likely each pixel is to be meant. “How sure are you?” tells its "
    "confidence, and under “Refine” you can move the threshold or correct the mask by a click."
)


def answer_in_words(text: str) -> Clarify | None:
    """Return the sentence for text that asks for no mask, or None."""
    if is_chatter(text):
        return Clarify(WHAT_I_DO)
    if asks_for_description(text):
        return Clarify(NAME_SOMETHING)
    if asks_for_button(text):
        return Clarify(USE_THE_BUTTONS)
    if asks_for_several_answers(text):
        return Clarify(ONE_AT_A_TIME)
    return Clarify(NO_REASONS) if asks_why(text) else None


def guess(text: str, understand: Callable[[str], Intent | None]) -> Segment | Clarify:
    """Return what to do with `text`.

    Args:
        text: not understood by any rule, while a mask is there.
        understand: reads a phrase by the rules.

    Returns:
        a new question; or a question back: with every choice, those with a cue first, the new question last.
    """
    said = answer_in_words(text)
    if said is not None:
        return said
    if says_it_is_wrong(text):
        undo = understand(UNDO)
        return Clarify(CORRECT_IT, (Choice(UNDO, undo),) if isinstance(undo, Command) else ())
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
