"""Put the questions of a benchmark to a system, and score its masks on the scoring grid."""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from assistant.masks.agreement import measure_agreement
from evaluation.benchmarks.record import BenchmarkRecord
from evaluation.benchmarks.samples import Benchmark, BenchmarkSample
from evaluation.benchmarks.scores import Answer, AnswerKey
from evaluation.errors import BenchmarkUnreadableError
from evaluation.packs.report import MeasuredEngine, refer_to_file
from evaluation.pictures import read_rgb, read_size
from evaluation.scoring_grid import ScoringGrid, place_mask, place_prediction
from serving.cancellation import Cancellation
from serving.errors import ImageError
from serving.image_ref import ImageRef

# A sample and numbers of its questions (from 1) -> one mask per question, bool, on the scoring grid.
Answerer = Callable[[BenchmarkSample, Sequence[int]], Iterable[NDArray[np.bool_]]]

# What an engine opens itself; other pictures are handed over as PNG.
_OPENED_BY_ENGINES = (".png", ".jpg", ".jpeg")


def list_keys(benchmark: Benchmark, *, all_questions: bool) -> list[AnswerKey]:
    """Return what is asked: the first question of each sample, or all of them."""
    return [
        AnswerKey(sample.id, number)
        for sample in benchmark.samples
        for number in range(1, (len(sample.questions) if all_questions else 1) + 1)
    ]


def run_benchmark(
    benchmark: Benchmark,
    answerer: Answerer,
    record: BenchmarkRecord,
    grid: ScoringGrid,
    *,
    all_questions: bool,
    on_scored: Callable[[], None] = lambda: None,
) -> tuple[Answer, ...]:
    """Ask what `record` does not hold yet, write it there, and return every answer in the benchmark's order.

    Args:
        benchmark: images, questions and targets.
        answerer: the system; it gets an image's questions in one call.
        record: what was answered before.
        grid: where masks and targets are compared.
        all_questions: ask every question of a sample, not the first alone.
        on_scored: called for each answer, old ones included, to show progress.
    """
    keys = list_keys(benchmark, all_questions=all_questions)
    asked: dict[str, list[int]] = {}
    for key in keys:
        if key in record.answers:
            on_scored()
        else:
            asked.setdefault(key.sample_id, []).append(key.number)
    for sample in benchmark.samples:
        numbers = asked.get(sample.id, [])
        if not numbers:
            continue
        label = sample.load_target()
        is_resized = label.shape != read_size(sample.image_path)
        if is_resized and grid is ScoringGrid.NATIVE:
            raise BenchmarkUnreadableError(
                where=f"the label of {sample.id}",
                problem="it has another size than its image, so they can be compared on the square grid only",
            )
        target = place_mask(label, grid)
        for number, mask in zip(numbers, answerer(sample, numbers), strict=True):
            agreement = measure_agreement(mask, target)
            answer = Answer(
                key=AnswerKey(sample.id, number),
                group=sample.group,
                question=sample.questions[number - 1],
                intersection_px=agreement.intersection_px,
                union_px=agreement.union_px,
                target_px=int(np.count_nonzero(target)),
                predicted_px=int(np.count_nonzero(mask)),
                is_label_resized=is_resized,
            )
            record.append(answer, mask)
            on_scored()
    return tuple(record.answers[key] for key in keys)


def answer_with_engine(engine: MeasuredEngine, grid: ScoringGrid) -> Answerer:
    """Return an answerer that asks `engine`, which encodes each image once for all its questions."""

    def answer(sample: BenchmarkSample, numbers: Sequence[int]) -> Iterable[NDArray[np.bool_]]:
        with tempfile.TemporaryDirectory() as scratch:
            image = _refer_to_picture(sample.image_path, Path(scratch))
            for number in numbers:
                try:
                    prediction = engine.segment_text(
                        image, sample.questions[number - 1], cancellation=Cancellation(), report_stage=lambda _: None
                    )
                except ImageError as error:
                    problem = str(error).rstrip(".")
                    raise BenchmarkUnreadableError(where=sample.image_path.name, problem=problem) from error
                yield place_prediction(prediction, grid)

    return answer


def _refer_to_picture(path: Path, scratch: Path) -> ImageRef:
    if path.suffix.lower() in _OPENED_BY_ENGINES:
        return refer_to_file(path)
    copy = scratch / "picture.png"
    Image.fromarray(read_rgb(path)).save(copy, compress_level=1)
    return replace(refer_to_file(copy), path=path, name=path.name)
