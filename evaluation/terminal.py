"""What the commands of this package share in the terminal: progress, errors as sentences, JSON."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from evaluation.errors import EvaluationError
from serving.errors import ServingError

EXIT_FAILED = 2


@contextmanager
def show_progress(what: str, *, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on stderr, and yield what moves it on by one."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


@contextmanager
def speak_errors(*, as_json: bool) -> Iterator[None]:
    """Turn our own errors into their sentence on stderr (with `as_json` also as {"error": ...}) and exit code 2."""
    try:
        yield
    except (EvaluationError, ServingError) as error:
        if as_json:
            print_json({"error": str(error)})
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from error


def print_json(row: Mapping[str, object]) -> None:
    """Print one JSON object on one line of stdout."""
    typer.echo(json.dumps(row, ensure_ascii=False, allow_nan=False))
