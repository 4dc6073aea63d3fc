"""A step's batch depends on the seed and the step alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation.packs.pack import Pack
from tests.evaluation.tiny_packs import write_pack
from training.batches import BatchConfig, TrainingBatches
from training.descriptions import collect_texts
from training.paraphrases import list_texts, load_wordings
from training.parts import load_part_wordings
from training.samples import ImageSample, load_samples

CONFIG = BatchConfig(images=2, questions=5, side=64, seed=7)


@pytest.fixture
def samples(tmp_path: Path) -> list[ImageSample]:
    """Two "town" pictures that have roofs and lack pools, and a "park" picture with a pool."""
    return [
        replace(
            sample,
            questions=tuple(
                replace(question, class_name="pool" if "blue" in question.text else "roof")
                for question in sample.questions
            ),
        )
        for sample in load_samples(Pack(write_pack(tmp_path)), "val")
    ]


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


@pytest.mark.parametrize("config", [CONFIG, replace(CONFIG, mosaic_share=0.5, absent_share=0.5)])
def test_every_text_of_a_batch_has_its_description(samples: list[ImageSample], config: BatchConfig) -> None:
    known = set(collect_texts(samples))
    batches = TrainingBatches(samples, config, 40)
    for step in range(40):
        asked = {text for row in batches[step].texts for text in row}
        assert asked <= known


def test_questions_for_what_an_image_lacks_come_from_other_images(samples: list[ImageSample]) -> None:
    batches = TrainingBatches(samples, replace(CONFIG, absent_share=1.0), 30)
    towns = [
        (batches[step], image, row)
        for step in range(30)
        for image, row in enumerate(batches[step].texts)
        if "Mark the blue pools." in row  # words of its own, which the park's picture is never asked in
    ]
    assert {text for _, _, row in towns for text in row} == {"Mark the blue pool.", "Mark the blue pools."}
    for batch, image, _ in towns:
        assert not batch.is_present[image].any()
        assert batch.is_judged[image].all()
        assert not batch.targets[image].any()


def test_mosaics_leave_out_of_the_loss_what_nobody_labelled(samples: list[ImageSample]) -> None:
    batches = TrainingBatches(samples, replace(CONFIG, mosaic_share=1.0), 10)
    seen = [batches[step] for step in range(10)]
    assert all(bool(batch.targets[~batch.is_known].eq(0).all()) for batch in seen)
    assert any(not bool(batch.is_known.all()) for batch in seen), "park is not labelled for roofs"
    for batch in seen:
        assert torch.equal(batch.is_present, batch.targets.flatten(2).sum(-1) > 0)


def test_nothing_is_drawn_for_a_share_of_none(samples: list[ImageSample]) -> None:
    batch = TrainingBatches(samples, CONFIG, 10)[3]
    assert bool(batch.is_known.all())
    assert {text for row in batch.texts for text in row} <= set(collect_texts(samples))


def test_targets_of_samples_are_those_of_the_pack(tmp_path: Path) -> None:
    pack = Pack(write_pack(tmp_path))
    questions = {question.id: question for question in pack.select_questions("val")}
    for sample in load_samples(pack, "val"):
        for question in sample.questions:
            expected = pack.load_target(questions[question.id])
            np.testing.assert_array_equal(question.decode_target(*expected.shape) > 0, expected)


def test_questions_for_all_of_a_class_are_put_in_other_words(samples: list[ImageSample]) -> None:
    samples = _call_pools_glaciers(samples)
    ours = set(list_texts(load_wordings(["glacier"])))
    written = set(collect_texts(samples))
    config = replace(CONFIG, absent_share=0.3, paraphrase_share=0.5)
    plain, reworded = (TrainingBatches(samples, one, 40) for one in (replace(config, paraphrase_share=0.0), config))
    asked = {text for step in range(40) for row in reworded[step].texts for text in row}
    assert asked <= ours | written
    assert len(asked & ours) > 10
    assert asked & written
    assert not {text for step in range(40) for row in plain[step].texts for text in row} & ours


def test_a_class_is_asked_for_in_parts_of_the_picture(samples: list[ImageSample]) -> None:
    samples = _call_pools_glaciers(samples)
    parts = dict(load_part_wordings(["glacier"])["glacier"])
    whole, in_parts = (TrainingBatches(samples, replace(CONFIG, part_share=share), 60) for share in (0.0, 1.0))
    asked = 0
    for step in range(60):
        batch = in_parts[step]
        for image, row in enumerate(batch.texts):
            for place, text in enumerate(row):
                if text in parts:
                    asked += 1
                    left, top, right, bottom = (round(16 * share) for share in parts[text])
                    target = batch.targets[image, place].clone()
                    target[top:bottom, left:right] = 0  # the picture lies in the middle of the square
                    assert not target.any()
    assert asked > 20
    assert not {text for step in range(60) for row in whole[step].texts for text in row} & parts.keys()


def _call_pools_glaciers(samples: list[ImageSample]) -> list[ImageSample]:
    """The tiny pack's classes have no wordings of our own, glaciers have."""
    return [
        replace(
            sample,
            questions=tuple(
                replace(question, class_name="glacier" if question.class_name == "pool" else question.class_name)
                for question in sample.questions
            ),
        )
        for sample in samples
    ]


def test_a_question_that_picks_is_drawn_as_often_as_asked(samples: list[ImageSample]) -> None:
    def share_of_picks(weight: float) -> float:
        # One of three questions about a town picks by place; a cropped picture is not asked it.
        town = [sample for sample in samples if sample.source == "town"]
        batches = TrainingBatches(town, replace(CONFIG, picked_weight=weight), 60)
        asked = [text for step in range(60) for row in batches[step].texts for text in row]
        return sum("half" in text for text in asked) / len(asked)

    assert share_of_picks(0) == 0
    assert share_of_picks(4) > 1.5 * share_of_picks(1) > 0
