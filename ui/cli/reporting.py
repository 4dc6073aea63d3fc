"""How a command speaks: results on stdout, everything else on stderr, errors as one sentence and exit code 2."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import typer

from assistant.errors import AssistantError
from serving.errors import ServingError
from storage.errors import StorageError
from ui.cli.errors import CliError

EXIT_FAILED = 2
# Errors whose text was written for people. Anything else is a bug and keeps its traceback.
SPOKEN_ERRORS = (ServingError, AssistantError, StorageError, CliError)


def print_json(row: Mapping[str, object]) -> None:
    """Write one JSON object on one line of stdout."""
    typer.echo(json.dumps(row, ensure_ascii=False, allow_nan=False))


@contextmanager
def speak_errors(*, as_json: bool = False) -> Iterator[None]:
    """Turn our own errors inside the block into their sentence on stderr and exit code 2.

    With `as_json`, stdout gets an object {"error": sentence} too.
    """
    try:
        yield
    except SPOKEN_ERRORS as error:
        sentence = str(error)
        if as_json:
            print_json({"error": sentence})
        typer.echo(sentence, err=True)
        raise typer.Exit(EXIT_FAILED) from error
