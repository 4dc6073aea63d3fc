"""The commands `evaluate earthreason`, `evaluate rrsis-d` and `evaluate refsegrs`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evaluation.benchmarks.earthreason import read_earthreason
from evaluation.benchmarks.predictions import Predictions, answer_from_predictions
from evaluation.benchmarks.record import BenchmarkRecord
from evaluation.benchmarks.refsegrs import read_refsegrs
from evaluation.benchmarks.report import SHOWN, build_figures, build_table, write_report
from evaluation.benchmarks.rrsis_d import read_rrsis_d
from evaluation.benchmarks.run import Answerer, answer_with_engine, list_keys, run_benchmark
from evaluation.benchmarks.samples import Benchmark, Split
from evaluation.packs.report import MeasuredEngine
from evaluation.scoring_grid import ScoringGrid
from evaluation.tables import build_benchmark_table
from evaluation.terminal import print_json, show_progress, speak_errors

RESULTS = Path("runs/benchmarks")

SplitOption = Annotated[Split, typer.Option(help="Which part.")]
AllQuestionsOption = Annotated[
    bool,
    typer.Option("--all-questions", help="Ask every question of a sample, not the first alone; reports consistency."),
]
GridOption = Annotated[
    ScoringGrid,
    typer.Option(help="Compare on the padded 1024 square, as published figures are, or at the image's own size."),
]
PredictionsOption = Annotated[
    Path | None,
    typer.Option(help="Score these masks instead of the model: a folder of PNG files, or COCO run lengths as JSON."),
]
SystemOption = Annotated[str, typer.Option(help="What the scored system is called in the report.")]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Take so many samples, spread over the split.")]
OutOption = Annotated[
    Path | None,
    typer.Option(
        help="Where answers and report are written; a run that stopped goes on there. "
        "Without it, a folder of its own below runs/benchmarks."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@dataclass(frozen=True)
class _Options:
    grid: ScoringGrid
    all_questions: bool
    predictions: Path | None
    system: str
    limit: int | None
    out: Path | None
    as_json: bool


def add_benchmark_commands(
    app: typer.Typer,
    build_engine: Callable[[], MeasuredEngine],
    describe_precision: Callable[[], Mapping[str, object]],
) -> None:
    """Give `app` a command for each published data set.

    Args:
        app: where they are added.
        build_engine: called once per command, and only when the command asks the model.
        describe_precision: what the answers depend on beside the weights, ready for JSON.
    """

    def build_subject() -> tuple[MeasuredEngine, dict[str, object]]:
        engine = build_engine()
        return engine, {"answered_by": "model", "model_digest": engine.model_digest, **describe_precision()}

    @app.command()
    def earthreason(
        root: Annotated[Path, typer.Argument(help="Folder with train, val and test, or the one around it.")],
        split: SplitOption = Split.VAL,
        all_questions: AllQuestionsOption = False,
        pair_by_position: Annotated[
            bool,
            typer.Option(
                "--pair-by-position",
                help="Pair sorted files by position where names differ, as the released code does.",
            ),
        ] = False,
        grid: GridOption = ScoringGrid.SQUARE,
        predictions: PredictionsOption = None,
        system: SystemOption = "",
        limit: LimitOption = None,
        out: OutOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """Measure on EarthReason: implicit questions about purpose and risk, some of them about nothing there."""
        options = _Options(grid, all_questions, predictions, system, limit, out, as_json)
        _measure(lambda: read_earthreason(root, split, pair_by_position=pair_by_position), options, build_subject)

    @app.command("rrsis-d")
    def rrsis_d(
        root: Annotated[Path, typer.Argument(help="Folder with images and rrsisd, or the one around it.")],
        split: SplitOption = Split.TEST,
        all_questions: AllQuestionsOption = False,
        grid: GridOption = ScoringGrid.SQUARE,
        predictions: PredictionsOption = None,
        system: SystemOption = "",
        limit: LimitOption = None,
        out: OutOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """Measure on RRSIS-D: one object in an 800 x 800 image, described in words."""
        options = _Options(grid, all_questions, predictions, system, limit, out, as_json)
        _measure(lambda: read_rrsis_d(root, split), options, build_subject)

    @app.command()
    def refsegrs(
        root: Annotated[Path, typer.Argument(help="Folder with images, masks and lists, or the one around it.")],
        split: SplitOption = Split.TEST,
        all_questions: AllQuestionsOption = False,
        grid: GridOption = ScoringGrid.SQUARE,
        predictions: PredictionsOption = None,
        system: SystemOption = "",
        limit: LimitOption = None,
        out: OutOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """Measure on RefSegRS: a phrase for a class or its members in a 512 x 512 image."""
        options = _Options(grid, all_questions, predictions, system, limit, out, as_json)
        _measure(lambda: read_refsegrs(root, split), options, build_subject)


def _measure(
    read: Callable[[], Benchmark],
    options: _Options,
    build_subject: Callable[[], tuple[MeasuredEngine, dict[str, object]]],
) -> None:
    with speak_errors(as_json=options.as_json):
        benchmark = read()
        if options.limit is not None:
            benchmark = benchmark.limit_to(options.limit)
        keys = list_keys(benchmark, all_questions=options.all_questions)
        answerer: Answerer
        subject: dict[str, object]
        if options.predictions is None:
            engine, subject = build_subject()
            answerer = answer_with_engine(engine, options.grid)
            label, system = _label_model(subject), options.system or "this model"
        else:
            predictions = Predictions.open(options.predictions)
            answerer = answer_from_predictions(predictions, benchmark, keys, options.grid)
            subject = {"answered_by": "predictions", "predictions": predictions.name}
            label = options.predictions.resolve().stem
            system = options.system or label
        settings: dict[str, object] = {
            "benchmark": benchmark.name,
            "split": benchmark.split.value,
            "grid": options.grid.value,
            "all_questions": options.all_questions,
            **subject,
        }
        folder = options.out or RESULTS / "-".join(_name_run(benchmark, options, label))
        # Masks on disk may have changed since; to read them again costs little. A model's answers are kept.
        record = BenchmarkRecord(folder, settings, is_fresh=options.predictions is not None)
        with show_progress("Asking" if options.predictions is None else "Scoring", total=len(keys)) as advance:
            answers = run_benchmark(
                benchmark, answerer, record, options.grid, all_questions=options.all_questions, on_scored=advance
            )
        figures = build_figures(benchmark, answers, record.masks, {**settings, "system": system})
        with show_progress("Painting", total=2 * min(SHOWN, sum(one.union_px > 0 for one in answers))) as advance:
            page = write_report(folder, benchmark, answers, record.masks, figures, on_painted=advance)
        if options.as_json:
            print_json({**figures, "report": str(page)})
        else:
            console = Console()
            console.print(build_benchmark_table(build_table(figures, benchmark), figures))
            console.print(f"Report: {page}", soft_wrap=True)


def _label_model(subject: Mapping[str, object]) -> str:
    """Return a name for a folder: the digest's beginning, and the precision where one is given."""
    precision = (subject.get("precision"), subject.get("quantisation"))
    return "-".join([str(subject["model_digest"])[:12], *(str(part) for part in precision if part)])


def _name_run(benchmark: Benchmark, options: _Options, label: str) -> list[str]:
    asked = ["all-questions"] if options.all_questions else []
    return [benchmark.name.lower(), benchmark.split.value, options.grid.value, *asked, label]
