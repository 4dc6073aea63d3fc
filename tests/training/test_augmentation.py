"""Image and target stay on top of each other, and only true questions remain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.augmentation import Geometry, cut_target, draw_geometry, warp_image, warp_target
from training.samples import QuestionSample

SIDE = 64


def _question(text: str, kind: str = "class") -> QuestionSample:
    return QuestionSample("q", text, kind, None)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(30, 90), width=st.integers(30, 90))
def test_the_target_lies_where_the_object_went(seed: int, height: int, width: int) -> None:
    mask = np.zeros((height, width), np.uint8)
    mask[height // 4 : height * 3 // 4, width // 5 : width // 2] = 1
    rgb = np.repeat(mask[:, :, None] * 255, 3, axis=2)
    geometry = draw_geometry(np.random.default_rng(seed), height, width, SIDE)
    image = warp_image(rgb, geometry, SIDE)
    target = warp_target(mask, geometry, SIDE)
    shares = image[:, :, 0].reshape(SIDE // 4, 4, SIDE // 4, 4).mean(axis=(1, 3))
    # Resampling differs at edges; inside and outside of the object the two agree.
    inside, outside = shares > 250, shares < 5
    assert (target[inside] > 200).all()
    assert (target[outside] < 55).all()


@pytest.mark.parametrize("seed", range(8))
def test_a_part_is_cut_as_the_picture_is_seen(seed: int) -> None:
    rng = np.random.default_rng(seed)
    while (geometry := draw_geometry(rng, 40, 80, SIDE)).is_cropped:
        pass
    whole = warp_target(np.ones((40, 80), np.uint8), geometry, SIDE)
    left, right = (cut_target(whole, part, geometry, 40, 80) for part in ((0, 0, 0.5, 1), (0.5, 0, 1, 1)))
    top_right = cut_target(whole, (0.5, 0, 1, 0.5), geometry, 40, 80)
    np.testing.assert_array_equal(left + right, whole)
    assert left[:, : SIDE // 8].any()
    assert not left[:, SIDE // 8 :].any(), "the image lies in the middle of the square, flipped or not"
    np.testing.assert_array_equal(top_right[: SIDE // 8], right[: SIDE // 8])
    assert not top_right[SIDE // 8 :].any()


def test_a_turned_image_asks_nothing_about_places() -> None:
    turned = Geometry(np.eye(2, 3), left_right=False, top_bottom=False, is_turned=True, is_cropped=False)
    assert turned.question_text(_question("the ship on the left")) is None
    assert turned.question_text(_question("Mark every ship.")) == "Mark every ship."


@pytest.mark.parametrize("text", ["Where has the river left its bed?", "Where could a plane be refuelled right now?"])
def test_words_for_a_whole_class_stay_as_they_are(text: str) -> None:
    flipped = Geometry(np.eye(2, 3), left_right=True, top_bottom=True, is_turned=True, is_cropped=True)
    asked = QuestionSample("q", text, "implicit", None, class_name="flood_water")
    assert flipped.question_text(asked) == text
    # Without a class nothing tells that it is no place.
    assert flipped.question_text(_question(text, "implicit")) is None


def test_a_cropped_image_ranks_nothing() -> None:
    cropped = Geometry(np.eye(2, 3), left_right=False, top_bottom=False, is_turned=False, is_cropped=True)
    assert cropped.question_text(_question("The largest ship", "size")) is None
    assert cropped.question_text(_question("Mark every ship.")) == "Mark every ship."


@pytest.mark.parametrize("seed", range(5))
def test_half_of_the_geometries_keep_the_whole_image(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kept = [geometry for _ in range(60) if not (geometry := draw_geometry(rng, 50, 80, SIDE)).is_cropped]
    assert 15 <= len(kept) <= 45
    corners = np.array([[0, 0, 1], [79, 0, 1], [0, 49, 1], [79, 49, 1]], float).T
    for geometry in kept:
        placed = geometry.matrix @ corners
        assert placed.min() >= -1
        assert placed.max() <= SIDE
