"""Several classes under one word."""

from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from training.absences import find_labels
from training.batches import collect_class_texts
from training.groups import ask_for_groups
from training.paraphrases import load_wordings
from training.samples import ImageSample, QuestionSample, SampleTarget, decode_target


def _mark(row: int) -> np.ndarray:
    pixels = np.zeros((4, 6), np.bool_)
    pixels[row] = True
    return pixels


def _tennis() -> np.ndarray:
    return _mark(0)


def _basketball() -> SampleTarget:
    target: SampleTarget = coco_mask.encode(np.asfortranarray(_mark(2).astype(np.uint8)))
    return target


def _sample(source: str, **targets: SampleTarget | None) -> ImageSample:
    questions = tuple(
        QuestionSample(name, "Mark them.", "class" if target is not None else "negative", target, class_name=name)
        for name, target in targets.items()
    )
    return ImageSample("town/1", Path("1.png"), source, questions)


def test_a_group_is_all_of_its_classes_together() -> None:
    labels = find_labels(_sample("town", tennis_court=_tennis, basketball_court=_basketball()))
    assert np.array_equal(decode_target(labels["court"], 4, 6) > 0, _mark(0) | _mark(2))
    assert "sports_ground" not in labels, "nobody said whether there are baseball diamonds"


def test_a_group_is_there_where_one_of_its_classes_is() -> None:
    labels = find_labels(_sample("town", tennis_court=_tennis, basketball_court=None))
    assert np.array_equal(decode_target(labels["court"], 4, 6) > 0, _mark(0))


def test_a_group_is_absent_where_all_of_its_classes_are() -> None:
    assert find_labels(_sample("town", tennis_court=None, basketball_court=None))["court"] is None
    assert find_labels(_sample("s2_india"))["sports_ground"] is None


def test_a_group_is_open_where_one_of_its_classes_is() -> None:
    assert "court" not in find_labels(_sample("town", tennis_court=_tennis))


def test_an_image_is_asked_for_the_groups_that_it_has() -> None:
    sample = _sample("nwpu_vhr10", tennis_court=_tennis)
    asked = ask_for_groups(sample, find_labels(sample))
    assert asked.questions[:1] == sample.questions
    assert [(question.class_name, question.text) for question in asked.questions[1:]] == [
        ("court", "Segment all the courts."),
        ("sports_ground", "Segment all the sports grounds."),
    ]
    assert all(question.is_of_whole_class for question in asked.questions[1:])
    nothing = _sample("town", tennis_court=None, basketball_court=None)
    assert ask_for_groups(nothing, find_labels(nothing)) == nothing


@pytest.mark.parametrize("group", ["court", "sports_ground"])
def test_a_group_has_names_of_its_own(group: str) -> None:
    sample = _sample("nwpu_vhr10", tennis_court=_tennis)
    texts = collect_class_texts([ask_for_groups(sample, find_labels(sample))])
    assert len(load_wordings(texts)[group].plain) > 5
