import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.benchmarks.earthreason import read_earthreason
from evaluation.benchmarks.published import CAVEAT, find_published
from evaluation.benchmarks.record import BenchmarkRecord
from evaluation.benchmarks.report import build_figures, build_table, choose_extremes, write_report
from evaluation.benchmarks.run import run_benchmark
from evaluation.benchmarks.samples import Benchmark, Split
from evaluation.benchmarks.scores import Answer, AnswerKey
from evaluation.overlays import AGREED, LONGER_SIDE, MISSED, TOO_MUCH, paint_answer
from evaluation.scoring_grid import ScoringGrid, place_mask
from tests.evaluation.benchmarks.tiny_benchmarks import draw_box, write_earthreason


def build_answer(position: int, intersection_px: int, union_px: int) -> Answer:
    return Answer(AnswerKey(str(position), 1), str(position), "?", intersection_px, union_px, intersection_px, union_px)


@pytest.fixture
def benchmark(tmp_path: Path) -> Benchmark:
    root = write_earthreason(tmp_path / "data")
    questions = root / "rs_reason_seg/RSReasonSeg/val/QAs/10.json"
    questions.write_text(json.dumps({"questions": ["<script>alert(1)</script>", "Again?"], "answer": []}))
    return read_earthreason(root, Split.VAL)


@pytest.fixture
def report(benchmark: Benchmark, tmp_path: Path) -> Callable[[], Path]:
    def write() -> Path:
        out = tmp_path / "out"
        record = BenchmarkRecord(out, {})
        guess = place_mask(draw_box((0, 0, 20, 5)), ScoringGrid.SQUARE)
        answers = run_benchmark(
            benchmark, lambda _, numbers: [guess] * len(numbers), record, ScoringGrid.SQUARE, all_questions=True
        )
        settings = {
            "benchmark": "EarthReason",
            "split": "val",
            "grid": "square",
            "all_questions": True,
            "system": "Guess & <co>",
        }
        figures = build_figures(benchmark, answers, record.masks, settings)
        return write_report(out, benchmark, answers, record.masks, figures)

    return write


def test_the_page_shows_our_figures_beside_the_published_ones(report: Callable[[], Path]) -> None:
    page = report().read_text()
    for part in ("PSALM", "LISA", "PixelLM", "SegEarth-R1", "68.60", CAVEAT, "Guess &amp; &lt;co&gt;", "Consistency"):
        assert part in page, part
    figures = json.loads((report().parent / "figures.json").read_text())
    assert f"{100 * figures['gIoU']:.2f}" in page


def test_words_of_a_data_set_are_never_markup(report: Callable[[], Path]) -> None:
    page = report().read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_every_picture_of_the_page_is_there_and_no_other(report: Callable[[], Path]) -> None:
    path = report()
    (path.parent / "overlays/best_20.png").write_bytes(b"of an earlier run")
    path = report()
    named = set(re.findall(r'<img src="([^"]+)"', path.read_text()))
    there = {found.relative_to(path.parent).as_posix() for found in path.parent.rglob("*.png")}
    assert named == there
    assert len(named) == 1 + 2 * 5
    for name in named:
        with Image.open(path.parent / name) as picture:
            picture.verify()


def test_an_overlay_shows_what_agrees_what_is_missed_and_what_is_too_much() -> None:
    grey = np.full((40, 60, 3), 100, dtype=np.uint8)
    painted = paint_answer(grey, draw_box((0, 0, 30, 40)), draw_box((20, 0, 40, 40)))
    for column, colour in ((10, MISSED), (25, AGREED), (35, TOO_MUCH)):
        expected = 0.45 * 100 + 0.55 * np.array(colour)
        np.testing.assert_allclose(painted[20, column], expected, atol=1)
    np.testing.assert_array_equal(painted[20, 50], (100, 100, 100))


def test_a_large_picture_is_shown_small_and_upright() -> None:
    rgb = np.zeros((2 * LONGER_SIDE, LONGER_SIDE, 3), dtype=np.uint8)
    target = np.zeros(rgb.shape[:2], dtype=np.bool_)
    assert paint_answer(rgb, target, target[::4, ::4]).shape == (LONGER_SIDE, LONGER_SIDE // 2, 3)


def test_the_extremes_are_twenty_each_and_leave_out_what_shows_nothing() -> None:
    answers = [build_answer(position, position, 100) for position in range(50)] + [build_answer(99, 0, 0)]
    best, worst = choose_extremes(answers)
    assert [answer.key.sample_id for answer in best] == [str(position) for position in range(49, 29, -1)]
    assert [answer.key.sample_id for answer in worst] == [str(position) for position in range(20)]


def test_every_published_row_says_that_it_is_to_be_verified_or_that_it_is_unknown() -> None:
    for name in ("EarthReason", "RRSIS-D", "RefSegRS"):
        rows = find_published(name, Split.TEST)
        assert {row.system for row in rows} == {"SegEarth-R1", "PSALM", "LISA", "PixelLM"}
        for row in rows:
            is_known = row.giou is not None
            assert (row.note == CAVEAT) is is_known
    assert find_published("EarthReason", Split.TRAIN) == ()


def test_without_all_questions_there_is_one_row_of_ours(benchmark: Benchmark, tmp_path: Path) -> None:
    record = BenchmarkRecord(tmp_path / "one", {})
    answers = run_benchmark(benchmark, lambda *_: [draw_box(None)], record, ScoringGrid.NATIVE, all_questions=False)
    settings = {"system": "s", "grid": "native", "all_questions": False}
    figures = build_figures(benchmark, answers, record.masks, settings)
    ours = [row for row in build_table(figures, benchmark) if row.is_ours]
    assert len(ours) == 1
    assert "not comparable" in ours[0].note
    assert ours[0].giou == pytest.approx(100 / 3)
    assert figures["consistency"] is None
