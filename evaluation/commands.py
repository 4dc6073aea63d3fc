"""The commands `evaluate pack` and `evaluate speed`, beside those that have a file of their own.

The engine comes from whoever composes the program.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from evaluation.benchmarks.commands import add_benchmark_commands
from evaluation.benchmarks.predictions import Predictions
from evaluation.calibration.command import OpenStore, add_calibration_command, find_no_store
from evaluation.clicking.command import add_click_command
from evaluation.packs.constant_mask import fit_constant_mask
from evaluation.packs.error_report import choose_extremes, write_error_report
from evaluation.packs.gallery import read_redistributable
from evaluation.packs.pack import Pack, spread_questions
from evaluation.packs.predictions import segment_from_predictions
from evaluation.packs.report import (
    MeasuredEngine,
    ScoredQuestion,
    Segmenter,
    report_scores,
    score_questions,
    segment_with,
)
from evaluation.packs.scenes_command import add_scenes_command
from evaluation.packs.through_assistant import Through, segment_through_assistant, segment_through_oracle
from evaluation.reading.command import add_routing_command
from evaluation.robustness.command import add_robustness_command
from evaluation.run_lengths import RunLengths, encode_run_lengths
from evaluation.speed.turns import measure_speed
from evaluation.tables import build_pack_tables, build_speed_table
from evaluation.terminal import print_json, show_progress, speak_errors

BuildEngine = Callable[[], MeasuredEngine]


def build_evaluate_app(
    build_engine: BuildEngine,
    *,
    open_store: OpenStore = find_no_store,
    describe_precision: Callable[[], Mapping[str, object]] = dict,
) -> typer.Typer:
    """Return the `evaluate` commands.

    Args:
        build_engine: called once per command, and only when the command asks the model.
        open_store: finds where `calibration --fit` keeps what it finds, before anything is asked.
        describe_precision: what the answers depend on beside the weights; a benchmark run goes on only where it is the
            same.
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
        predictions: Annotated[
            Path | None,
            typer.Option(help="Score these masks, named by question id, instead of the model: PNG files or JSON."),
        ] = None,
        through: Annotated[
            Through,
            typer.Option(
                help="What answers: the model alone; the assistant, which takes compound questions apart; or the "
                "assistant with the annotations in place of the model (oracle)."
            ),
        ] = Through.MODEL,
        report_dir: Annotated[
            Path | None, typer.Option("--report", help="Write tables and sheets of best and worst answers here.")
        ] = None,
        public: Annotated[
            bool, typer.Option("--public", help="Show only images in the report that LICENSES.md lets be passed on.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> None:
        """Put the questions of a folder to the model and print gIoU, cIoU, precision and empty accuracy."""
        if constant + blank_questions + (predictions is not None) > 1:
            raise typer.BadParameter("--constant, --blank-questions and --predictions exclude each other; give one.")
        if through is not Through.MODEL and (constant or blank_questions or predictions is not None):
            raise typer.BadParameter("--through goes with the model, not with a baseline or with predictions.")
        if public and report_dir is None:
            raise typer.BadParameter("--public says what the report shows; give its folder with --report.")
        with speak_errors(as_json=as_json):
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
            elif predictions is not None:
                masks = Predictions.open(predictions)
                segment = segment_from_predictions(masks, data, questions)
                subject = {"answered_by": "predictions", "predictions": masks.name}
            elif through is Through.ORACLE:
                everything = (*data.select_questions("train"), *data.select_questions(split))
                segment = segment_through_oracle(data, everything)
                subject = {"answered_by": "assistant with annotations"}
            elif through is Through.ASSISTANT:
                engine = build_engine()
                segment = segment_through_assistant(engine)
                subject = {"answered_by": "assistant", "model_digest": engine.model_digest}
            else:
                engine = build_engine()
                segment = segment_with(engine, replacement="" if blank_questions else None)
                subject = {
                    "answered_by": "model",
                    "model_digest": engine.model_digest,
                    "questions": "blank" if blank_questions else "as asked",
                }
            shown = read_redistributable(root) if public else None
            answers: dict[str, RunLengths] = {}

            def keep(one: ScoredQuestion, mask: NDArray[np.bool_]) -> None:
                if report_dir is not None:
                    answers[one.question.id] = encode_run_lengths(mask)
                advance()

            with show_progress("Asking", total=len(questions)) as advance:
                scored = score_questions(data, questions, segment, on_scored=keep)
            report = {
                **report_scores(scored, split=split),
                **subject,
                "seconds": time.perf_counter() - started,
            }
            if report_dir is not None:
                write_error_report(report_dir, data, choose_extremes(scored, sources=shown), answers, report)
            if as_json:
                print_json(report)
            else:
                for table in build_pack_tables(report):
                    Console().print(table)

    @app.command()
    def speed(
        side: Annotated[int, typer.Option(min=16, help="Rows and columns of the images.")] = 1024,
        images: Annotated[int, typer.Option(min=1, help="How many images; medians are printed.")] = 3,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> None:
        """Measure a first turn, a second question on the same image and a click, stage by stage."""
        with speak_errors(as_json=as_json), tempfile.TemporaryDirectory() as folder:
            report = measure_speed(build_engine(), Path(folder), side=side, images=images)
            if as_json:
                print_json(report.to_row())
            else:
                Console().print(build_speed_table(report))

    add_calibration_command(app, build_engine, open_store)
    add_click_command(app, build_engine)
    add_robustness_command(app, build_engine)
    add_routing_command(app, build_engine)
    add_scenes_command(app, build_engine)
    add_benchmark_commands(app, build_engine, describe_precision)
    return app


def _fit_constant(data: Pack, sources: tuple[str, ...]) -> tuple[Segmenter, dict[str, object]]:
    train = data.select_questions("train", sources=sources)
    with show_progress("Reading train targets", total=len(train)) as advance:
        mask = fit_constant_mask(data, train, on_read=advance)
    share = float(mask.cells.mean())
    return mask.segment, {"answered_by": "constant mask", "train_gIoU": mask.train_giou, "marked_share": share}
