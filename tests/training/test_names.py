"""The projector learns from words and coarse features alone that names of a class mean the same."""

import copy
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
from training.names import find_own_wordings, teach_names
from training.paraphrases import ClassWordings
from training.samples import ImageSample, load_samples

OWN = "Mark the red roofs."
PLAIN, FRAMED = "Segment all the housetops.", "tiles and slates only"
BASIN = "Segment all the basins."
OTHER = "Mark the red roofs in the left half."


@pytest.fixture
def samples(tmp_path: Path) -> list[ImageSample]:
    def rename(sample: ImageSample) -> ImageSample:
        questions = (
            replace(question, class_name="pool" if question.kind == "negative" else "roof")
            for question in sample.questions
        )
        return replace(sample, questions=tuple(questions))

    return [rename(sample) for sample in load_samples(Pack(write_pack(tmp_path)), "train")]


def _table(*texts: str) -> DescriptionTable:
    """One direction for each text, and something that all have."""
    return DescriptionTable(texts, torch.eye(len(texts), MINI.projector.text_dim)[None] * 4 + 1)


def test_a_class_is_asked_for_in_the_words_of_the_data(samples: list[ImageSample]) -> None:
    own = find_own_wordings(samples, {"roof", "pool"})
    assert OWN in own["roof"]
    assert OTHER not in own["roof"]
    assert own["pool"], "what is nowhere is asked for in vain"
    assert find_own_wordings(samples, {"tower"}) == {}


def test_names_get_the_query_of_the_class_and_all_else_keeps_its_own(samples: list[ImageSample]) -> None:
    torch.manual_seed(0)
    own = find_own_wordings(samples, {"roof", "pool"})
    table = _table(*own["roof"], *own["pool"], PLAIN, FRAMED, BASIN, OTHER)
    model = SegEarth(MINI)
    before = copy.deepcopy(model.projector)
    wordings = {"roof": ClassWordings((PLAIN,), (FRAMED,), ()), "pool": ClassWordings((BASIN,), (BASIN,), ())}
    teach_names(model, table, samples, wordings, [[OTHER]], seed=1, images=2, steps=60)
    res5 = torch.randn(1, MINI.projector.visual_dim, 4, 4)

    def ask(projector: torch.nn.Module, *texts: str) -> Tensor:
        with torch.no_grad():
            queries: Tensor = projector(table.look_up([texts]), res5)
        return queries[0]

    target = ask(before, *own["roof"]).mean(0)
    for text in (PLAIN, FRAMED):
        was, now = ((ask(projector, text)[0] - target).norm() for projector in (before, model.projector))
        assert now < was / 2
    assert (ask(model.projector, OTHER) - ask(before, OTHER)).norm() < (ask(before, OTHER)[0] - target).norm() / 4


def test_without_an_image_that_is_known_nothing_can_be_taught(samples: list[ImageSample]) -> None:
    nobody_knows = [replace(sample, questions=()) for sample in samples]
    with pytest.raises(ValueError, match="of no image is it known"):
        teach_names(SegEarth(MINI), _table(OWN), nobody_knows, {}, [[OWN]], seed=1, steps=1)
