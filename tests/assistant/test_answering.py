import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering import (
    answer_topic,
    describe_answer,
    describe_certainty,
    format_area,
    format_share,
    quote,
    shorten,
)
from assistant.facts import Facts
from assistant.intents import Topic
from assistant.measuring import POSITION_WORDS
from assistant.part_answering import PART_TOPICS
from assistant.routing.question_forms import QuestionForm, read_form

NOTHING = Facts(0, 0.0, 0, 0.0, None, None, None, None)
PLACES = [word for row in POSITION_WORDS for word in row] + ["throughout"]


def facts_of(
    *,
    pixel_count: int = 1_000,
    share: float = 0.023,
    count: int = 1,
    largest_share: float = 0.4,
    position: str = "top left",
    area_m2: float | None = None,
) -> Facts:
    return Facts(pixel_count, share, count, largest_share, position, area_m2, (1.0, 1.0), (0, 0, 3, 3))


@st.composite
def found_facts(draw: st.DrawFn) -> Facts:
    return facts_of(
        pixel_count=draw(st.integers(1, 10**10)),
        share=draw(st.floats(1e-9, 1.0)),
        count=draw(st.integers(1, 20_000)),
        largest_share=draw(st.floats(0.001, 1.0)),
        position=draw(st.sampled_from(PLACES)),
        area_m2=draw(st.none() | st.floats(0.01, 1e11)),
    )


NUMBER = re.compile(r"(?P<bound>less than |more than )?(?P<number>\d[\d,]*(?:\.\d+)?)\s?(?P<unit>%|m²|ha|km²|out of)?")


def is_measured(bound: str | None, number: float, unit: str | None, facts: Facts, score: float) -> bool:
    """Whether a number that stands in a sentence is one of the facts, to the digits that are shown."""
    if unit == "%":
        shares = (facts.share * 100, facts.largest_share * 100)
        if bound:
            return any(share < number if bound == "less than " else share > number for share in shares)
        return any(abs(share - number) <= (0.0501 if number < 10 else 0.501) for share in shares)
    if unit in ("m²", "ha", "km²"):
        factor = {"m²": 1, "ha": 10_000, "km²": 1_000_000}[unit]
        return facts.area_m2 is not None and math.isclose(number * factor, facts.area_m2, rel_tol=0.00501)
    if unit == "out of":
        return number == math.floor(score * 100)
    return number in (facts.count, facts.pixel_count)


def assert_every_number_is_measured(text: str, facts: Facts, score: float) -> None:
    spoken = re.sub(r"“[^”]*”", "", text).replace("out of 100", "out of")
    for found in NUMBER.finditer(spoken):
        number = float(found["number"].replace(",", ""))
        assert is_measured(found["bound"], number, found["unit"], facts, score), f"{found[0]!r} in {text!r}"


@given(facts=found_facts(), score=st.floats(0.0, 1.0))
def test_every_number_in_an_answer_is_a_fact(facts: Facts, score: float) -> None:
    assert_every_number_is_measured(" ".join(describe_answer("where?", facts, score)), facts, score)


@given(
    topic=st.sampled_from(sorted(set(Topic) - PART_TOPICS)),
    facts=found_facts() | st.just(NOTHING),
    score=st.floats(0.0, 1.0),
)
def test_every_number_in_a_follow_up_is_a_fact(topic: Topic, facts: Facts, score: float) -> None:
    text = " ".join(answer_topic(topic, "7 ships?", facts, score))
    assert_every_number_is_measured(text, facts, score)


def test_one_find_reads_naturally() -> None:
    answer = " ".join(describe_answer("where is the lake?", facts_of(area_m2=12_431.7), 0.9))
    assert answer == (
        "Found one area, in the top left of the image. It covers 2.3% of the image, about 1.24 ha. "
        "The model is sure of this."
    )


def test_several_finds_read_naturally() -> None:
    facts = facts_of(count=1_234, largest_share=0.614, position="centre", share=0.1249)
    assert " ".join(describe_answer("where?", facts, 0.7)) == (
        "Found 1,234 separate areas, on the whole in the centre of the image. "
        "Together they cover 12% of the image. The largest makes up 61% of that. The model is fairly sure of this."
    )


@pytest.mark.parametrize("question", ["How many lakes are there?", "count the lakes", "the number of lakes"])
def test_who_asks_for_a_number_hears_it_first(question: str) -> None:
    several = " ".join(describe_answer(question, facts_of(count=1_234), 0.9))
    assert several.startswith("I count 1,234. They lie on the whole in the top left of the image. Together they cover")
    assert several.endswith("Things that touch each other count as one. The model is sure of this.")
    assert " ".join(describe_answer(question, facts_of(), 0.9)).startswith("I count one. It lies in the top left")
    assert " ".join(describe_answer(question, NOTHING, 0.9)).startswith("None. Nothing in this image matches")


@pytest.mark.parametrize("question", ["Are there any lakes?", "Can you see a lake?", "any lakes here?"])
def test_who_asks_whether_hears_yes_or_no_first(question: str) -> None:
    beginnings = {
        (True, 0.9): "Yes. Found one area,",
        (True, 0.5): "Perhaps. Found one area,",
        (False, 0.9): "No. Nothing in this image matches",
        (False, 0.5): "Probably not. Nothing in this image matches",
    }
    for (is_found, score), beginning in beginnings.items():
        assert " ".join(describe_answer(question, facts_of() if is_found else NOTHING, score)).startswith(beginning)


@pytest.mark.parametrize("question", ["Can you find the lakes?", "Where is there a lake?", "lakes", "Company sites"])
def test_who_asks_where_hears_neither(question: str) -> None:
    assert read_form(question) is QuestionForm.PLACE


@given(facts=found_facts(), score=st.floats(0.0, 1.0))
def test_a_number_that_answers_how_many_is_a_fact(facts: Facts, score: float) -> None:
    assert_every_number_is_measured(" ".join(describe_answer("how many?", facts, score)), facts, score)


def test_a_doubtful_answer_asks_to_be_checked() -> None:
    assert "check the outline" in " ".join(describe_answer("where?", facts_of(), 0.3))


def test_nothing_found_says_what_was_asked_and_what_to_try() -> None:
    answer = " ".join(describe_answer("Where are the airplanes?", NOTHING, 0.9))
    assert answer.startswith("Nothing in this image matches “Where are the airplanes?”, so nothing is marked.")
    assert "You could" in answer


def test_nothing_found_with_a_low_score_admits_the_doubt() -> None:
    assert "not sure" in " ".join(describe_answer("ships", NOTHING, 0.4))
    assert "not sure" not in " ".join(describe_answer("ships", NOTHING, 0.9))


@pytest.mark.parametrize(
    ("topic", "answer"),
    [
        (Topic.COUNT, "3 separate areas are marked. Things that touch each other count as one."),
        (Topic.AREA, "Together they cover 2.3% of the image, about 512 m²."),
        (Topic.SHARE, "Together they cover 2.3% of the image."),
        (Topic.POSITION, "They lie on the whole at the bottom of the image."),
        (Topic.CONFIDENCE, "The model is sure of what is marked: it scores its answer at 91 out of 100."),
    ],
)
def test_each_topic_gets_its_fact(topic: Topic, answer: str) -> None:
    facts = facts_of(count=3, position="bottom", area_m2=512.3)
    assert " ".join(answer_topic(topic, "where?", facts, 0.917)) == answer


def test_the_summary_holds_count_place_cover_and_certainty() -> None:
    summary = " ".join(answer_topic(Topic.SUMMARY, "where?", facts_of(count=3, area_m2=512.3), 0.9))
    for part in ("3 separate areas", "top left", "2.3%", "512 m²", "sure"):
        assert part in summary


def test_an_area_without_ground_size_is_given_in_pixels_with_the_reason() -> None:
    answer = " ".join(answer_topic(Topic.AREA, "where?", facts_of(), 0.9))
    assert "1,000 pixels" in answer
    assert "does not say how large a pixel is" in answer


@pytest.mark.parametrize("topic", [topic for topic in Topic if topic is not Topic.CONFIDENCE])
def test_a_follow_up_on_nothing_says_so(topic: Topic) -> None:
    assert " ".join(answer_topic(topic, "any ships?", NOTHING, 0.9)) == (
        "Nothing is marked: I found nothing in this image for “any ships?”."
    )


def test_certainty_never_sinks_while_the_score_rises() -> None:
    spoken = [describe_certainty(score / 100) for score in range(101)]
    assert spoken.index("The model is fairly sure of this.") == 65
    assert spoken.index("The model is sure of this.") == 85
    assert len(set(spoken)) == 3


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (1.0, "100%"),
        (0.9999, "more than 99%"),
        (0.994, "99%"),
        (0.0996, "10%"),
        (0.0234, "2.3%"),
        (0.001, "0.1%"),
        (0.000999, "less than 0.1%"),
    ],
)
def test_shares_never_claim_all_or_none_wrongly(share: float, shown: str) -> None:
    assert format_share(share) == shown


@pytest.mark.parametrize(
    ("area_m2", "shown"),
    [
        (0.0, "0 m²"),
        (0.0625, "0.0625 m²"),
        (12.34, "12.3 m²"),
        (9_994.0, "9,990 m²"),
        (9_999.0, "1 ha"),
        (123_456.0, "12.3 ha"),
        (999_400.0, "99.9 ha"),
        (999_600.0, "1 km²"),
        (1_234_567_890.0, "1,230 km²"),
    ],
)
def test_areas_come_in_the_unit_that_keeps_them_short(area_m2: float, shown: str) -> None:
    assert format_area(area_m2) == shown


@given(text=st.text(max_size=400))
def test_a_quotation_is_short_and_on_one_line(text: str) -> None:
    quoted = quote(text)
    assert len(quoted) <= 82
    assert "\n" not in quoted
    assert quoted.isprintable()


def test_a_quotation_loses_characters_that_turn_the_text_around() -> None:
    assert quote("ships\u202e<b>\x00 here\r\n") == "“ships<b> here”"


@given(text=st.text(max_size=200), length=st.integers(2, 90))
def test_shortening_keeps_to_the_length_and_to_the_beginning(text: str, length: int) -> None:
    short = shorten(text, length)
    words = " ".join(text.split())
    assert len(short) <= length
    assert short == words or (short.endswith("…") and words.startswith(short[:-1]))


def test_shortening_cuts_between_words() -> None:
    assert shorten("where could ships moor in a storm", 20) == "where could ships…"
