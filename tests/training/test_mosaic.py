"""Four images in one square: targets lie in the tiles that have them, and unlabelled tiles are left out."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.tiny_packs import HEIGHT, WIDTH
from training.mosaic import AskedClass, build_mosaic
from training.samples import ImageSample, QuestionSample

SIDE, CELLS = 64, 16
COLOURS = {"a": (200, 0, 0), "b": (0, 200, 0), "c": (0, 0, 200), "d": (200, 200, 0)}


def _everything() -> np.ndarray:
    return np.ones((HEIGHT, WIDTH), np.bool_)


@pytest.fixture
def samples(tmp_path: Path) -> list[ImageSample]:
    """Four images of one colour each: "a" is all ship, "b" has no ship, "c" is all pool, of "d" nothing is known."""
    questions = {
        "a": QuestionSample("a", "Ships", "class", _everything, class_name="ship"),
        "b": QuestionSample("b", "Ships?", "negative", None, class_name="ship"),
        "c": QuestionSample("c", "Pools", "class", _everything, class_name="swimming_pool"),
        "d": QuestionSample("d", "The left one", "position", _everything, class_name="court"),
    }
    samples = []
    for name, question in questions.items():
        path = tmp_path / f"{name}.png"
        Image.new("RGB", (WIDTH, HEIGHT), COLOURS[name]).save(path)
        samples.append(ImageSample(name, path, "town", (question,)))
    return samples


def _build(samples: list[ImageSample], seed: int) -> tuple[np.ndarray, dict[str, AskedClass]]:
    picture, asked = build_mosaic(
        samples,
        np.random.default_rng(seed),
        side=SIDE,
        questions=30,
        askable={"ship", "swimming_pool"},
        smallest_cells=2.0,
    )
    assert len(asked) == 30
    return picture, {one.class_name: one for one in asked}


@pytest.mark.parametrize("seed", range(6))
def test_a_target_covers_what_is_seen_of_its_image(samples: list[ImageSample], seed: int) -> None:
    picture, asked = _build(samples, seed)
    red = (picture == COLOURS["a"]).all(axis=2)
    shares = red.reshape(CELLS, 4, CELLS, 4).mean(axis=(1, 3))
    ship = asked["ship"]
    assert not red[:, SIDE // 2 :].any()
    assert not red[SIDE // 2 :].any()
    assert (ship.target[shares > 0.99] > 200).all()
    assert (ship.target[CELLS // 2 :] == 0).all()
    assert (ship.target[:, CELLS // 2 :] == 0).all()


def test_only_labelled_tiles_are_known(samples: list[ImageSample]) -> None:
    _, asked = _build(samples, 1)
    half = CELLS // 2
    known = asked["ship"].is_known
    assert known[:half].all()
    assert not known[half:].any()


def test_absence_is_judged_only_where_every_tile_is_labelled(samples: list[ImageSample]) -> None:
    lacking = [samples[1]] * 4
    _, asked = _build(lacking, 2)
    assert set(asked) == {"ship"}
    assert not asked["ship"].is_present
    assert asked["ship"].is_judged
    _, asked = _build([samples[1], samples[1], samples[1], samples[3]], 2)
    assert not asked["ship"].is_present
    assert not asked["ship"].is_judged


def test_only_askable_classes_are_chosen(samples: list[ImageSample]) -> None:
    for seed in range(5):
        assert set(_build(samples, seed)[1]) <= {"ship", "swimming_pool"}
