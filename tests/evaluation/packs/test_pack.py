import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.errors import PackMissingError, PackUnreadableError
from evaluation.packs.pack import Pack, PackQuestion, spread_questions
from tests.evaluation.tiny_packs import POOL, ROOFS, box_mask, question_row, write_lines, write_mask, write_pack

REAL_PACK = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_pack(tmp_path)


def question(root: Path, number: int, split: str = "val") -> PackQuestion:
    return Pack(root).select_questions(split)[number]


def test_a_target_of_instances_is_their_union(root: Path) -> None:
    np.testing.assert_array_equal(Pack(root).load_target(question(root, 0)), ROOFS)


def test_a_target_is_cut_to_its_box(root: Path) -> None:
    np.testing.assert_array_equal(Pack(root).load_target(question(root, 1)), box_mask((2, 2, 8, 8)))


def test_a_target_of_nothing_is_empty_and_of_the_images_size(root: Path) -> None:
    target = Pack(root).load_target(question(root, 2))
    assert target.shape == (24, 32)
    assert not target.any()


def test_a_target_of_a_mask_is_read_from_its_file(root: Path) -> None:
    np.testing.assert_array_equal(Pack(root).load_target(question(root, 6)), POOL)


def test_a_question_is_read_with_all_its_fields(root: Path) -> None:
    assert question(root, 1) == PackQuestion(
        id="town/a#2",
        image="images/town/a.png",
        image_id="town/a",
        source="town",
        split="val",
        kind="region",
        class_name="building",
        question="Mark the red roofs in the left half.",
        mask=None,
        instances=(1, 2),
        clip_xyxy_px=(0, 0, 16, 24),
        is_empty=False,
        template="t0",
        is_template_heldout=True,
    )


def test_only_the_split_and_the_sources_asked_for_are_selected(root: Path) -> None:
    pack = Pack(root)
    assert {question.image_id for question in pack.select_questions("train")} == {"town/c"}
    assert [question.id for question in pack.select_questions("val", sources=["park"])] == ["park/p#1"]
    assert pack.select_questions("test") == ()


def test_questions_of_one_image_follow_each_other(root: Path) -> None:
    rows = [json.loads(line) for line in (root / "questions.jsonl").read_text().splitlines()]
    write_lines(root / "questions.jsonl", sorted(rows, key=lambda row: str(row["id"])[::-1]))
    images = [question.image for question in Pack(root).select_questions("val")]
    runs = [image for position, image in enumerate(images) if position == 0 or image != images[position - 1]]
    assert len(runs) == len(set(images)) == 3


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackMissingError, match=r"no manifest\.jsonl"):
        Pack(tmp_path)


def test_a_missing_mask_is_named(root: Path) -> None:
    (root / "masks/p.png").unlink()
    with pytest.raises(PackMissingError, match=r"masks/p\.png"):
        Pack(root).load_target(question(root, 6))


@pytest.mark.parametrize(
    ("line", "problem"),
    [("{not json", "line 1: not JSON"), ('{"id": "x"}', "line 1: without image"), ("[]", "line 1: without id")],
)
def test_a_bad_line_is_named_with_its_number(root: Path, line: str, problem: str) -> None:
    (root / "questions.jsonl").write_text(line + "\n")
    with pytest.raises(PackUnreadableError, match=problem):
        Pack(root)


def test_a_mask_of_another_size_than_its_image_is_refused(root: Path) -> None:
    write_mask(root / "masks/p.png", np.ones((5, 5), dtype=np.bool_))
    with pytest.raises(PackUnreadableError, match="park/p#1"):
        Pack(root).load_target(question(root, 6))


def test_a_damaged_mask_is_refused(root: Path) -> None:
    (root / "masks/p.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(PackUnreadableError, match=r"masks/p\.png"):
        Pack(root).load_target(question(root, 6))


def test_an_instance_that_is_not_annotated_is_refused(root: Path) -> None:
    write_lines(root / "questions.jsonl", [question_row(1, "town/a", "val", "Mark it.", instances=[7], empty=False)])
    with pytest.raises(PackUnreadableError, match="no id 7"):
        Pack(root).load_target(question(root, 0))


def make_questions(counts: list[int]) -> list[PackQuestion]:
    return [
        PackQuestion(
            f"{image}#{number}", f"{image}", f"{image}", "s", "val", "class", "c", "?", None, (), None, True, "t", False
        )
        for image, count in enumerate(counts)
        for number in range(count)
    ]


@given(counts=st.lists(st.integers(1, 9), min_size=1, max_size=60), limit=st.integers(1, 200))
def test_a_limit_takes_just_so_many_whole_images_in_order(counts: list[int], limit: int) -> None:
    questions = make_questions(counts)
    taken = spread_questions(questions, limit)
    assert len(taken) == min(limit, len(questions))
    assert list(taken) == [question for question in questions if question in set(taken)]
    cut = [
        image
        for image, count in enumerate(counts)
        if 0 < sum(question.image == str(image) for question in taken) < count
    ]
    assert len(cut) <= 1


def test_a_limit_takes_images_from_all_over_the_pack() -> None:
    taken = spread_questions(make_questions([2] * 100), 20)
    positions = sorted({int(question.image) for question in taken})
    gaps = np.diff([0, *positions, 99])
    assert len(positions) == 10
    assert gaps.max() <= 20


@pytest.mark.skipif(not REAL_PACK.is_dir(), reason=f"the real pack is not at {REAL_PACK}")
def test_targets_of_the_real_pack_have_the_pixels_that_its_manifest_states() -> None:
    pixels = {
        row["id"]: row["pixels"]
        for row in map(json.loads, (REAL_PACK / "manifest.jsonl").read_text(encoding="utf-8").splitlines())
    }
    pack = Pack(REAL_PACK)
    whole = [one for one in pack.select_questions("val") if one.kind == "class" and not one.is_empty]
    checked = spread_questions(whole, 80)
    assert len({one.source for one in checked}) >= 8
    assert {one.id: int(pack.load_target(one).sum()) for one in checked} == {
        one.id: pixels[f"{one.image_id}/{one.class_name}"] for one in checked
    }


@pytest.mark.skipif(not REAL_PACK.is_dir(), reason=f"the real pack is not at {REAL_PACK}")
def test_empty_rows_of_the_real_pack_have_empty_targets_and_no_others() -> None:
    pack = Pack(REAL_PACK)
    checked = spread_questions(pack.select_questions("test"), 150)
    assert [one.id for one in checked if pack.load_target(one).any() == one.is_empty] == []
