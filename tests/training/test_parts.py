"""What asks for a half or a quarter of an image names the one that it means."""

from collections import Counter
from pathlib import Path

import pytest

from evaluation.packs.pack import Pack
from training.batches import collect_class_texts
from training.paraphrases import load_names
from training.parts import load_part_wordings, read_part
from training.samples import load_samples

REAL_PACK = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("the airplanes in the left half of the image", (0, 0, 0.5, 1)),
        ("Restrict yourself to the Bottom Right quarter and mark the ships.", (0.5, 0.5, 1, 1)),
        ("Roofs, north-western quarter", (0, 0, 0.5, 0.5)),
        ("the leftmost half-timbered house", None),
        ("Mark the quarters of the garrison.", None),
    ],
)
def test_the_part_is_read_from_its_name(text: str, part: tuple[float, float, float, float] | None) -> None:
    assert read_part(text) == part


def test_each_wording_names_its_part() -> None:
    wordings = load_part_wordings(load_names())
    assert len(wordings) == len(load_names())
    for of_class in wordings.values():
        assert len(of_class) > 100
        for text, part in of_class:
            assert read_part(text) == part, text
            assert text == " ".join(text.split())
            assert not set("{}_") & set(text), text


def test_no_frame_goes_with_a_part() -> None:
    wordings = load_part_wordings(load_names())
    parts = Counter(part for of_class in wordings.values() for _, part in of_class)
    assert len(parts) == 8
    assert max(parts.values()) < 1.05 * min(parts.values())
    first_of_each = Counter(of_class[0][1] for of_class in wordings.values())
    assert len(first_of_each) == 8


def test_a_class_without_names_has_no_wordings() -> None:
    assert load_part_wordings(["roof"]) == {}


@pytest.mark.skipif(not REAL_PACK.is_dir(), reason=f"the real pack is not at {REAL_PACK}")
def test_no_wording_is_one_that_models_are_measured_with() -> None:
    pack = Pack(REAL_PACK)
    train = load_samples(pack, "train")
    learned = {question.text.lower() for sample in train for question in sample.questions}
    measured = {question.question.lower() for split in ("val", "test") for question in pack.select_questions(split)}
    wordings = load_part_wordings(collect_class_texts(train))
    ours = {text.lower() for of_class in wordings.values() for text, _ in of_class}
    assert not (ours - learned) & measured


@pytest.mark.skipif(not REAL_PACK.is_dir(), reason=f"the real pack is not at {REAL_PACK}")
def test_every_part_that_the_pack_asks_to_learn_is_known() -> None:
    asked = [
        question
        for sample in load_samples(Pack(REAL_PACK), "train")
        for question in sample.questions
        if question.kind == "region"
    ]
    assert len(asked) > 1000
    assert [question.text for question in asked if question.part_xyxy is None] == []
    named = [(question.part_xyxy, read_part(question.text), question.text) for question in asked]
    for part, read, text in named:
        assert part == pytest.approx(read, abs=0.01), text
