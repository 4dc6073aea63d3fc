"""A step's batch depends on the seed and the step alone."""

from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation.pack import Pack
from tests.evaluation.tiny_packs import write_pack
from training.batches import BatchConfig, TrainingBatches
from training.descriptions import collect_texts
from training.samples import ImageSample, load_samples

CONFIG = BatchConfig(images=2, questions=5, side=64, seed=7)


@pytest.fixture
def samples(tmp_path: Path) -> list[ImageSample]:
    return load_samples(Pack(write_pack(tmp_path)), "val")


def test_a_resumed_run_sees_the_same_batch(samples: list[ImageSample]) -> None:
    first, again = TrainingBatches(samples, CONFIG, 10), TrainingBatches(samples, CONFIG, 10)
    for step in (0, 9):
        a, b = first[step], again[step]
        assert a.texts == b.texts
        assert torch.equal(a.images, b.images)
        assert torch.equal(a.targets, b.targets)
    assert not torch.equal(first[0].images, first[1].images)


def test_shapes_and_ranges(samples: list[ImageSample]) -> None:
    batch = TrainingBatches(samples, CONFIG, 3)[2]
    assert batch.images.shape == (2, 64, 64, 3)
    assert batch.targets.shape == (2, 5, 16, 16)
    assert 0 <= float(batch.targets.min()) <= float(batch.targets.max()) <= 1
    present = batch.targets.flatten(2).sum(-1) > 0
    assert torch.equal(batch.is_present, present)


def test_every_text_of_a_batch_has_its_description(samples: list[ImageSample]) -> None:
    known = set(collect_texts(samples))
    batches = TrainingBatches(samples, CONFIG, 40)
    for step in range(40):
        asked = {text for row in batches[step].texts for text in row}
        assert asked <= known


def test_targets_of_samples_are_those_of_the_pack(tmp_path: Path) -> None:
    pack = Pack(write_pack(tmp_path))
    questions = {question.id: question for question in pack.select_questions("val")}
    for sample in load_samples(pack, "val"):
        for question in sample.questions:
            expected = pack.load_target(questions[question.id])
            np.testing.assert_array_equal(question.decode_target(*expected.shape) > 0, expected)
