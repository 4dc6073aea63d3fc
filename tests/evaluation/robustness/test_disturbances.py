import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.robustness.disturbances import DISTURBANCES, misspell

SENTENCE = "Where could an aeroplane be serviced or refuelled right now?"


def _picture(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    mask = np.zeros((height, width), np.bool_)
    mask[: height // 2, : width // 4] = True
    rgb = np.full((height, width, 3), 40, np.uint8)
    rgb[mask] = (250, 240, 230)
    return rgb, mask


@pytest.mark.parametrize("name", DISTURBANCES)
@pytest.mark.parametrize("size", [(40, 64), (33, 17)])
def test_a_mask_of_the_changed_picture_comes_back_to_its_place(name: str, size: tuple[int, int]) -> None:
    rgb, mask = _picture(*size)
    changed = DISTURBANCES[name].change(rgb)
    restored = DISTURBANCES[name].restore(changed.mean(axis=2) > 140, size)
    assert restored.shape == size
    assert restored.dtype == np.bool_
    # Resampling and JPEG may move an edge by a pixel.
    assert (restored & mask).sum() / (restored | mask).sum() > 0.8


def test_a_turn_alone_moves_places() -> None:
    rgb, _ = _picture(40, 64)
    assert [name for name, one in DISTURBANCES.items() if not one.keeps_places] == [
        "turned by 90°",
        "turned by 180°",
        "turned by 270°",
    ]
    assert DISTURBANCES["turned by 90°"].change(rgb).shape == (64, 40, 3)
    assert DISTURBANCES["half the size"].change(rgb).shape == (20, 32, 3)
    assert DISTURBANCES["twice the size"].change(rgb).shape == (80, 128, 3)


def test_grey_has_no_colour_left() -> None:
    grey = DISTURBANCES["grey"].change(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8))
    assert (grey == grey[..., :1]).all()
    assert grey[0, 0, 0] != grey[0, 1, 0]


def test_the_same_seed_makes_the_same_typos_and_another_one_others() -> None:
    texts = {misspell(SENTENCE, np.random.default_rng(seed)) for seed in (1, 1, 2, 3)}
    assert len(texts) == 3
    assert SENTENCE not in texts


@given(text=st.text(max_size=80), seed=st.integers(0, 1000))
def test_typos_only_swap_letters_within_words(text: str, seed: int) -> None:
    changed = misspell(text, np.random.default_rng(seed))
    assert sorted(changed) == sorted(text)
    assert [len(word) for word in changed.split()] == [len(word) for word in text.split()]


@pytest.mark.parametrize("text", ["", "the big car", "aaaa"])
def test_what_cannot_be_misspelt_stays(text: str) -> None:
    assert misspell(text, np.random.default_rng(0)) == text
