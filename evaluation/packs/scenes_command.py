"""The command `evaluate scenes`."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from evaluation.packs.pack import Pack
from evaluation.packs.report import MeasuredEngine
from evaluation.packs.scenes import SceneKind, answer_scenes, find_scenes, report_scenes
from evaluation.terminal import print_json, show_progress, speak_errors


def add_scenes_command(app: typer.Typer, build_engine: Callable[[], MeasuredEngine]) -> None:
    """Add `scenes` to the `evaluate` commands."""

    @app.command()
    def scenes(
        root: Annotated[Path, typer.Argument(help="Folder with manifest.jsonl and questions.jsonl.")],
        split: Annotated[str, typer.Option(help="Whose images: val or test (or train).")] = "val",
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> None:
        """Ask about large scenes, put together from images; SEGEARTH_MAX_TILES=0 answers them in one look."""
        with speak_errors(as_json=as_json), tempfile.TemporaryDirectory() as folder:
            data = Pack(root)
            found = find_scenes(data, split)
            engine = build_engine()
            with show_progress("Asking", total=len(found)) as advance:
                scored = list(answer_scenes(engine, data, found, Path(folder), on_done=advance))
            report = {"split": split, "model_digest": engine.model_digest, **report_scenes(scored)}
            if as_json:
                print_json(report)
            else:
                Console().print(build_scenes_table(report))


def build_scenes_table(report: Mapping[str, Any]) -> Table:
    """Return a report as a table: kinds first, then each scene."""
    table = Table(title=f"Scenes of split {report['split']}")
    for heading in ("scene", "megapixels", "IoU", "seconds"):
        table.add_column(heading, justify="left" if heading == "scene" else "right")
    for kind in SceneKind:
        figures = report["present"][kind.value]
        if figures["n"]:
            table.add_row(f"{kind.value} that show it ({figures['n']})", "", f"{figures['gIoU']:.3f}", "")
    absent = report["absent"]
    if absent["n"]:
        table.add_row(f"that lack it ({absent['n']}), nothing marked", "", f"{absent['accuracy']:.3f}", "")
    table.add_section()
    for one in report["scenes"]:
        table.add_row(one["name"], f"{one['pixels'] / 1e6:.1f}", f"{one['iou']:.3f}", f"{one['seconds']:.1f}")
    return table
