"""`segearth version`: print the version."""

from importlib.metadata import version

import typer

from ui.program_name import DISTRIBUTION


def add_version_command(app: typer.Typer) -> None:
    """Give `app` the command."""

    @app.command("version")
    def print_version() -> None:
        """Print the version."""
        typer.echo(version(DISTRIBUTION))
