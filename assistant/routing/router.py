"""A turn's text -> what it means: a question to the image, or about the marks, or a change of them."""

from assistant.intents import Ask, Clarify, Intent, Refine, Segment
from assistant.routing.command_grammar import parse_command
from assistant.routing.grammar import parse_follow_up
from assistant.routing.languages import ENGLISH_ONLY, is_foreign
from assistant.routing.refinement_grammar import PointNeeded, parse_count_of_them, parse_refinement

POINT_AT_IT = (
    "Which one do you mean? Click on it in the image and say it again, or describe it (for example: the largest one, "
    "or the one nearest the top edge)."
)


def route(text: str, *, has_answer: bool, point_xy_px: tuple[float, float] | None = None) -> Intent:
    """Return what `text` means.

    Args:
        text: what the person typed, not empty.
        has_answer: whether the image has been asked before in this conversation, so that "it" can refer to
            something (also to nothing having been found).
        point_xy_px: where the person clicked in the image, (column, row), when they did.
    """
    if not has_answer:
        return _ask_image(text)
    command = parse_command(text)
    if command is not None:
        return command
    topic = parse_follow_up(text)
    if topic is not None:
        return Ask(topic=topic, question=text)
    match parse_count_of_them(text) or parse_refinement(text, point_xy_px=point_xy_px):
        case PointNeeded():
            return Clarify(POINT_AT_IT)
        case None:
            return _ask_image(text)
        case operations:
            return Refine(operations=operations, text=text)


def _ask_image(text: str) -> Segment | Clarify:
    """Return the question for the image; another language is answered in words, not with a mask of nobody's wish."""
    return Clarify(ENGLISH_ONLY) if is_foreign(text) else Segment(question=text)
