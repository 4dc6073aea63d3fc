"""The command `evaluate clicks`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from evaluation.clicking.clicks import Start, choose_tasks, click_through, report_runs
from evaluation.packs.pack import Pack
from evaluation.packs.report import MeasuredEngine
from evaluation.terminal import print_json, show_progress, speak_errors
from serving.refinement.kinds import RefinerKind


def add_click_command(app: typer.Typer, build_engine: Callable[[], MeasuredEngine]) -> None:
    """Add `clicks` to the `evaluate` commands."""

    @app.command()
    def clicks(
        root: Annotated[Path, typer.Argument(help="Folder with manifest.jsonl and questions.jsonl.")],
        split: Annotated[str, typer.Option(help="Which questions: val or test (or train).")] = "val",
        limit: Annotated[
            int | None, typer.Option(min=1, help="Take so many pairs of image and class, spread over the split.")
        ] = None,
        refiner: Annotated[
            RefinerKind | None, typer.Option(help="Who answers the clicks. Default: what the chat uses.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> None:
        """Click on what is wrong until the mask is right: clicks to IoU 0.80 and 0.85, IoU after 1, 3 and 5."""
        with speak_errors(as_json=as_json):
            data = Pack(root)
            questions = choose_tasks(data, split, limit=limit)
            engine = build_engine()
            kind = engine.refiner_kind if refiner is None else refiner
            with show_progress("Clicking", total=len(questions)) as advance:
                runs = list(click_through(engine, data, questions, kind, on_done=advance))
            report = {
                "split": split,
                "refiner": kind.value,
                "model_digest": engine.model_digest,
                **report_runs(runs),
            }
            if as_json:
                print_json(report)
            else:
                Console().print(build_click_table(report))


def build_click_table(report: Mapping[str, Any]) -> Table:
    """Return a report as a table: each start, then its sources."""
    seconds = report["seconds_per_click"]
    table = Table(
        title=f"Split {report['split']}, {report['refiner']} refiner",
        caption=None if seconds is None else f"{seconds:.3f} s per click (median)",
    )
    table.add_column("start", no_wrap=True)
    headings = ("n", "NoC@80", "NoC@85", "unreached@80", "unreached@85", "IoU@0", "IoU@1", "IoU@3", "IoU@5")
    for heading in headings:
        table.add_column(heading, justify="right")
    for start in (one.value for one in Start if one.value in report):
        _add_row(table, start, report[start])
        for source, figures in report[start]["per_source"].items():
            _add_row(table, f"  {source}", figures)
        table.add_section()
    return table


def _add_row(table: Table, label: str, figures: Mapping[str, Any]) -> None:
    counts = (figures["NoC@80"], figures["NoC@85"])
    shares = (figures["unreached@80"], figures["unreached@85"], *figures["iou_after"].values())
    table.add_row(
        label,
        f"{figures['n']:,}",
        *(f"{value:.2f}" for value in counts),
        *(f"{value:.3f}" for value in shares),
    )
