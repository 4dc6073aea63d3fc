"""Published data sets as images with questions; EarthReason's answers are read too."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.tiny_packs import write_pack
from training.errors import TrainingDataError
from training.sources import NO_TARGET_ANSWER, detect_kind, load_images


def _write_earthreason(root: Path) -> Path:
    for folder in ("images", "labels", "QAs"):
        (root / "train" / folder).mkdir(parents=True)
    mask = np.zeros((6, 8), np.uint8)
    mask[2:4, 1:5] = 255
    for name, label, answers in (("1", mask, ["Here.", "There."]), ("2", np.zeros_like(mask), [])):
        Image.new("RGB", (8, 6)).save(root / f"train/images/{name}.png")
        Image.fromarray(label).save(root / f"train/labels/{name}.png")
        row = {"questions": [f"First {name}?", f"Second {name}?"], "answer": answers}
        (root / f"train/QAs/{name}.json").write_text(json.dumps(row), encoding="utf-8")
    return root


def test_earthreason_gives_every_question_all_answers_of_its_image(tmp_path: Path) -> None:
    first, second = load_images("earthreason", _write_earthreason(tmp_path), "train")

    assert [question.text for question in first.questions] == ["First 1?", "Second 1?"]
    assert {question.answers for question in first.questions} == {("Here.", "There.")}
    assert first.questions[1].decode_target(6, 8).sum() == 8
    assert second.questions[0].answers == (NO_TARGET_ANSWER,)
    assert second.questions[0].decode_target(6, 8).sum() == 0


def test_a_label_of_another_size_is_laid_onto_the_image(tmp_path: Path) -> None:
    first, _ = load_images("earthreason", _write_earthreason(tmp_path), "train")

    target = first.questions[0].decode_target(12, 16)

    assert target.shape == (12, 16)
    assert target.sum() == 32
    assert target[4:8, 2:10].all()


def test_a_pack_is_known_by_its_manifest(tmp_path: Path) -> None:
    root = write_pack(tmp_path)

    assert detect_kind(root) == "pack"
    assert detect_kind(root / "images") == "folder"
    assert [sample.id for sample in load_images("pack", root, "train")] == ["town/c"]


@pytest.mark.parametrize("kind", ["folder", "pack", "earthreason", "rrsis-d", "refsegrs"])
def test_a_folder_without_data_is_an_error_of_training(kind: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError):
        load_images(kind, tmp_path, "train")
