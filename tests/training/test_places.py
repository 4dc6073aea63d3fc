"""The place prior learns from texts alone which words mean a part of the image."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from evaluation.packs.pack import Pack
from serving.model.config import MINI
from serving.model.segearth import SegEarth
from tests.evaluation.tiny_packs import write_pack
from training.descriptions import DescriptionTable
from training.parts import PartBox
from training.places import collect_bands, fit_place_prior
from training.samples import ImageSample, load_samples

LEFT, RIGHT = "Mark the red roofs in the left half.", "Mark the red roofs in the right half."
WHOLE = "Mark the red roofs."
ELSE = "colour in every roof"


@pytest.fixture
def samples(tmp_path: Path) -> list[ImageSample]:
    return load_samples(Pack(write_pack(tmp_path)), "train")


def _table(*texts: str) -> DescriptionTable:
    """One direction for each text, and something that all have."""
    return DescriptionTable(texts, torch.cat([torch.eye(len(texts), MINI.projector.text_dim)[None] * 4 + 1]))


def test_a_text_means_the_part_that_its_target_is_cut_to(samples: list[ImageSample]) -> None:
    bands = collect_bands(samples)

    def spell(band: Tensor) -> str:
        return "".join("x" if cell else "." for cell in band.tolist())

    assert spell(bands[LEFT]) == "x" * 16 + "x" * 8 + "." * 8
    assert spell(bands[RIGHT]) == "x" * 16 + "." * 8 + "x" * 8, "mirrored"
    assert bands[WHOLE].all()
    assert "Mark the blue pools." not in bands, "nobody says where they are missing"


def test_where_whole_objects_are_picked_the_words_say_which_part(samples: list[ImageSample]) -> None:
    def change(text: str, part: PartBox | None) -> list[ImageSample]:
        picked = replace(samples[0].questions[1], kind="region", text=text, part_xyxy=part)
        return [replace(samples[0], questions=(picked,))]

    assert collect_bands(change("Roofs there", None)) == {}, "nobody said which part"
    assert collect_bands(change(LEFT, (0.0, 0.0, 0.5, 1.0)))[LEFT].tolist() == [True] * 24 + [False] * 8


def test_the_prior_leaves_out_what_is_not_meant(samples: list[ImageSample]) -> None:
    torch.manual_seed(0)
    model, table = SegEarth(MINI), _table(LEFT, RIGHT, WHOLE, ELSE)
    loss = fit_place_prior(model, table, samples, {ELSE: (0.0, 0.0, 1.0, 1.0)}, seed=1)
    assert loss < 0.1
    assert model.place_prior is not None
    described = table.look_up([[LEFT, RIGHT, WHOLE, ELSE]])
    left, right, whole, other = model.place_prior(described, 32, 32)[0].detach()
    for meant, not_meant in ((left[:, :12], left[:, 20:]), (right[:, 20:], right[:, :12])):
        assert float(meant.min()) > -1.5
        assert float(not_meant.max()) < -10
    assert min(float(whole.min()), float(other.min())) > -1.5


def test_without_a_text_that_means_a_part_nothing_is_learned(samples: list[ImageSample]) -> None:
    model = SegEarth(MINI)
    assert model.place_prior is not None
    whole = [
        replace(sample, questions=tuple(replace(question, part_xyxy=None) for question in sample.questions))
        for sample in samples
    ]
    loss = fit_place_prior(model, _table(LEFT, RIGHT, WHOLE), whole, seed=1)
    assert math.isnan(loss)
    assert not model.place_prior.bands.weight.any()
