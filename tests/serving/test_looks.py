"""A large image is looked at in tiles as well; what none of its tiles is believed to show is held back."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from serving.grid import Grid
from serving.imagery.tiling import Tiling
from serving.looks import Look, choose_tiling, join_looks

SIDE = 64
TILING = Tiling(SIDE, 112, SIDE)


def _look(height: int, width: int, presence_logit: float | None) -> Look:
    presence = None if presence_logit is None else torch.tensor(presence_logit)
    return Look(np.full((height, width), 2.0, np.float32), presence)


def _join(first: float | None, tiles: Sequence[float | None], threshold: float = 0.5) -> Look:
    return join_looks(
        _look(SIDE, 112, first),
        TILING,
        (_look(SIDE, SIDE, presence) for presence in tiles),
        presence_threshold=threshold,
    )


def test_a_tile_that_is_not_believed_marks_nothing() -> None:
    joined = _join(1.0, [3.0, -4.0])

    assert (joined.mask_logits[:, :40] > 0).all()
    assert (joined.mask_logits[:, 72:] < 0).all()


def test_the_whole_image_speaks_for_a_tile_half_as_much_as_the_tile_itself() -> None:
    assert (_join(5.0, [-2.0, -3.0]).mask_logits[:, :40] > 0).all()
    assert (_join(5.0, [-2.0, -3.0]).mask_logits[:, 72:] < 0).all()
    assert (_join(-5.0, [2.0, 2.0]).mask_logits < 0).all()


def test_an_image_shows_a_thing_as_surely_as_the_surest_of_its_tiles() -> None:
    joined = _join(1.0, [4.0, -4.0])

    assert joined.presence_logit is not None
    assert float(joined.presence_logit) == pytest.approx(3.0)


def test_the_threshold_is_the_models() -> None:
    assert (_join(1.0, [1.0, 1.0], threshold=0.7).mask_logits > 0).all()
    assert (_join(1.0, [1.0, 1.0], threshold=0.75).mask_logits < 0).all()


def test_what_is_held_back_keeps_its_shape_for_a_lower_threshold() -> None:
    shaped = np.full((SIDE, SIDE), -9.0, np.float32)
    shaped[:, 50:] = 4.0
    tiles = (Look(shaped, torch.tensor(-4.0)) for _ in range(2))

    joined = join_looks(_look(SIDE, 112, 1.0), TILING, tiles, presence_threshold=0.5)

    alone = joined.mask_logits[:, 72:]  # of the second tile: what lies beside the first
    assert (alone < 0).all()
    assert alone[:, -10:].min() > alone[:, :20].max()


def test_what_the_whole_image_shows_clearly_counts_where_tiles_are_in_doubt() -> None:
    river = np.full((SIDE, 112), -2.0, np.float32)
    river[:, :20] = 8.0
    tiles = (Look(np.full((SIDE, SIDE), value, np.float32), torch.tensor(1.0)) for value in (-5.0, 3.0))

    joined = join_looks(Look(river, torch.tensor(1.0)), TILING, tiles, presence_threshold=0.5)

    assert (joined.mask_logits[:, :20] > 0).all()
    assert (joined.mask_logits[:, 20:40] < 0).all()
    assert (joined.mask_logits[:, 72:] > 0).all(), "what it does not show is not held against a tile"


def test_a_model_without_a_presence_head_holds_nothing_back() -> None:
    joined = _join(None, [None, None])

    assert joined.presence_logit is None
    assert joined.presence() == 1
    np.testing.assert_allclose(joined.mask_logits, 2.0, rtol=1e-6)


def test_a_tile_of_a_drones_image_shows_the_ground_no_finer_than_was_learned_from() -> None:
    tiling = choose_tiling(Grid(4000, 4000, gsd_m=(0.02, 0.03)), 512, most=64)

    assert tiling is not None
    assert tiling.side == 1920
    assert choose_tiling(Grid(2000, 2000, gsd_m=(0.02, 0.02)), 512, most=64) is None


def test_none_at_all_may_be_allowed() -> None:
    assert choose_tiling(Grid(2048, 2048), 512, most=0) is None


@pytest.mark.parametrize("size", [(1, 1), (512, 512), (300, 768)])
def test_one_look_is_enough_for_a_small_image(size: tuple[int, int]) -> None:
    assert choose_tiling(Grid(*size), 512, most=64) is None


def test_tiles_have_the_scale_that_was_learned_from_until_there_are_too_many() -> None:
    scene, gigapixel = (choose_tiling(Grid(*size), 512, most=64) for size in ((2048, 1500), (32_000, 32_000)))

    assert scene is not None
    assert scene.side == 640
    assert gigapixel is not None
    assert 49 <= len(gigapixel) <= 64
