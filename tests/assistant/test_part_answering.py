import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from assistant.intents import Topic
from assistant.masks.instances import split_instances
from assistant.part_answering import LONGEST_LIST, PART_TOPICS, answer_about_parts
from serving.grid import Grid
from serving.mask import Mask
from tests.assistant.masks.strategies import masks
from tests.assistant.test_measuring import mask_with_boxes

PLAIN = Grid(height=60, width=60)
SCALED = Grid(height=60, width=60, gsd_m=(2.0, 2.0))
WGS84 = CRS.from_epsg(4326).to_wkt()
TWO = ((0, 0, 10, 20), (40, 44, 50, 54))


def say(topic: Topic, mask: Mask) -> str:
    return " ".join(answer_about_parts(topic, "where are the roofs?", mask))


def test_parts_are_listed_by_size() -> None:
    assert say(Topic.PARTS, mask_with_boxes(PLAIN, *TWO)).startswith(
        "By size, the largest first: 200 pixels in the top left; 100 pixels in the bottom right."
    )
    assert "200 pixels (800 m²) in the top left" in say(Topic.PARTS, mask_with_boxes(SCALED, *TWO))


def test_a_single_part_and_a_long_list_are_told_in_few_words() -> None:
    assert say(Topic.PARTS, mask_with_boxes(PLAIN, TWO[0])).startswith(
        "One area is marked: 200 pixels in the top left."
    )
    many = [(8 * column, 8 * row, 8 * column + 5, 8 * row + 5) for row in range(5) for column in range(5)]
    said = say(Topic.PARTS, mask_with_boxes(PLAIN, *many))
    assert said.startswith("25 separate areas are marked. The twelve largest: ")
    assert said.count("25 pixels") == LONGEST_LIST


def test_sizes_are_compared() -> None:
    assert say(Topic.SIZES, mask_with_boxes(PLAIN, *TWO)) == (
        "The largest of the 2 has 200 pixels, the smallest 100 pixels; on average it is 150 pixels."
    )
    assert say(Topic.SIZES, mask_with_boxes(SCALED, *TWO)).endswith("on average it is 600 m².")
    assert say(Topic.SIZES, mask_with_boxes(PLAIN, TWO[0])) == "One area is marked, 200 pixels."


def test_distances_are_in_metres_where_the_scale_is_known() -> None:
    near = ((0, 0, 10, 10), (12, 0, 20, 10), (40, 40, 50, 50))
    assert (
        say(Topic.SPACING, mask_with_boxes(PLAIN, *near[:2]))
        == "They are about 3 pixels apart, where they come closest."
    )
    assert say(Topic.SPACING, mask_with_boxes(SCALED, *near)) == (
        "The two that lie closest together are about 6 m apart."
    )
    assert say(Topic.SPACING, mask_with_boxes(PLAIN, near[0])).startswith("Only one area is marked")


def test_parts_are_counted_in_the_halves_where_their_middles_lie() -> None:
    assert say(Topic.HALVES, mask_with_boxes(PLAIN, *TWO, (0, 44, 10, 54))).startswith(
        "Of 3 areas, 2 in the left half and 1 in the right half; 1 in the upper half and 2 in the lower half."
    )


def test_one_part_is_told_by_its_pixels_in_the_halves() -> None:
    assert say(Topic.HALVES, mask_with_boxes(PLAIN, (20, 0, 60, 10))) == (
        "Of what is marked, 25% lies in the left half and 75% in the right half; 100% in the upper half and 0% in the "
        "lower half."
    )


def test_a_single_pixel_is_told_in_the_singular() -> None:
    pixel = mask_with_boxes(PLAIN, (5, 7, 6, 8))
    assert say(Topic.BOUNDS, pixel).startswith("What is marked lies in column 5 and row 7, counted from 0")
    assert say(Topic.SIZES, pixel) == "One area is marked, 1 pixel."


def test_a_reference_system_that_cannot_be_read_is_told() -> None:
    mapped = Grid(height=60, width=60, transform=(0.5, 0.0, 10.0, 0.0, -0.5, 50.0), crs_wkt="nonsense")
    assert "cannot be read" in say(Topic.BOUNDS, mask_with_boxes(mapped, *TWO))


def test_the_box_is_told_in_pixels_and_on_the_map() -> None:
    assert say(Topic.BOUNDS, mask_with_boxes(PLAIN, *TWO)).startswith(
        "What is marked lies in columns 0 to 49 and rows 0 to 53, counted from 0 in the top left corner. “Export”"
    )
    mapped = Grid(height=60, width=60, transform=(0.5, 0.0, 10.0, 0.0, -0.5, 50.0), crs_wkt=WGS84)
    assert "In WGS 84: x 10.000000 to 35.000000, y 23.000000 to 50.000000." in say(
        Topic.BOUNDS, mask_with_boxes(mapped, *TWO)
    )


@pytest.mark.parametrize("topic", sorted(PART_TOPICS))
def test_where_nothing_is_marked_that_is_said(topic: Topic) -> None:
    assert say(topic, mask_with_boxes(PLAIN)) == (
        "Nothing is marked: I found nothing in this image for “where are the roofs?”."
    )


@given(masks(), st.sampled_from(sorted(PART_TOPICS)))
def test_every_topic_is_answered_for_any_mask(mask: Mask, topic: Topic) -> None:
    assert re.fullmatch(r"[^<>]+\.”?", say(topic, mask))


@given(masks())
def test_the_listed_sizes_are_those_of_parts(mask: Mask) -> None:
    sizes = {instance.size_px for instance in split_instances(mask)}
    said = say(Topic.PARTS, mask)
    assert {int(number.replace(",", "")) for number in re.findall(r"([\d,]+) pixel", said)} <= sizes
