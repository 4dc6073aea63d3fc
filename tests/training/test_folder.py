"""The plain folder form: what it gives, and what is said of a slip."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.errors import TrainingDataError
from training.folder import load_folder


def _write(root: Path, *lines: dict[str, object]) -> Path:
    (root / "images").mkdir()
    (root / "masks").mkdir()
    mask = np.zeros((6, 9), np.uint8)
    mask[1:3, 2:7] = 255
    Image.fromarray(mask).save(root / "masks/m.png")
    Image.fromarray(np.zeros_like(mask)).save(root / "masks/black.png")
    Image.fromarray(mask[:4]).save(root / "masks/small.png")
    for name in ("a.png", "b.png"):
        Image.new("RGB", (9, 6)).save(root / "images" / name)
    (root / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return root


def test_questions_of_one_image_come_together_in_the_files_order(tmp_path: Path) -> None:
    root = _write(
        tmp_path,
        {"image": "b.png", "question": "Cells?", "mask": "m.png", "answer": "Ten."},
        {"image": "a.png", "question": "Gel?", "mask": None, "split": "val"},
        {"image": "a.png", "question": "Rods?", "mask": "black.png"},
        {"image": "b.png", "question": "Where?", "mask": "m.png", "answer": ["Here.", "There."], "kind": "position"},
    )

    train = load_folder(root, "train")

    assert [sample.id for sample in train] == ["b.png", "a.png"]
    first, second = train[0].questions
    assert (first.text, first.answers, first.kind) == ("Cells?", ("Ten.",), "class")
    assert (second.answers, second.kind) == (("Here.", "There."), "position")
    assert first.decode_target(6, 9).sum() == 10
    assert train[1].questions[0].target is None, "a black mask marks nothing"
    assert [sample.questions[0].text for sample in load_folder(root, "val")] == ["Gel?"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"question": "x"}, "line 1, needs at least image and question"),
        ({"image": "a.png", "question": "x", "maks": "m.png"}, "has maks"),
        ({"image": "a.png", "question": 3}, "question is not text"),
        ({"image": "a.png", "question": "x", "answer": [1]}, "answer is neither"),
        ({"image": "a.png", "question": "x", "mask": "small.png"}, "9 x 4 pixels, its image 9 x 6"),
        ({"image": "a.png", "question": "x", "mask": "no.png"}, "no.png"),
        ({"image": "no.png", "question": "x"}, "no.png"),
    ],
)
def test_a_slip_is_named_with_its_line(line: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError) as caught:
        load_folder(_write(tmp_path, line), "train")
    assert said in str(caught.value)
    assert "line 1" in str(caught.value)
