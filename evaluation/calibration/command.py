"""The command `evaluate calibration`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from evaluation.calibration.observations import fit_temperatures, observe, report_calibration
from evaluation.calibration.plot import plot_reliability
from evaluation.packs.pack import Pack, spread_questions
from evaluation.packs.report import MeasuredEngine
from evaluation.terminal import print_json, show_progress, speak_errors
from serving.calibration import Temperatures
from serving.errors import TemperaturesUnstorableError

# Keeps temperatures with the model that is measured, and returns its digest from then on.
StoreTemperatures = Callable[[Temperatures], str]
OpenStore = Callable[[], StoreTemperatures]


def find_no_store() -> StoreTemperatures:
    """Refuse: there is no model whose temperatures could be kept."""
    raise TemperaturesUnstorableError


def add_calibration_command(
    app: typer.Typer, build_engine: Callable[[], MeasuredEngine], open_store: OpenStore
) -> None:
    """Add `calibration` to the `evaluate` commands."""

    @app.command()
    def calibration(
        root: Annotated[Path, typer.Argument(help="Folder with manifest.jsonl and questions.jsonl.")],
        split: Annotated[str, typer.Option(help="Which questions: val or test (or train).")] = "val",
        limit: Annotated[int | None, typer.Option(min=1, help="Ask so many questions, spread over the images.")] = None,
        fit: Annotated[
            bool, typer.Option("--fit", help="Find the temperatures that suit the split best and store them.")
        ] = False,
        diagram: Annotated[Path | None, typer.Option(help="Write a reliability diagram here, PNG.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> None:
        """Compare what the model states, of pixels and of presence, with what is there: ECE over 15 bins."""
        if fit and split == "test":
            raise typer.BadParameter("--fit goes with val: what is fitted on test can not be measured there any more.")
        with speak_errors(as_json=as_json):
            data = Pack(root)
            questions = data.select_questions(split)
            if limit is not None:
                questions = spread_questions(questions, limit)
            store_temperatures = open_store() if fit else None
            engine = build_engine()
            with show_progress("Asking", total=len(questions)) as advance:
                observations = observe(engine, data, questions, split=split, on_answered=advance)
            fitted = None if store_temperatures is None else fit_temperatures(observations)
            report = {
                "split": split,
                **report_calibration(observations, fitted),
                "model_digest": engine.model_digest,
                "stored_digest": None if store_temperatures is None or fitted is None else store_temperatures(fitted),
            }
            if diagram is not None:
                plot_reliability(observations, fitted or observations.temperatures, diagram)
            if as_json:
                print_json(report)
            else:
                Console().print(build_calibration_table(report))


def build_calibration_table(report: Mapping[str, Any]) -> Table:
    """Return a report as a table: pixels and presence, without and with each temperature."""
    table = Table(
        title=f"Split {report['split']}, {report['n']:,} questions, {report['answered']:,} with a mark",
        caption=f"ECE of the score beside an answer: {report['score']['ece']:.3f}",
    )
    table.add_column("probability of", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("temperature", justify="right")
    table.add_column("ECE", justify="right")
    for name in ("pixels", "presence"):
        for label, figures in (report[name] or {}).items():
            if figures is not None:
                table.add_row(name, label, f"{figures['temperature']:.3f}", f"{figures['ece']:.4f}")
        table.add_section()
    return table
