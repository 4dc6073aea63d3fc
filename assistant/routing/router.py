"""A turn's text -> what it means: a question to the image or to two, or about the marks, or a change of them."""

from assistant.intents import Ask, Clarify, Command, Intent, Refine, Segment
from assistant.operations import ImageChoice, RepeatInImage, name_others
from assistant.routing.command_grammar import parse_command
from assistant.routing.comparison_grammar import parse_comparison, parse_pick
from assistant.routing.doubt import begins_with_looking, is_question_to_image
from assistant.routing.grammar import parse_follow_up
from assistant.routing.guessing import answer_first, answer_in_words, guess
from assistant.routing.languages import ENGLISH_ONLY, is_foreign
from assistant.routing.openings import strip_opening
from assistant.routing.refinement_grammar import PointNeeded, parse_count_of_them, parse_refinement, repeats_here
from assistant.routing.replies import ADD_AN_IMAGE, NAME_THE_IMAGE, NOTHING_MARKED, POINT_AT_IT
from assistant.routing.small_talk import says_it_is_wrong
from assistant.routing.spelling import correct_spelling


def route(
    text: str,
    *,
    has_answer: bool,
    point_xy_px: tuple[float, float] | None = None,
    image_count: int = 1,
    compared: str | None = None,
    has_answer_elsewhere: bool = False,
    asked: str = "",
) -> Intent:
    """Return what `text` means, slips of the keyboard mended; an intent keeps the words as they were typed.

    Args:
        text: what the person typed, not empty.
        has_answer: whether the image has been asked before in this conversation, so that "it" can refer to
            something (also to nothing having been found).
        point_xy_px: where the person clicked in the image, (column, row), when they did.
        image_count: images in this conversation.
        compared: the thing of which the mask that is there is a comparison, in a person's words; None for another mask.
        has_answer_elsewhere: whether another image of this conversation has been asked, so that the same can be found
            in this one.
        asked: what this image had been asked when the marks were made; empty where there are none.
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
        return _begin(text, has_answer_elsewhere=has_answer_elsewhere)
    understood = _understand(text, point_xy_px) or _understand_after_opening(text, strip_opening(read))
    if understood is not None:
        return understood
    if is_foreign(text):
        return Clarify(ENGLISH_ONLY)
    return guess(text, lambda phrase: _understand(phrase, None), asked=asked)


def _understand_after_opening(text: str, rest: str | None) -> Intent | None:
    """Return what "forget that, undo it" or "forget that, find the roads" means by what is said last, or None.

    Args:
        text: all of it.
        rest: what follows the words that drop what was asked before; None where there are none.
    """
    if rest is None:
        return None
    meant = _understand(rest, None) or answer_in_words(rest)
    if meant is None and (is_question_to_image(rest) or begins_with_looking(rest)):
        return Segment(question=text)
    return meant


def _begin(text: str, *, has_answer_elsewhere: bool) -> Segment | Refine | Clarify:
    """Return what `text` means while nothing was asked about the image: what speaks of marks is no question to it."""
    repeated = Refine((RepeatInImage(ImageChoice.THIS),), text)
    if has_answer_elsewhere and repeats_here(text):
        return repeated
    said = answer_first(text)
    if said is not None:
        return said
    if says_it_is_wrong(text):
        return Clarify(NOTHING_MARKED)
    match _understand(text, None):
        case Refine(operations=(RepeatInImage(), *_)) as repeats if has_answer_elsewhere:
            return repeats
        case Ask() if has_answer_elsewhere:  # "how many are there?" of an image that was just added
            return repeated
        case Refine(operations=operations) if not name_others(operations):
            return Clarify(NOTHING_MARKED)
        case Ask() | Command() | Clarify():
            return Clarify(NOTHING_MARKED)
        case _:
            return _ask_image(text)


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
