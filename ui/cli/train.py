"""`segearth train`: train the small model in a process of its own."""

import subprocess
import sys

import typer


def add_train_command(app: typer.Typer) -> None:
    """Give `app` the command."""

    # The options are the training program's own, so they are handed on unread, --help included.
    @app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
    def train(context: typer.Context) -> None:
        """Train the small model; resumable. See `segearth train --help` for its own options."""
        finished = subprocess.run([sys.executable, "-m", "training", *context.args], check=False)
        raise typer.Exit(finished.returncode)
