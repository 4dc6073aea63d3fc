"""`segearth chat`: a conversation written down as a script, run as the page would run it."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from assistant.interfaces import Engine
from assistant.turns import TurnRunner
from serving.model_choice import ModelChoice
from ui.cli.archive import Archive
from ui.cli.chat_script import read_script
from ui.cli.chat_turns import Row, ScriptRunner
from ui.cli.errors import OutputUnusableError, ScriptUnreadableError
from ui.cli.model_options import (
    BackendOption,
    DataParallelOption,
    ModelOption,
    PrecisionOption,
    QuantisationOption,
    TensorParallelOption,
)
from ui.cli.reporting import EXIT_FAILED, print_json, speak_errors
from ui.interfaces import read_clock

STANDARD_INPUT = Path("-")


def add_chat_command(
    app: typer.Typer,
    *,
    default_model: ModelChoice,
    open_engine: Callable[[ModelChoice], AbstractContextManager[Engine]],
    open_archive: Callable[[], AbstractContextManager[Archive]],
) -> None:
    """Give `app` the command.

    Args:
        app: where the command is added.
        default_model: what answers unless told otherwise.
        open_engine: loads a model; left when the command ends.
        open_archive: opens the stored conversations; likewise.
    """

    @app.command()
    def chat(
        script: Annotated[
            Path,
            typer.Option(
                help="JSON list of turns; - reads it from stdin. See docs/chat_script.md.", show_default=False
            ),
        ],
        image: Annotated[
            list[Path] | None,
            typer.Option(help="An image that is there before the first turn; may be given often."),
        ] = None,
        out: Annotated[
            Path | None, typer.Option(help="Folder for the mask of each turn, as PNG, and for exports.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout for each turn.")] = False,
        model: ModelOption = None,
        dtype: PrecisionOption = None,
        quantize: QuantisationOption = None,
        backend: BackendOption = None,
        tensor_parallel: TensorParallelOption = None,
        data_parallel: DataParallelOption = None,
    ) -> None:
        """Run a conversation of many turns: words, clicks, boxes, brush, undo, branches, exports, a replay.

        The conversation is kept like those of the page. Exit code 2 says that at least one turn failed.
        """
        failed = 0
        with speak_errors(as_json=as_json):
            folder = Path.cwd() if script == STANDARD_INPUT else script.parent
            turns = read_script(_read(script), folder)
            if out is None and any(turn.exports for turn in turns):
                raise ScriptUnreadableError(problem="it exports, so it needs a folder: --out DIR")
            _make_folder(out)
            with (
                open_archive() as archive,
                open_engine(
                    default_model.changed(model, dtype, quantize, backend).spread(tensor_parallel, data_parallel)
                ) as engine,
            ):
                runner = TurnRunner(engine, archive.history, read_clock)
                for row in ScriptRunner(runner, engine, archive, out).run(image or [], turns):
                    failed += row["error"] is not None
                    print_json(row) if as_json else _print_row(row)
        if failed:
            raise typer.Exit(EXIT_FAILED)


def _read(script: Path) -> str:
    try:
        return sys.stdin.read() if script == STANDARD_INPUT else script.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptUnreadableError(problem=f"{script} is not there, or is no text") from error


def _make_folder(out: Path | None) -> None:
    if out is None:
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnusableError(out, reason=error.strerror or "the disk refuses it") from error


def _print_row(row: Row) -> None:
    typer.echo(f"{row['turn']:>3}  {row['error'] or row['text']}")
    choices = row.get("choices")
    for number, choice in enumerate(choices if isinstance(choices, list) else (), start=1):
        typer.echo(f"     {number}. {choice['text']}")
    if row.get("mask"):
        typer.echo(f"     written: {row['mask']}")
