"""`segearth prepare`: convert the language model's weights into the cache, once."""

from collections.abc import Callable
from pathlib import Path

import typer

from ui.cli.reporting import speak_errors


def add_prepare_command(app: typer.Typer, *, ensure_language_weights: Callable[[], Path]) -> None:
    """Give `app` the command.

    Args:
        app: where the command is added.
        ensure_language_weights: returns the folder of the converted weights, converting them where needed.
    """

    @app.command()
    def prepare() -> None:
        """Convert the language model's weights into the cache, once; quick when that is done."""
        with speak_errors():
            folder = ensure_language_weights()
        typer.echo(f"The language model's weights are ready in {folder}.")
