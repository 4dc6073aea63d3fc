"""Batches: the same for the same step, every image and question in turn, targets where the image puts them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.joint.tiny import write_shapes
from training.joint.batches import JointBatches, Share
from training.joint.experiment import DataConfig
from training.samples import ImageSample
from training.sources import load_images

SIDE = 96


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[ImageSample]:
    return load_images("folder", write_shapes(tmp_path_factory.mktemp("shapes") / "cells", images=5), "train")


def _batches(samples: list[ImageSample], share: Share, **config: object) -> JointBatches:
    data = dataclasses.replace(DataConfig(kind="folder", root=""), **config)  # type: ignore[arg-type] # fields by name
    return JointBatches(samples, data, share, side=SIDE, seed=3, length=100)


def test_the_first_question_alone_is_asked_as_in_the_reference(samples: list[ImageSample]) -> None:
    batches = _batches(samples, Share(4))

    asked = {text for index in range(6) for questions in batches[index].questions for text in questions}

    assert asked == {samples[0].questions[0].text}


def test_all_questions_of_an_image_take_turns(samples: list[ImageSample]) -> None:
    batches = _batches(samples, Share(len(samples)), questions="all")

    # One batch is one visit of every image; three visits ask its three questions.
    asked = sorted(text for visit in range(3) for questions in batches[visit].questions for text in questions)

    assert asked == sorted(question.text for sample in samples for question in sample.questions)


def test_devices_share_what_one_would_see(samples: list[ImageSample]) -> None:
    alone = _batches(samples, Share(2))[3]
    first, second = (_batches(samples, Share(1, rank, 2))[3] for rank in (0, 1))

    torch.testing.assert_close(torch.cat((first.images, second.images)), alone.images)
    torch.testing.assert_close(torch.cat((first.targets, second.targets)), alone.targets)


def test_a_batch_asked_for_again_is_the_same(samples: list[ImageSample]) -> None:
    batches = _batches(samples, Share(2), questions="all", geometric=True, colour=True)

    one, other = batches[7], batches[7]

    assert torch.equal(one.images, other.images)
    assert one.questions == other.questions
    assert not torch.equal(one.images, batches[8].images)


@pytest.mark.parametrize("geometric", [False, True])
def test_the_target_lies_on_what_the_question_asks_for(samples: list[ImageSample], geometric: bool) -> None:
    batches = _batches(samples, Share(2), questions="all", questions_per_image=3, geometric=geometric)
    for index in range(8):
        batch = batches[index]
        for image, questions, targets in zip(batch.images.numpy(), batch.questions, batch.targets.numpy(), strict=True):
            is_red = (image[..., 0] > 150) & (image[..., 2] < 110)
            is_blue = (image[..., 2] > 150) & (image[..., 0] < 110)
            for text, target in zip(questions, targets, strict=True):
                seen = is_red if "red" in text else is_blue if "blue" in text else np.zeros_like(is_red)
                # Interpolation blurs the picture's edges, so they are left out of the comparison.
                assert np.count_nonzero(seen != target) <= 0.02 * SIDE**2
                if seen.any():
                    assert np.count_nonzero(seen & (target > 0)) > 0.8 * np.count_nonzero(seen)


def test_words_of_place_stay_true_or_the_geometry_is_another(tmp_path: Path) -> None:
    from tests.evaluation.tiny_packs import write_picture  # a grey picture

    write_picture(tmp_path, "a", ())
    sample = load_images("folder", _one_question(tmp_path), "train")
    batches = _batches(sample, Share(1), geometric=True, questions="all")
    for index in range(20):
        batch = batches[index]
        _, columns = np.nonzero(batch.targets[0, 0].numpy())
        side = "left" if columns.mean() < SIDE / 2 else "right"
        assert side in batch.questions[0][0]
        answer = batch.answers[0][0]
        assert answer is not None
        assert side in answer


def _one_question(root: Path) -> Path:
    from tests.evaluation.tiny_packs import HEIGHT, WIDTH, write_mask

    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[8:16, :8] = True
    write_mask(root / "masks/a.png", mask)
    line = '{"image": "a.png", "mask": "a.png", "question": "What lies on the left?", "answer": "A field on the left."}'
    (root / "questions.jsonl").write_text(line + "\n", encoding="utf-8")
    return root
