"""The commands `evaluate pack` and `evaluate speed`; the engine comes from whoever composes the program."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from evaluation.constant_mask import fit_constant_mask
from evaluation.errors import EvaluationError
from evaluation.pack import Pack, spread_questions
from evaluation.pack_report import MeasuredEngine, Segmenter, report_scores, score_questions, segment_with
from evaluation.speed import measure_speed
from evaluation.tables import build_pack_tables, build_speed_table
from serving.errors import ServingError

EXIT_FAILED = 2

BuildEngine = Callable[[], MeasuredEngine]


def build_evaluate_app(build_engine: BuildEngine) -> typer.Typer:
    """Return the `evaluate` commands.

    Args:
        build_engine: called once per command, and only when the command asks the model.
    """
    app = typer.Typer(help="Measure the model: agreement with targets, and seconds.", no_args_is_help=True)

    @app.command()
    def pack(
        root: Annotated[Path, typer.Argument(help="Folder with manifest.jsonl and questions.jsonl.")],
        split: Annotated[str, typer.Option(help="Which questions: val or test (or train).")] = "val",
        limit: Annotated[int | None, typer.Option(min=1, help="Ask so many questions, spread over the images.")] = None,
        sources: Annotated[str, typer.Option(help="Only these sources, separated by commas.")] = "",
        blank_questions: Annotated[
            bool, typer.Option("--blank-questions", help="Put an empty text in place of each question.")
        ] = False,
        constant: Annotated[
            bool, typer.Option("--constant", help="Score the best constant mask instead of the model.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> None:
        """Put the questions of a folder to the model and print gIoU, cIoU, precision and empty accuracy."""
        if constant and blank_questions:
            raise typer.BadParameter("--constant and --blank-questions are two different baselines; give one.")
        with _speak_errors(as_json=as_json):
            started = time.perf_counter()
            wanted = tuple(name.strip() for name in sources.split(",") if name.strip())
            data = Pack(root)
            questions = data.select_questions(split, sources=wanted)
            if limit is not None:
                questions = spread_questions(questions, limit)
            segment: Segmenter
            subject: dict[str, object]
            if constant:
                segment, subject = _fit_constant(data, wanted)
            else:
                engine = build_engine()
                segment = segment_with(engine, replacement="" if blank_questions else None)
                subject = {
                    "answered_by": "model",
                    "model_digest": engine.model_digest,
                    "questions": "blank" if blank_questions else "as asked",
                }
            with _show_progress("Asking", total=len(questions)) as advance:
                scored = score_questions(data, questions, segment, on_scored=lambda _: advance())
            report = {
                **report_scores(scored, split=split),
                **subject,
                "seconds": time.perf_counter() - started,
            }
            if as_json:
                _print_json(report)
            else:
                for table in build_pack_tables(report):
                    Console().print(table)

    @app.command()
    def speed(
        side: Annotated[int, typer.Option(min=16, help="Rows and columns of the images.")] = 1024,
        images: Annotated[int, typer.Option(min=1, help="How many images; medians are printed.")] = 3,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> None:
        """Measure a first turn and a second question on the same image, stage by stage."""
        with _speak_errors(as_json=as_json), tempfile.TemporaryDirectory() as folder:
            report = measure_speed(build_engine(), Path(folder), side=side, images=images)
            if as_json:
                _print_json(report.to_row())
            else:
                Console().print(build_speed_table(report))

    return app


def _fit_constant(data: Pack, sources: tuple[str, ...]) -> tuple[Segmenter, dict[str, object]]:
    train = data.select_questions("train", sources=sources)
    with _show_progress("Reading train targets", total=len(train)) as advance:
        mask = fit_constant_mask(data, train, on_read=advance)
    share = float(mask.cells.mean())
    return mask.segment, {"answered_by": "constant mask", "train_gIoU": mask.train_giou, "marked_share": share}


@contextmanager
def _show_progress(what: str, *, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on stderr, and yield what moves it on by one."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


@contextmanager
def _speak_errors(*, as_json: bool) -> Iterator[None]:
    """Turn our own errors into their sentence on stderr (with `as_json` also as {"error": ...}) and exit code 2."""
    try:
        yield
    except (EvaluationError, ServingError) as error:
        if as_json:
            _print_json({"error": str(error)})
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from error


def _print_json(row: Mapping[str, object]) -> None:
    typer.echo(json.dumps(row, ensure_ascii=False, allow_nan=False))
