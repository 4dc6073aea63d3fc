"""The sentences of a changed mask: every number is measured, and the mask is compared with the one before."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.facts import Facts
from assistant.operations import BySize, Keep, Ranks
from assistant.refined_answering import compare_with_before, describe_painted, describe_pointed, describe_refined
from assistant.wording import spell_number
from serving.grid import Grid
from tests.assistant.test_answering import NOTHING, assert_every_number_is_measured, facts_of, found_facts

GRID = Grid(10, 10)
KEEP_TWO = (Keep(BySize(Ranks(1, 2))),)
WORDS = {spell_number(number): number for number in range(1, 13)}
COMPARED = re.compile(r"There (?:is|are) ([\w,]+) (more|fewer) than before\.")
RESIZED = re.compile(r"The area is [^.]+(?:\.\d+)?[^.]* (larger|smaller) than before\.")


def changed_count(text: str) -> int | None:
    """Return the change of the number of parts that a text speaks of."""
    found = COMPARED.search(text)
    if found is None:
        return None
    number = WORDS.get(found[1]) or int(found[1].replace(",", ""))
    return number if found[2] == "more" else -number


@given(found_facts() | st.just(NOTHING), found_facts() | st.just(NOTHING))
def test_every_number_about_a_refined_mask_is_measured(before: Facts, after: Facts) -> None:
    text = " ".join(describe_refined("only the two largest", KEEP_TWO, ("7 ships",), before, after, GRID))
    change = changed_count(text)
    assert change in (None, after.count - before.count)
    rest = RESIZED.sub("", COMPARED.sub("", text.removeprefix("Changed what was marked: only the two largest.")))
    assert_every_number_is_measured(rest, after, 0.0)
    resized = RESIZED.search(text)
    if resized is not None:
        assert (resized[1] == "larger") == (after.pixel_count > before.pixel_count)
        difference = None
        if before.area_m2 is not None and after.area_m2 is not None:
            difference = abs(after.area_m2 - before.area_m2)
        sized = replace(after, pixel_count=abs(after.pixel_count - before.pixel_count), area_m2=difference)
        assert_every_number_is_measured(resized[0], sized, 0.0)


@given(found_facts() | st.just(NOTHING), found_facts() | st.just(NOTHING), st.booleans())
def test_every_number_about_a_mask_changed_by_hand_is_measured(before: Facts, after: Facts, is_painted: bool) -> None:
    text = " ".join((describe_painted if is_painted else describe_pointed)(before, after))
    assert changed_count(text) in (None, after.count - before.count)
    first, _, rest = COMPARED.sub("", text).partition(". ")
    assert_every_number_is_measured(rest, after, 0.0)
    moved = replace(after, pixel_count=abs(after.pixel_count - before.pixel_count))
    assert_every_number_is_measured(first, moved, 0.0)


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        (facts_of(count=5), facts_of(count=3), ("There are two fewer than before.",)),
        (facts_of(count=1), facts_of(count=2), ("There is one more than before.",)),
        (facts_of(count=1), facts_of(count=1_500), ("There are 1,499 more than before.",)),
        (facts_of(pixel_count=900), facts_of(pixel_count=901), ("The area is 1 pixel larger than before.",)),
        (
            facts_of(pixel_count=900, area_m2=9_000.0),
            facts_of(pixel_count=400, area_m2=4_000.0),
            ("The area is 5,000 m² smaller than before.",),
        ),
        (facts_of(), facts_of(), ()),
        (NOTHING, facts_of(count=3), ()),
    ],
)
def test_a_mask_is_compared_with_the_one_before(before: Facts, after: Facts, sentences: tuple[str, ...]) -> None:
    assert compare_with_before(before, after) == sentences
