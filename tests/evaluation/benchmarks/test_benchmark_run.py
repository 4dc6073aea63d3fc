from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco

from evaluation.benchmarks.earthreason import read_earthreason
from evaluation.benchmarks.record import ANSWERS, MASKS, BenchmarkRecord
from evaluation.benchmarks.refsegrs import read_refsegrs
from evaluation.benchmarks.run import answer_with_engine, run_benchmark
from evaluation.benchmarks.samples import Benchmark, BenchmarkSample, Split
from evaluation.benchmarks.scores import AnswerKey, measure_consistency, summarise_answers
from evaluation.errors import BenchmarkUnreadableError, RunMismatchError
from evaluation.scoring_grid import ScoringGrid, place_mask
from serving.errors import ImageUnreadableError
from tests.evaluation.benchmarks.tiny_benchmarks import (
    EARTHREASON_BOXES,
    draw_box,
    save_mask,
    write_earthreason,
    write_refsegrs,
)
from tests.fakes.engine import FakeEngine

SETTINGS: dict[str, object] = {"model_digest": "a"}


@pytest.fixture
def benchmark(tmp_path: Path) -> Benchmark:
    return read_earthreason(write_earthreason(tmp_path / "data"), Split.VAL)


@pytest.mark.parametrize("grid", list(ScoringGrid))
def test_a_right_engine_scores_one_and_is_right_about_nothing(
    benchmark: Benchmark, tmp_path: Path, grid: ScoringGrid
) -> None:
    record = BenchmarkRecord(tmp_path / "out", SETTINGS)
    answers = run_benchmark(benchmark, answer_with_engine(FakeEngine(), grid), record, grid, all_questions=False)
    figures = summarise_answers(answers)
    assert figures["n"] == 3
    # Enlarged to the square, logits round the corners of a box that nearest neighbour leaves sharp.
    assert figures["gIoU"] == pytest.approx(1, abs=0.01 if grid is ScoringGrid.SQUARE else 1e-4)
    assert figures["empty_accuracy"] == 1.0


def test_all_questions_of_an_image_are_asked_together(benchmark: Benchmark, tmp_path: Path) -> None:
    calls: list[tuple[str, list[int]]] = []

    def answer(sample: BenchmarkSample, numbers: Sequence[int]) -> Iterable[NDArray[np.bool_]]:
        calls.append((sample.id, list(numbers)))
        return [draw_box(None)] * len(numbers)

    record = BenchmarkRecord(tmp_path / "out", SETTINGS)
    run_benchmark(benchmark, answer, record, ScoringGrid.NATIVE, all_questions=True)
    assert calls == [("10", [1, 2]), ("2", [1, 2]), ("7", [1])]


def test_counts_agree_with_cocos_iou(benchmark: Benchmark, tmp_path: Path) -> None:
    guess = draw_box((5, 5, 35, 25))
    record = BenchmarkRecord(tmp_path / "out", SETTINGS)
    answers = run_benchmark(
        benchmark,
        lambda sample, numbers: [place_mask(guess, ScoringGrid.SQUARE)] * len(numbers),
        record,
        ScoringGrid.SQUARE,
        all_questions=False,
    )
    for answer in answers:
        target = place_mask(draw_box(EARTHREASON_BOXES[answer.key.sample_id]), ScoringGrid.SQUARE)
        encoded = [
            coco.encode(np.asfortranarray(mask.astype(np.uint8)))
            for mask in (place_mask(guess, ScoringGrid.SQUARE), target)
        ]
        assert answer.iou == pytest.approx(coco.iou([encoded[0]], [encoded[1]], [0])[0][0], abs=1e-9)


class StopError(Exception):
    """Somebody pressed Ctrl+C."""


def test_a_run_that_stopped_goes_on_and_ends_as_if_it_had_not(benchmark: Benchmark, tmp_path: Path) -> None:
    asked: list[tuple[str, int]] = []

    def answer(sample: BenchmarkSample, numbers: Sequence[int]) -> Iterable[NDArray[np.bool_]]:
        for number in numbers:
            if len(asked) == 3:
                asked.append(("stop", 0))
                raise StopError
            asked.append((sample.id, number))
            yield draw_box((0, 0, 10 * number, 10))

    with pytest.raises(StopError):
        run_benchmark(
            benchmark, answer, BenchmarkRecord(tmp_path / "out", SETTINGS), ScoringGrid.NATIVE, all_questions=True
        )
    # As if the power had failed while the fourth answer was written.
    for name in (ANSWERS, MASKS):
        with (tmp_path / "out" / name).open("a") as file:
            file.write('{"id": "2", "ques' if name == MASKS else "2,2,2,0.1")
    again = BenchmarkRecord(tmp_path / "out", SETTINGS)
    assert len(again.answers) == 3
    answers = run_benchmark(benchmark, answer, again, ScoringGrid.NATIVE, all_questions=True)
    assert asked == [("10", 1), ("10", 2), ("2", 1), ("stop", 0), ("2", 2), ("7", 1)]
    whole = run_benchmark(
        benchmark,
        lambda sample, numbers: [draw_box((0, 0, 10 * number, 10)) for number in numbers],
        BenchmarkRecord(tmp_path / "whole", SETTINGS),
        ScoringGrid.NATIVE,
        all_questions=True,
    )
    assert answers == whole
    for name in (ANSWERS, MASKS):
        assert (tmp_path / "out" / name).read_text() == (tmp_path / "whole" / name).read_text()


def test_a_folder_of_another_run_is_left_alone(tmp_path: Path) -> None:
    BenchmarkRecord(tmp_path / "out", {"model_digest": "a", "grid": "square"})
    with pytest.raises(RunMismatchError, match="different: grid"):
        BenchmarkRecord(tmp_path / "out", {"model_digest": "a", "grid": "native"})


def test_a_table_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / ANSWERS).write_text("name,iou\nx,1\n")
    with pytest.raises(BenchmarkUnreadableError, match=ANSWERS):
        BenchmarkRecord(tmp_path, SETTINGS)


def test_a_label_of_another_size_is_padded_alone_on_the_square_and_refused_natively(
    benchmark: Benchmark, tmp_path: Path
) -> None:
    label = tmp_path / "data/rs_reason_seg/RSReasonSeg/val/labels/10.png"
    save_mask(draw_box((0, 0, 40, 20), height=80, width=120), label)
    record = BenchmarkRecord(tmp_path / "out", SETTINGS)
    engine = answer_with_engine(FakeEngine(), ScoringGrid.SQUARE)
    answers = run_benchmark(benchmark, engine, record, ScoringGrid.SQUARE, all_questions=False)
    assert [answer.is_label_resized for answer in answers] == [True, False, False]
    # One row of 1024 pixels may fall on either side where 60 or 120 pixels are enlarged to it.
    assert answers[0].iou > 0.98
    with pytest.raises(BenchmarkUnreadableError, match="the label of 10"):
        run_benchmark(
            benchmark,
            answer_with_engine(FakeEngine(), ScoringGrid.NATIVE),
            BenchmarkRecord(tmp_path / "native", SETTINGS),
            ScoringGrid.NATIVE,
            all_questions=False,
        )


def test_a_tiff_reaches_the_engine(tmp_path: Path) -> None:
    benchmark = read_refsegrs(write_refsegrs(tmp_path / "data"), Split.TEST)
    record = BenchmarkRecord(tmp_path / "out", SETTINGS)
    engine = answer_with_engine(FakeEngine(), ScoringGrid.NATIVE)
    answers = run_benchmark(benchmark, engine, record, ScoringGrid.NATIVE, all_questions=False)
    assert [answer.iou for answer in answers] == pytest.approx([1, 1, 1], abs=1e-4)


def test_an_image_that_the_engine_cannot_read_is_named(benchmark: Benchmark, tmp_path: Path) -> None:
    record = BenchmarkRecord(tmp_path / "out", SETTINGS)
    engine = FakeEngine(failure=ImageUnreadableError())
    with pytest.raises(BenchmarkUnreadableError, match=r"10\.png"):
        run_benchmark(
            benchmark,
            answer_with_engine(engine, ScoringGrid.NATIVE),
            record,
            ScoringGrid.NATIVE,
            all_questions=False,
        )


def test_consistency_is_the_mean_over_targets_that_were_asked_for_twice(benchmark: Benchmark, tmp_path: Path) -> None:
    sizes = {("10", 1): 10, ("10", 2): 20, ("2", 1): 30, ("2", 2): 30, ("7", 1): 5}
    record = BenchmarkRecord(tmp_path / "out", SETTINGS)
    answers = run_benchmark(
        benchmark,
        lambda sample, numbers: [draw_box((0, 0, sizes[sample.id, number], 10)) for number in numbers],
        record,
        ScoringGrid.NATIVE,
        all_questions=True,
    )
    # 10: half of the larger box; 2: the same box; 7 was asked once.
    consistency, targets = measure_consistency(answers, record.masks)
    assert consistency == pytest.approx((0.5 + 1) / 2, abs=1e-6)
    assert targets == 2
    assert AnswerKey("7", 1) in record.masks


def test_figures_of_a_case_worked_by_hand(benchmark: Benchmark, tmp_path: Path) -> None:
    # Targets: 20 x 10 = 200 px; 20 x 20 = 400 px; nothing.
    guesses = {"10": (0, 0, 20, 5), "2": (10, 10, 30, 26), "7": (0, 0, 10, 10)}
    answers = run_benchmark(
        benchmark,
        lambda sample, numbers: [draw_box(guesses[sample.id])],
        BenchmarkRecord(tmp_path / "out", SETTINGS),
        ScoringGrid.NATIVE,
        all_questions=False,
    )
    counts = {one.key.sample_id: (one.intersection_px, one.union_px) for one in answers}
    assert counts == {"10": (100, 200), "2": (320, 400), "7": (0, 100)}
    figures = summarise_answers(answers)
    assert figures["gIoU"] == pytest.approx((100 / 200.00001 + 320 / 400.00001 + 0) / 3, abs=1e-12)
    assert figures["cIoU"] == pytest.approx(420 / 700)
    # Exactly a half counts as below it, because of the 1e-5 in the published IoU; so does 0.8.
    assert figures["precision_at"] == {"0.5": 1 / 3, "0.6": 1 / 3, "0.7": 1 / 3, "0.8": 0.0, "0.9": 0.0}
    assert (figures["empty_targets"], figures["empty_accuracy"]) == (1, 0.0)
