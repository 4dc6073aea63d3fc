"""Simulated people: what they start from, where they point, and what a prompt asks for."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from serving.clicks import Click
from training.refiner.episodes import Episode, damage, draw_episode
from training.refiner.kept_features import KeptImage

CELLS = 64


def _target() -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    target = np.zeros((CELLS, CELLS), bool)
    target[8:20, 8:20] = True
    target[40:60, 30:60] = True
    return target


def _kept() -> KeptImage:
    answer = np.zeros((CELLS, CELLS), bool)
    answer[10:30, 5:25] = True
    return KeptImage(
        mask_features=torch.zeros(4, CELLS // 2, CELLS // 2, dtype=torch.half),
        level=torch.zeros(4, CELLS // 4, CELLS // 4, dtype=torch.half),
        rgb=torch.zeros(3, CELLS, CELLS, dtype=torch.uint8),
        targets=_target()[None],
        answers=answer[None],
    )


@given(seed=st.integers(0, 2**32 - 1))
def test_a_prompt_points_at_something_wrong_with_its_sign(seed: int) -> None:
    rng = np.random.default_rng(seed)
    episode = draw_episode(_kept(), rng)
    episode.prompt(rng, may_box=False)
    (click,) = episode.clicks
    assert episode.target[click.row_col] == click.is_positive
    if (episode.target != episode.prior).sum() >= 4 * CELLS:
        assert episode.prior[click.row_col] != click.is_positive


@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_wanted_differs_from_the_prior_near_prompts_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    episode = draw_episode(_kept(), rng)
    episode.prompt(rng, may_box=True)
    wanted, is_near = episode.wanted()
    np.testing.assert_array_equal(wanted[is_near], episode.target[is_near])
    np.testing.assert_array_equal(wanted[~is_near], episode.prior[~is_near])
    assert is_near.any()


def test_a_click_on_one_missing_part_leaves_the_other_as_it_is() -> None:
    episode = Episode(_target(), np.zeros((CELLS, CELLS), bool), [Click(14, 14, is_positive=True)])
    wanted, _ = episode.wanted()
    assert wanted[8:20, 8:20].all()
    assert not wanted[40:60, 30:60].any()


def test_accepting_what_was_wanted_makes_it_the_prior() -> None:
    rng = np.random.default_rng(0)
    episode = Episode(_target(), np.zeros((CELLS, CELLS), bool), [Click(14, 14, is_positive=True)])
    wanted, _ = episode.wanted()
    episode.accept(wanted, rng)
    np.testing.assert_array_equal(episode.prior, wanted)


def test_all_starts_occur_and_none_is_the_target_alone() -> None:
    rng = np.random.default_rng(3)
    priors = [draw_episode(_kept(), rng).prior for _ in range(60)]
    assert any(not prior.any() for prior in priors)
    assert any(np.array_equal(prior, _kept().answers[0]) for prior in priors)
    assert sum(np.array_equal(prior, _target()) for prior in priors) < 10


@pytest.mark.parametrize("seed", range(5))
def test_damage_leaves_its_argument_alone(seed: int) -> None:
    target = _target()
    damage(target, np.random.default_rng(seed))
    np.testing.assert_array_equal(target, _target())
