"""The sentences built on facts, the honest "nothing found" included.

Every number in a sentence is a fact or the model's score; words are never generated. All text is plain, and what
a person typed appears only inside quotation marks, shortened: whoever shows it escapes it.
"""

import math
import unicodedata

from assistant.facts import Facts
from assistant.intents import Topic
from assistant.measuring import THROUGHOUT
from assistant.routing.question_forms import QuestionForm, read_form

QUOTE_LENGTH = 80

# From these scores on the model calls itself sure, or fairly sure. Even a calibrated score is right only on the whole
# and for images like those it was fitted on, which is why words come before the number.
SURE_SCORE = 0.85
FAIRLY_SURE_SCORE = 0.65

# A largest part of at least half is worth a sentence of its own.
DOMINANT_SHARE = 0.5

TOUCHING = "Things that touch each other count as one."

M2_PER_HA = 10_000
M2_PER_KM2 = 1_000_000

PLACES = {
    "top left": "in the top left",
    "top": "at the top",
    "top right": "in the top right",
    "left": "on the left",
    "centre": "in the centre",
    "right": "on the right",
    "bottom left": "in the bottom left",
    "bottom": "at the bottom",
    "bottom right": "in the bottom right",
}


def describe_answer(question: str, facts: Facts, score: float, *, offers_closest: bool = False) -> tuple[str, ...]:
    """Return the sentences that go with a new answer: what was found, or that nothing was.

    Args:
        question: what was asked, any text.
        facts: measured from the mask.
        score: the model's confidence, 0..1.
        offers_closest: where nothing was found, there is an outline that can be looked at.
    """
    if facts.pixel_count == 0:
        nothing = describe_nothing_found(question, score, offers_closest=offers_closest)
        return (*describe_reply(question, facts, score), *nothing)
    return (*describe_reply(question, facts, score), *describe_found(question, facts), describe_certainty(score))


def describe_reply(question: str, facts: Facts, score: float) -> tuple[str, ...]:
    """Return what answers "how many?" in a number and "is there?" with yes or no; nothing to other questions."""
    match read_form(question):
        case QuestionForm.COUNT if facts.pixel_count == 0:
            return ("None.",)
        case QuestionForm.COUNT:
            return ("I count one.",) if facts.count == 1 else (f"I count {facts.count:,}.",)
        case QuestionForm.YES_NO if facts.pixel_count == 0:
            return ("No.",) if score >= FAIRLY_SURE_SCORE else ("Probably not.",)
        case QuestionForm.YES_NO:
            return ("Yes.",) if score >= FAIRLY_SURE_SCORE else ("Perhaps.",)
        case QuestionForm.PLACE:
            return ()


def describe_found(question: str, facts: Facts) -> tuple[str, ...]:
    """Return what was found, without its number where `describe_reply` has told it."""
    if read_form(question) is not QuestionForm.COUNT:
        return describe_findings(facts)
    return (_describe_where(facts), *describe_findings(facts)[1:], TOUCHING)


def describe_findings(facts: Facts) -> tuple[str, ...]:
    """Return how many parts a mask has, where it lies and what it covers; `facts` are of a mask with pixels."""
    found = "one area" if facts.count == 1 else f"{facts.count:,} separate areas"
    sentences = [f"Found {found}, {_describe_place(facts)}.", f"{_subject(facts)} {_describe_extent(facts)}."]
    if facts.count > 1 and facts.largest_share >= DOMINANT_SHARE:
        sentences.append(f"The largest makes up {format_share(facts.largest_share)} of that.")
    return tuple(sentences)


def describe_nothing_found(question: str, score: float, *, offers_closest: bool = False) -> tuple[str, ...]:
    """Return that nothing was marked, what was asked, and what to try; see `describe_answer`."""
    closest = "look at what comes closest, " if offers_closest else ""
    doubt = "" if score >= FAIRLY_SURE_SCORE else " The model is not sure of that, though."
    return (
        f"Nothing in this image matches {quote(question)}, so nothing is marked.{doubt}",
        f"You could {closest}name the thing in plainer words (for example: buildings, roads, water), "
        "or try an image that shows it larger.",
    )


def answer_topic(topic: Topic, question: str, facts: Facts, score: float) -> tuple[str, ...]:
    """Return the sentences that answer a question about what is already marked.

    Args:
        topic: what the person wants to know; of single parts tells `assistant.part_answering`.
        question: what the image had been asked when `facts` were measured.
        facts: measured then.
        score: the model's confidence then, 0..1.
    """
    if topic is Topic.CONFIDENCE:
        return (_describe_score(facts, score),)
    if facts.pixel_count == 0:
        return (describe_nothing_marked(question),)
    match topic:
        case Topic.COUNT:
            return _describe_count(facts)
        case Topic.AREA:
            return _describe_area(facts)
        case Topic.SHARE:
            return (f"{_subject(facts)} {_describe_cover(facts)}.",)
        case Topic.POSITION:
            return (_describe_where(facts),)
        case Topic.SUMMARY:
            return (*describe_findings(facts), describe_certainty(score))
        case _:
            raise ValueError(f"facts of the whole mask do not tell of {topic}")


def describe_nothing_marked(question: str) -> str:
    """Return the answer to any question about marks where there are none."""
    return f"Nothing is marked: I found nothing in this image for {quote(question)}."


def describe_certainty(score: float) -> str:
    """Return how sure the model is of its mask, in words."""
    if score >= SURE_SCORE:
        return "The model is sure of this."
    if score >= FAIRLY_SURE_SCORE:
        return "The model is fairly sure of this."
    return "The model is not sure of this: please check the outline against the image."


def quote(text: str) -> str:
    """Return `text` in quotation marks on one line, invisible characters removed, at most about 80 characters."""
    visible = "".join(" " if character.isspace() else character for character in text)
    visible = "".join(
        character for character in visible if character == " " or not unicodedata.category(character).startswith("C")
    )
    return f"“{shorten(visible, QUOTE_LENGTH)}”"


def shorten(text: str, length: int) -> str:
    """Return `text` with single spaces and at most `length` characters, cut between words where it can be."""
    words = " ".join(text.split())
    if len(words) <= length:
        return words
    cut = words[: length - 1]
    # A cut inside a very long word is better than losing most of the text to keep words whole.
    at_space = cut.rfind(" ")
    return (cut[:at_space] if at_space > length // 2 else cut).rstrip() + "…"


def format_share(share: float) -> str:
    """Return a share of 0..1 as a percentage that never claims all or none wrongly."""
    percent = share * 100
    if share >= 1.0:
        return "100%"
    if percent >= 99.5:
        return "more than 99%"
    if percent < 0.1:
        return "less than 0.1%"
    # One decimal below ten per cent, where a whole number would be off by up to half of the value.
    return f"{percent:.1f}%" if round(percent, 1) < 10 else f"{percent:.0f}%"


def format_area(area_m2: float) -> str:
    """Return an area to three significant digits in m², ha (from one hectare) or km² (from one km²)."""
    rounded = _round_significant(area_m2, digits=3)
    if rounded >= M2_PER_KM2:
        return f"{format_number(rounded / M2_PER_KM2)} km²"
    if rounded >= M2_PER_HA:
        return f"{format_number(rounded / M2_PER_HA)} ha"
    return f"{format_number(rounded)} m²"


def _describe_count(facts: Facts) -> tuple[str, ...]:
    if facts.count == 1:
        return ("One area is marked.", TOUCHING)
    return (f"{facts.count:,} separate areas are marked.", TOUCHING)


def _describe_where(facts: Facts) -> str:
    return f"{'It lies' if facts.count == 1 else 'They lie'} {_describe_place(facts)}."


def _describe_area(facts: Facts) -> tuple[str, ...]:
    if facts.area_m2 is None:
        return (
            f"{_subject(facts)} {_describe_cover(facts)}, {facts.pixel_count:,} pixels.",
            "This image does not say how large a pixel is on the ground, so there is no area in square metres; "
            "a georeferenced image (GeoTIFF) would give it.",
        )
    return (f"{_subject(facts)} {_describe_extent(facts)}.",)


def _describe_score(facts: Facts, score: float) -> str:
    what = "what is marked" if facts.pixel_count > 0 else "there being nothing to mark"
    if score >= SURE_SCORE:
        sure = "sure of"
    elif score >= FAIRLY_SURE_SCORE:
        sure = "fairly sure of"
    else:
        sure = "not sure of"
    return f"The model is {sure} {what}: it scores its answer at {math.floor(score * 100)} out of 100."


def _subject(facts: Facts) -> str:
    return "It" if facts.count == 1 else "Together they"


def _describe_extent(facts: Facts) -> str:
    cover = _describe_cover(facts)
    return cover if facts.area_m2 is None else f"{cover}, about {format_area(facts.area_m2)}"


def _describe_cover(facts: Facts) -> str:
    verb = "covers" if facts.count == 1 else "cover"
    return f"{verb} the whole image" if facts.share >= 1.0 else f"{verb} {format_share(facts.share)} of the image"


def _describe_place(facts: Facts) -> str:
    if facts.position == THROUGHOUT:
        return "spread throughout the image"
    assert facts.position is not None, "a mask with pixels has a position"
    place = f"{PLACES[facts.position]} of the image"
    # Of several parts only the middle is known, and single ones may lie elsewhere.
    return place if facts.count == 1 else f"on the whole {place}"


def _round_significant(value: float, *, digits: int) -> float:
    if value == 0:
        return 0.0
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def format_number(value: float) -> str:
    """Return a number with three significant digits, from a hundred on as a whole one with thousands separated."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
