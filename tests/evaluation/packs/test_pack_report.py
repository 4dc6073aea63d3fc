import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from evaluation.errors import PackEmptyError, PackMissingError, PackUnreadableError
from evaluation.packs.pack import Pack
from evaluation.packs.report import name_share, refer_to_file, report_scores, score_questions, segment_with
from tests.evaluation.tiny_packs import HEIGHT, WIDTH, write_pack
from tests.fakes.engine import FakeEngine


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(write_pack(tmp_path))


def report(pack: Pack, engine: FakeEngine, *, replacement: str | None = None) -> dict[str, Any]:
    questions = pack.select_questions("val")
    scored = score_questions(pack, questions, segment_with(engine, replacement=replacement))
    return report_scores(scored, split="val")


def test_an_engine_that_ignores_the_region_loses_there_and_only_there(pack: Pack) -> None:
    figures = report(pack, FakeEngine())
    assert figures["n"] == 7
    assert figures["per_kind"]["class"]["gIoU"] == pytest.approx(1.0, abs=1e-5)
    # 36 of the 96 roof pixels lie in the left half.
    assert figures["per_kind"]["region"]["gIoU"] == pytest.approx(36 / 96, abs=1e-5)
    assert figures["per_kind"]["region"]["precision_at"] == {"0.5": 0.0, "0.7": 0.0, "0.9": 0.0}
    assert figures["per_kind"]["negative"]["empty_accuracy"] == 1.0
    assert figures["gIoU"] == pytest.approx((3 + 2 * 36 / 96 + 2) / 7, abs=1e-5)


def test_figures_come_per_source_and_per_half_of_the_templates(pack: Pack) -> None:
    figures = report(pack, FakeEngine())
    assert {name: group["n"] for name, group in figures["per_source"].items()} == {"park": 1, "town": 6}
    assert {name: group["n"] for name, group in figures["per_template"].items()} == {"heldout": 2, "seen": 5}
    assert figures["per_template"]["heldout"]["gIoU"] == figures["per_kind"]["region"]["gIoU"]


def test_figures_of_targets_that_are_there_come_per_source_and_size(pack: Pack) -> None:
    figures = report(pack, FakeEngine())
    assert sum(group["n"] for group in figures["per_source_present"].values()) == 5
    assert sum(group["n"] for group in figures["per_target_share"].values()) == 5
    assert all(group["empty_accuracy"] is None for group in figures["per_target_share"].values())


@pytest.mark.parametrize(
    ("share", "name"), [(0.0009, "< 0.1 %"), (0.001, "0.1-1 %"), (0.0999, "1-10 %"), (0.1, ">= 10 %"), (1.0, ">= 10 %")]
)
def test_a_size_begins_where_the_one_below_ends(share: float, name: str) -> None:
    assert name_share(share) == name


def test_present_and_absent_targets_are_told_apart(pack: Pack) -> None:
    figures = report(pack, FakeEngine(), replacement="nothing")
    assert (figures["present_gIoU"], figures["absent_gIoU"]) == (0.0, 1.0)
    assert figures["empty_accuracy"] == 1.0
    figures = report(pack, FakeEngine(), replacement="red")
    assert (figures["absent_gIoU"], figures["empty_accuracy"]) == (0.0, 0.0)


def test_a_replaced_question_never_reaches_the_engine(pack: Pack) -> None:
    engine = FakeEngine()
    report(pack, engine, replacement="")
    assert set(engine.questions) == {""}


def test_the_report_can_be_written_as_json(pack: Pack) -> None:
    figures = report(pack, FakeEngine())
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert figures["per_kind"]["class"]["empty_accuracy"] is None


def test_each_image_is_handed_over_once_with_all_its_questions(pack: Pack) -> None:
    calls: list[tuple[str, int]] = []

    def segment(path: Path, questions: Sequence[str]) -> Iterable[NDArray[np.bool_]]:
        calls.append((path.name, len(questions)))
        return [np.zeros((HEIGHT, WIDTH), dtype=np.bool_)] * len(questions)

    seen: list[str] = []
    questions = pack.select_questions("val")
    score_questions(pack, questions, segment, on_scored=lambda scored, mask: seen.append(scored.question.id))
    assert calls == [("a.png", 3), ("b.png", 3), ("p.png", 1)]
    assert seen == [question.id for question in questions]


def test_a_segmenter_that_leaves_out_a_question_is_noticed(pack: Pack) -> None:
    with pytest.raises(ValueError, match="shorter"):
        score_questions(pack, pack.select_questions("val"), lambda path, questions: [])


def test_no_questions_give_no_report() -> None:
    with pytest.raises(PackEmptyError, match="split test"):
        report_scores([], split="test")


def test_a_picture_on_disk_is_referred_to_by_size_and_digest(tmp_path: Path) -> None:
    for name, value in (("a.jpg", 10), ("b.jpg", 200)):
        Image.new("RGB", (9, 5), (value, value, value)).save(tmp_path / name)
    first, second = refer_to_file(tmp_path / "a.jpg"), refer_to_file(tmp_path / "b.jpg")
    assert (first.grid.height, first.grid.width, first.format) == (5, 9, "JPEG")
    assert first.rendering_path == tmp_path / "a.jpg"
    assert first.digest != second.digest


def test_a_picture_that_is_missing_or_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(PackMissingError, match=r"gone\.jpg"):
        refer_to_file(tmp_path / "gone.jpg")
    with pytest.raises(PackUnreadableError, match=r"text\.jpg"):
        refer_to_file(tmp_path / "text.jpg")
