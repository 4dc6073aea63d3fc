"""The report of a benchmark run: figures beside the published ones, a histogram, the best and the worst answers."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from evaluation.benchmarks.published import find_published
from evaluation.benchmarks.samples import Benchmark, BenchmarkSample
from evaluation.benchmarks.scores import Answer, AnswerKey, measure_consistency, summarise_answers
from evaluation.metrics import THRESHOLDS
from evaluation.overlays import AGREED, MISSED, TOO_MUCH, paint_answer, save_picture
from evaluation.pictures import read_rgb
from evaluation.run_lengths import RunLengths, decode_run_lengths
from evaluation.scoring_grid import ScoringGrid, crop_to_image

PAGE = "report.html"
FIGURES = "figures.json"
HISTOGRAM = "iou_histogram.png"
SHOWN = 20

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class TableRow:
    """A line of the comparison, in percent; None prints as a dash."""

    system: str
    giou: float | None
    ciou: float | None
    precision: tuple[float | None, ...]
    note: str
    is_ours: bool


@dataclass(frozen=True)
class ShownAnswer:
    """A picture of the gallery."""

    answer: Answer
    picture: str


def build_figures(
    benchmark: Benchmark,
    answers: Sequence[Answer],
    masks: Mapping[AnswerKey, RunLengths],
    settings: Mapping[str, object],
) -> dict[str, Any]:
    """Return everything that is measured, ready for JSON.

    Args:
        benchmark: what was asked.
        answers: at least one.
        masks: the mask of each answer.
        settings: what was measured and how; taken over as it is.
    """
    consistency, compared = measure_consistency(answers, masks)
    first = [answer for answer in answers if answer.key.number == 1]
    return {
        **settings,
        "samples": len(first),
        **summarise_answers(answers),
        "first_question": summarise_answers(first),
        "consistency": consistency,
        "targets_asked_for_more_than_once": compared,
        "notes": list(benchmark.notes),
    }


def build_table(figures: Mapping[str, Any], benchmark: Benchmark) -> list[TableRow]:
    """Return our row, or two where every question was asked, and the published ones."""
    system = str(figures["system"])
    grid = "padded square" if figures["grid"] == ScoringGrid.SQUARE else "native size: not comparable"
    rows = []
    if figures["all_questions"]:
        rows.append(_measure_row(system, figures, f"measured here, all {figures['n']:,} questions, {grid}"))
    first = figures["first_question"]
    rows.append(_measure_row(system, first, f"measured here, first question of {first['n']:,}, {grid}"))
    for row in find_published(benchmark.name, benchmark.split):
        precision = (row.precision_at_half, *(None for _ in THRESHOLDS[1:]))
        rows.append(TableRow(row.system, row.giou, row.ciou, precision, row.note, is_ours=False))
    return rows


def write_report(
    folder: Path,
    benchmark: Benchmark,
    answers: Sequence[Answer],
    masks: Mapping[AnswerKey, RunLengths],
    figures: Mapping[str, Any],
    *,
    on_painted: Callable[[], None] = lambda: None,
) -> Path:
    """Write figures.json, the histogram, the overlays and report.html, and return the page's path.

    Args:
        folder: where they are put; exists.
        benchmark: images and targets.
        answers: at least one.
        masks: the mask of each answer.
        figures: from `build_figures`.
        on_painted: called for each overlay, to show progress.
    """
    text = json.dumps(figures, ensure_ascii=False, allow_nan=False, indent=2)
    (folder / FIGURES).write_text(text + "\n", encoding="utf-8")
    plot_histogram(answers, folder / HISTOGRAM)
    best, worst = choose_extremes(answers)
    samples = {sample.id: sample for sample in benchmark.samples}
    grid = ScoringGrid(figures["grid"])
    overlays = folder / "overlays"
    overlays.mkdir(exist_ok=True)
    for old in overlays.glob("*.png"):
        old.unlink()
    galleries: dict[str, list[ShownAnswer]] = {}
    for title, chosen in (("best", best), ("worst", worst)):
        gallery = galleries.setdefault(title, [])
        for rank, answer in enumerate(chosen, start=1):
            name = f"overlays/{title}_{rank:02}.png"
            _paint(samples[answer.key.sample_id], masks[answer.key], grid, folder / name)
            gallery.append(ShownAnswer(answer, name))
            on_painted()
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("benchmark_report.html").render(
        benchmark=benchmark,
        figures=figures,
        rows=build_table(figures, benchmark),
        thresholds=THRESHOLDS,
        histogram=HISTOGRAM,
        galleries=galleries,
        colours={"agreed": _css(AGREED), "missed": _css(MISSED), "too much": _css(TOO_MUCH)},
    )
    path = folder / PAGE
    path.write_text(page, encoding="utf-8")
    return path


def choose_extremes(answers: Sequence[Answer]) -> tuple[list[Answer], list[Answer]]:
    """Return the 20 best answers, best first, and the 20 worst, worst first.

    Right answers to "nothing is there" have an IoU of 1 and show nothing; they are left out.
    """
    shown = [answer for answer in answers if answer.union_px > 0]
    best = sorted(shown, key=lambda answer: -answer.iou)[:SHOWN]
    worst = sorted(shown, key=lambda answer: answer.iou)[:SHOWN]
    return best, worst


def plot_histogram(answers: Sequence[Answer], out: Path) -> None:
    """Write a PNG: how many answers have which IoU, empty targets told apart."""
    present, absent = ([one.iou for one in answers if (one.target_px == 0) is empty] for empty in (False, True))
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(7, 3.2), layout="constrained")
        axes = figure.subplots()
        axes.hist(
            [present, absent],
            bins=list(np.linspace(0, 1, 21)),
            stacked=True,
            color=["#0072b2", "#999999"],
            label=[f"something asked for ({len(present):,})", f"nothing there ({len(absent):,})"],
        )
        axes.set(xlabel="IoU", ylabel="answers", xlim=(0, 1))
        axes.legend()
        figure.savefig(out, dpi=110)


def _measure_row(system: str, figures: Mapping[str, Any], note: str) -> TableRow:
    precision = tuple(_percent(value) for value in figures["precision_at"].values())
    return TableRow(system, _percent(figures["gIoU"]), _percent(figures["cIoU"]), precision, note, is_ours=True)


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _paint(sample: BenchmarkSample, mask: RunLengths, grid: ScoringGrid, out: Path) -> None:
    rgb = read_rgb(sample.image_path)
    predicted = crop_to_image(decode_run_lengths(mask), height=rgb.shape[0], width=rgb.shape[1], grid=grid)
    save_picture(paint_answer(rgb, sample.load_target(), predicted), out)


def _css(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
