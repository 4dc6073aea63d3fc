import json
from pathlib import Path

import numpy as np
import pytest

from evaluation.benchmarks.earthreason import read_earthreason
from evaluation.benchmarks.samples import Split
from evaluation.errors import (
    BenchmarkEmptyError,
    BenchmarkMissingError,
    BenchmarkUnpairedError,
    BenchmarkUnreadableError,
)
from tests.evaluation.benchmarks.tiny_benchmarks import EARTHREASON_BOXES, draw_box, write_earthreason


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_earthreason(tmp_path)


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "rs_reason_seg/RSReasonSeg/val"


def test_every_image_comes_with_its_questions_and_its_target(root: Path) -> None:
    benchmark = read_earthreason(root, Split.VAL)
    assert [sample.id for sample in benchmark.samples] == ["10", "2", "7"]
    assert [len(sample.questions) for sample in benchmark.samples] == [2, 2, 1]
    for sample in benchmark.samples:
        assert sample.image_path.stem == sample.id
        np.testing.assert_array_equal(sample.load_target(), draw_box(EARTHREASON_BOXES[sample.id]))


def test_the_inner_folder_may_be_given_as_well(root: Path) -> None:
    assert len(read_earthreason(root / "rs_reason_seg/RSReasonSeg", Split.VAL).samples) == 3


def test_a_label_without_a_partner_is_named(root: Path, folder: Path) -> None:
    (folder / "labels/7.png").rename(folder / "labels/8.png")
    with pytest.raises(BenchmarkUnpairedError) as caught:
        read_earthreason(root, Split.VAL)
    assert "labels/8.png" in str(caught.value)
    assert "--pair-by-position" in str(caught.value)


def test_files_pair_by_position_only_when_that_is_asked_for(root: Path, folder: Path) -> None:
    for label in sorted((folder / "labels").iterdir()):
        label.rename(label.with_name(f"label_{label.name}"))
    benchmark = read_earthreason(root, Split.VAL, pair_by_position=True)
    assert "paired by position" in benchmark.notes[0]
    for sample in benchmark.samples:
        np.testing.assert_array_equal(sample.load_target(), draw_box(EARTHREASON_BOXES[sample.id]))


def test_a_missing_label_cannot_be_paired_by_position(root: Path, folder: Path) -> None:
    (folder / "labels/2.png").unlink()
    with pytest.raises(BenchmarkUnpairedError, match="3 images, 2 labels, 3 question files") as caught:
        read_earthreason(root, Split.VAL, pair_by_position=True)
    assert "--pair-by-position" not in str(caught.value)


def test_names_that_sort_differently_by_their_ending_still_pair_by_name(root: Path, folder: Path) -> None:
    # "2.png" comes before "2.q.png", but "2.txt" after "2.q.json".
    for kind, ending in (("images", "png"), ("labels", "png"), ("QAs", "json")):
        (folder / kind / f"10.{ending}").rename(folder / kind / f"2.q.{ending}")
    targets = {sample.id: sample.load_target() for sample in read_earthreason(root, Split.VAL).samples}
    np.testing.assert_array_equal(targets["2.q"], draw_box(EARTHREASON_BOXES["10"]))
    np.testing.assert_array_equal(targets["2"], draw_box(EARTHREASON_BOXES["2"]))


def test_other_files_in_the_folders_are_passed_over(root: Path, folder: Path) -> None:
    (folder / "images/.DS_Store").write_bytes(b"x")
    (folder / "labels/notes.txt").write_text("x")
    assert len(read_earthreason(root, Split.VAL).samples) == 3


@pytest.mark.parametrize(
    "content", ["{", json.dumps({"questions": []}), json.dumps([]), json.dumps({"questions": [3]})]
)
def test_a_question_file_in_another_form_is_named(root: Path, folder: Path, content: str) -> None:
    (folder / "QAs/7.json").write_text(content)
    with pytest.raises(BenchmarkUnreadableError, match=r"QAs/7\.json"):
        read_earthreason(root, Split.VAL)


def test_a_damaged_label_is_named_when_it_is_needed(root: Path, folder: Path) -> None:
    (folder / "labels/2.png").write_bytes(b"no picture")
    sample = read_earthreason(root, Split.VAL).samples[1]
    with pytest.raises(BenchmarkUnreadableError, match=r"2\.png"):
        sample.load_target()


def test_a_split_that_is_not_there_is_named(root: Path) -> None:
    with pytest.raises(BenchmarkMissingError, match="test"):
        read_earthreason(root, Split.TEST)


def test_a_missing_inner_folder_is_named(root: Path, folder: Path) -> None:
    (folder / "QAs").rename(folder / "questions")
    with pytest.raises(BenchmarkMissingError, match="val/QAs"):
        read_earthreason(root, Split.VAL)


def test_empty_folders_are_no_benchmark(tmp_path: Path) -> None:
    for kind in ("images", "labels", "QAs"):
        (tmp_path / "test" / kind).mkdir(parents=True)
    with pytest.raises(BenchmarkEmptyError, match="EarthReason"):
        read_earthreason(tmp_path, Split.TEST)


def test_a_limit_takes_so_many_and_a_larger_one_adds_to_them(root: Path) -> None:
    benchmark = read_earthreason(root, Split.VAL)
    one, two = ({sample.id for sample in benchmark.limit_to(count).samples} for count in (1, 2))
    assert (len(one), len(two)) == (1, 2)
    assert one < two
