"""Suggestions: one map for each thing that a click may mean, asked for once, remembered for a while."""

import numpy as np
import pytest
import torch

from serving.clicks import Box, Click
from serving.refinement.suggestions import KEPT_CLICKS, SUGGESTION_CHANNELS, Embedding, Suggester
from serving.segment_anything.mobile_sam import LOGITS_SIDE, PROPOSALS
from serving.segment_anything.tiny_vit import SQUARE_SIDE
from tests.fakes.square_sam import build_square_sam

BLACK = np.zeros((SQUARE_SIDE, SQUARE_SIDE, 3), np.uint8)


def _look() -> tuple[Suggester, Embedding, list[tuple[float, float]]]:
    sam, asked = build_square_sam()
    suggester = Suggester(sam)
    return suggester, suggester.look(BLACK), asked


def test_without_a_click_nothing_is_suggested() -> None:
    suggester, embedding, _ = _look()
    assert not suggester.suggest(embedding, [], None, side=LOGITS_SIDE).any()


@pytest.mark.parametrize("is_positive", [True, False])
def test_a_click_speaks_for_its_sign_alone(is_positive: bool) -> None:
    suggester, embedding, _ = _look()
    maps = suggester.suggest(embedding, [Click(400.5, 200.5, is_positive=is_positive)], None, side=LOGITS_SIDE)
    positive, negative, together = maps.split(PROPOSALS)
    said, silent = (positive, negative) if is_positive else (negative, positive)
    assert maps.shape == (SUGGESTION_CHANNELS, LOGITS_SIDE, LOGITS_SIDE)
    assert not silent.any()
    assert not together.any()
    assert [int((one > 0).sum()) for one in said] == [16**2, 32**2, 48**2]
    assert (said[:, 50, 100] > 0.99).all()
    assert (said[:, 200, 200] < -0.99).all()


def test_two_clicks_and_a_box_are_joined() -> None:
    suggester, embedding, _ = _look()
    clicks = [Click(200.5, 200.5, is_positive=True), Click(800.5, 800.5, is_positive=True)]
    maps = suggester.suggest(embedding, clicks, Box(400.5, 440.5, 480.5, 480.5), side=LOGITS_SIDE)
    assert int((maps[0] > 0).sum()) == 2 * 16**2 + 20 * 10
    assert int((maps[-1] > 0).sum()) == 151**2, "what all clicks mean together"


def test_maps_of_another_side_show_the_same_place() -> None:
    suggester, embedding, _ = _look()
    click = Click(400.5, 200.5, is_positive=True)
    small = suggester.suggest(embedding, [click], None, side=64)
    assert small.shape == (SUGGESTION_CHANNELS, 64, 64)
    assert small[0, 12, 25] > 0.9
    assert small[0, 12, 40] < -0.9


def test_each_click_is_asked_about_once_until_it_is_forgotten() -> None:
    suggester, embedding, asked = _look()
    clicks = [Click(8 * index + 0.5, 4.5, is_positive=True) for index in range(KEPT_CLICKS)]
    first = suggester.suggest(embedding, clicks, None, side=LOGITS_SIDE)
    again = suggester.suggest(embedding, clicks, None, side=LOGITS_SIDE)
    assert asked == [(8.0 * index, 4.0) for index in range(KEPT_CLICKS)]
    torch.testing.assert_close(again, first, rtol=0, atol=0)
    suggester.suggest(embedding, [Click(3.5, 900.5, is_positive=True)], None, side=LOGITS_SIDE)
    suggester.suggest(embedding, clicks, None, side=LOGITS_SIDE)
    assert len(asked) == KEPT_CLICKS + 2, "the first of them, which made room for the other, and no more"
    assert len(embedding.at_clicks) == KEPT_CLICKS


def test_more_clicks_than_are_kept_are_all_heard_and_few_are_asked_about_again() -> None:
    suggester, embedding, asked = _look()
    clicks = [Click(12 * index + 0.5, 500.5, is_positive=True) for index in range(KEPT_CLICKS + 2)]
    maps = suggester.suggest(embedding, clicks, None, side=LOGITS_SIDE)
    assert (maps[0, 125, [0, 120, 190]] > 0.99).all()
    suggester.suggest(embedding, clicks, None, side=LOGITS_SIDE)
    assert len(asked) == len(clicks) + 2
