"""A turn's text -> what it means: a question to the image or to two, or about the marks, or a change of them."""

from assistant.intents import Ask, Clarify, Intent, Refine, Segment
from assistant.routing.command_grammar import parse_command
from assistant.routing.comparison_grammar import parse_comparison, parse_pick
from assistant.routing.grammar import parse_follow_up
from assistant.routing.guessing import guess
from assistant.routing.languages import ENGLISH_ONLY, is_foreign
from assistant.routing.refinement_grammar import PointNeeded, parse_count_of_them, parse_refinement
from assistant.routing.spelling import correct_spelling

POINT_AT_IT = (
    "Which one do you mean? Click on it in the image and say it again, or describe it (for example: the largest one, "
    "or the one nearest the top edge)."
)
ADD_AN_IMAGE = (
    "There is only one image in this conversation, so there is nothing to compare it with. Please add the other image "
    "of the same place, then ask again. (Two answers about one image are compared with the button “Compare”.)"
)
NAME_THE_IMAGE = (
    "I do not know when an image was taken. Please name the image to compare with by its number in this conversation, "
    "for example: what is new since the first image?"
)


def route(
    text: str,
    *,
    has_answer: bool,
    point_xy_px: tuple[float, float] | None = None,
    image_count: int = 1,
    compared: str | None = None,
) -> Intent:
    """Return what `text` means, slips of the keyboard mended; an intent keeps the words as they were typed.

    Args:
        text: what the person typed, not empty.
        has_answer: whether the image has been asked before in this conversation, so that "it" can refer to
            something (also to nothing having been found).
        point_xy_px: where the person clicked in the image, (column, row), when they did.
        image_count: images in this conversation.
        compared: the thing of which the mask that is there is a comparison, in a person's words; None for another mask.
    """
    read = correct_spelling(text).text
    pick = None if compared is None else parse_pick(read, compared)
    if pick is not None:
        return pick
    wish = parse_comparison(read)
    if wish is not None and wish.is_dated:
        return Clarify(NAME_THE_IMAGE if image_count > 1 else ADD_AN_IMAGE)
    if wish is not None and image_count > 1:
        return wish.compare
    if wish is not None and wish.has_time:
        return Clarify(ADD_AN_IMAGE)
    if not has_answer:
        return _ask_image(text)
    understood = _understand(text, point_xy_px) or _ask_image(text)
    if not isinstance(understood, Segment):
        return understood
    return guess(text, lambda phrase: _understand(phrase, None))


def _understand(text: str, point_xy_px: tuple[float, float] | None) -> Intent | None:
    """Return what `text` means by the rules, while there is an answer; None where they are silent."""
    read = correct_spelling(text).text
    command = parse_command(read)
    if command is not None:
        return command
    topic = parse_follow_up(read)
    if topic is not None:
        return Ask(topic=topic, question=text)
    match parse_count_of_them(read) or parse_refinement(read, point_xy_px=point_xy_px):
        case PointNeeded():
            return Clarify(POINT_AT_IT)
        case None:
            return None
        case operations:
            return Refine(operations=operations, text=text)


def _ask_image(text: str) -> Segment | Clarify:
    """Return the question for the image; another language is answered in words, not with a mask of nobody's wish."""
    return Clarify(ENGLISH_ONLY) if is_foreign(text) else Segment(question=text)
