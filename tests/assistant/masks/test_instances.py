import numpy as np
import pytest
from hypothesis import given

from assistant.masks.instances import (
    measure_instance_sizes,
    select_counted,
    smallest_meaningful_size,
    split_instances,
)
from serving.grid import Grid
from serving.mask import Mask
from tests.assistant.masks.strategies import masks


def mask_from(*rows: str) -> Mask:
    """Build a mask from rows of "#" (True) and "." (False)."""
    pixels = np.array([[character == "#" for character in row] for row in rows])
    return Mask(pixels, Grid(*pixels.shape))


@given(mask=masks())
def test_the_instances_together_are_the_mask(mask: Mask) -> None:
    painted = np.zeros_like(mask.pixels, dtype=np.int64)
    for instance in split_instances(mask):
        left, top, right, bottom = instance.bounds_xyxy_px
        painted[top:bottom, left:right] += instance.pixels
    np.testing.assert_array_equal(painted, mask.pixels.astype(np.int64))


@given(mask=masks())
def test_each_box_is_tight_and_each_size_is_true(mask: Mask) -> None:
    for instance in split_instances(mask):
        assert instance.size_px == np.count_nonzero(instance.pixels)
        for edge in (instance.pixels[0], instance.pixels[-1], instance.pixels[:, 0], instance.pixels[:, -1]):
            assert edge.any()


@given(mask=masks())
def test_sizes_come_largest_first_and_agree_with_the_instances(mask: Mask) -> None:
    sizes = measure_instance_sizes(mask).tolist()
    assert sizes == [instance.size_px for instance in split_instances(mask)]
    assert sizes == sorted(sizes, reverse=True)


@given(mask=masks())
def test_centroids_weighted_by_size_give_the_centroid_of_the_mask(mask: Mask) -> None:
    instances = split_instances(mask)
    if instances:
        weighted = np.average(
            [instance.centroid_row_col for instance in instances],
            axis=0,
            weights=[instance.size_px for instance in instances],
        )
        np.testing.assert_allclose(weighted, np.argwhere(mask.pixels).mean(axis=0), atol=1e-9)


def test_pixels_that_touch_at_a_corner_are_one_instance() -> None:
    (instance,) = split_instances(mask_from("#..", ".#.", "..#"))
    assert instance.size_px == 3
    assert instance.bounds_xyxy_px == (0, 0, 3, 3)
    assert instance.centroid_row_col == (1.0, 1.0)


def test_an_instance_inside_the_box_of_another_stays_apart() -> None:
    ring, core = split_instances(mask_from("#####", "#...#", "#.#.#", "#...#", "#####"))
    assert ring.size_px == 16
    assert core.size_px == 1
    assert core.bounds_xyxy_px == (2, 2, 3, 3)
    assert not ring.pixels[2, 2]


def test_an_empty_mask_has_no_instances() -> None:
    assert split_instances(mask_from("..", "..")) == ()


@pytest.mark.parametrize(
    ("height", "width", "bar"),
    [(1, 1, 4), (8, 8, 4), (512, 512, 13), (1024, 1024, 52), (20_000, 20_000, 64)],
)
def test_the_bar_for_specks_follows_the_image_between_its_ends(height: int, width: int, bar: int) -> None:
    assert smallest_meaningful_size(Grid(height, width)) == bar


def test_specks_beside_something_larger_do_not_count() -> None:
    assert select_counted([60, 13, 12, 1], Grid(512, 512)) == (60, 13)


def test_what_is_tiny_beside_most_others_does_not_count() -> None:
    assert select_counted([300, 250, 200, 41, 39], Grid(512, 512)) == (300, 250, 200, 41)


def test_a_small_house_counts_beside_large_ones() -> None:
    assert select_counted([9000, 8000, 7000, 65, 63], Grid(512, 512)) == (9000, 8000, 7000, 65)


def test_a_mask_of_specks_alone_keeps_them() -> None:
    assert select_counted([3, 1], Grid(512, 512)) == (3, 1)


def test_instance_pixels_cannot_be_changed() -> None:
    (instance,) = split_instances(mask_from("##"))
    with pytest.raises(ValueError, match="read-only"):
        instance.pixels[0, 0] = False
