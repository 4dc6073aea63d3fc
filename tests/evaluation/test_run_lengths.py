from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pycocotools import mask as coco

from assistant.masks.agreement import measure_agreement
from evaluation.errors import RunLengthsInvalidError
from evaluation.run_lengths import decode_run_lengths, encode_run_lengths, measure_pairwise_iou, unite_masks

SHAPES = st.tuples(st.integers(1, 30), st.integers(1, 30))
MASKS = SHAPES.flatmap(lambda shape: arrays(np.bool_, shape))
PAIRS = SHAPES.flatmap(lambda shape: st.tuples(arrays(np.bool_, shape), arrays(np.bool_, shape)))


@settings(deadline=None)
@given(mask=MASKS)
def test_decoding_gives_back_what_was_encoded(mask: NDArray[np.bool_]) -> None:
    np.testing.assert_array_equal(decode_run_lengths(encode_run_lengths(mask)), mask)


@settings(deadline=None)
@given(mask=MASKS)
def test_plain_runs_are_cocos(mask: NDArray[np.bool_]) -> None:
    runs, value = [0], False
    for pixel in mask.T.ravel().tolist():
        if pixel != value:
            runs.append(0)
            value = pixel
        runs[-1] += 1
    plain: dict[str, Any] = {"size": list(mask.shape), "counts": runs}
    np.testing.assert_array_equal(decode_run_lengths(plain), mask)
    np.testing.assert_array_equal(coco.decode(coco.frPyObjects(plain, *mask.shape)).astype(np.bool_), mask)


@settings(deadline=None)
@given(pair=PAIRS)
def test_pairwise_iou_is_cocos(pair: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> None:
    first, second = pair
    encoded = [encode_run_lengths(one) for one in pair]
    if not first.any() and not second.any():
        assert measure_pairwise_iou(encoded) == 1.0
        return
    theirs = coco.iou([encoded[0]], [encoded[1]], [0])[0][0]
    # The published IoU has 1e-5 added to the union, so it is lower by at most that share.
    assert measure_pairwise_iou(encoded) == pytest.approx(theirs, abs=1.1e-5)
    assert measure_pairwise_iou(encoded) == pytest.approx(measure_agreement(first, second).iou, abs=1e-12)


def test_the_iou_of_three_masks_is_the_mean_over_three_pairs() -> None:
    masks = [np.zeros((1, 8), dtype=np.bool_) for _ in range(3)]
    masks[0][0, :4] = masks[1][0, :4] = masks[2][0, 2:6] = True
    # 4/4, 2/6, 2/6
    assert measure_pairwise_iou([encode_run_lengths(mask) for mask in masks]) == pytest.approx(5 / 9, abs=1e-5)


@pytest.mark.parametrize(
    "segmentation",
    [
        None,
        {"size": [2, 2]},
        {"size": [2], "counts": [4]},
        {"size": [0, 2], "counts": []},
        {"size": [2, 2], "counts": [5]},
        {"size": [2, 2], "counts": [3]},
        {"size": [2, 2], "counts": [-1, 5]},
        {"size": [2, 2], "counts": [1.5, 2.5]},
        {"size": [2, 2], "counts": 4},
        {"size": [2, 2], "counts": "\x00"},
        {"size": [2, 2], "counts": "P"},
        {"size": [2, 2], "counts": "o" * 40},
        {"size": [100_000, 100_000], "counts": [10_000_000_000]},
    ],
)
def test_run_lengths_that_do_not_fill_their_mask_are_refused(segmentation: object) -> None:
    with pytest.raises(RunLengthsInvalidError):
        decode_run_lengths(segmentation)


def test_bytes_are_read_as_text() -> None:
    encoded = encode_run_lengths(np.eye(5, dtype=np.bool_))
    np.testing.assert_array_equal(decode_run_lengths({**encoded, "counts": encoded["counts"].encode()}), np.eye(5) > 0)


def test_parts_of_different_size_have_no_union() -> None:
    with pytest.raises(RunLengthsInvalidError, match="differ"):
        unite_masks([np.zeros((2, 3), dtype=np.bool_), np.zeros((3, 2), dtype=np.bool_)])
