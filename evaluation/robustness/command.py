"""The command `evaluate robustness`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from evaluation.errors import PackEmptyError
from evaluation.packs.pack import Pack
from evaluation.packs.report import MeasuredEngine, segment_with
from evaluation.packs.through_assistant import segment_through_assistant
from evaluation.robustness.measuring import draw_images, measure_robustness, report_robustness
from evaluation.terminal import print_json, show_progress, speak_errors


def add_robustness_command(app: typer.Typer, build_engine: Callable[[], MeasuredEngine]) -> None:
    """Add `robustness` to the `evaluate` commands."""

    @app.command()
    def robustness(
        root: Annotated[Path, typer.Argument(help="Folder with manifest.jsonl and questions.jsonl.")],
        split: Annotated[str, typer.Option(help="Which questions: val or test (or train).")] = "val",
        images: Annotated[int, typer.Option(min=1, help="Draw so many images; all their questions are asked.")] = 40,
        seed: Annotated[int, typer.Option(min=0, help="Of the draw and of the typos.")] = 0,
        assistant: Annotated[
            bool, typer.Option("--assistant", help="Ask through the assistant, not the model alone.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> None:
        """Ask in other words, with typos, and of turned, rescaled, compressed and grey images, and compare."""
        with speak_errors(as_json=as_json):
            data = Pack(root)
            questions = draw_images(data.select_questions(split), images, seed)
            if not questions:
                raise PackEmptyError(split=split)
            engine = build_engine()
            segment = segment_through_assistant(engine) if assistant else segment_with(engine)
            total = len({question.image for question in questions})
            with show_progress("Asking about images", total=total) as advance:
                found = measure_robustness(data, questions, segment, seed=seed, on_image=advance)
            report = {
                "split": split,
                "seed": seed,
                "answered_by": "assistant" if assistant else "model",
                "model_digest": engine.model_digest,
                **report_robustness(found),
            }
            if as_json:
                print_json(report)
            else:
                Console().print(build_robustness_table(report))


def build_robustness_table(report: Mapping[str, Any]) -> Table:
    """Return a report as a table: each disturbance beside what its questions reach undisturbed."""
    wordings = report["wordings"]
    agreement = "no target was asked for twice"
    if wordings["mask_iou"] is not None:
        agreement = f"{wordings['targets']:,} targets in several wordings: mean IoU {wordings['mask_iou']:.3f}"
    table = Table(
        title=f"Split {report['split']}, {report['images']:,} images, {report['answered_by']}", caption=agreement
    )
    table.add_column("disturbance", no_wrap=True)
    for heading in ("n", "unchanged gIoU", "gIoU", "IoU of both masks"):
        table.add_column(heading, justify="right")
    for name, figures in report["disturbances"].items():
        values = (figures["unchanged_gIoU"], figures["gIoU"], figures["mask_iou"])
        shown = ("-" if value is None else f"{value:.3f}" for value in values)
        table.add_row(name, f"{figures['n']:,}", *shown)
    return table
