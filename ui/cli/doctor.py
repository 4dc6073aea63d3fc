"""`segearth doctor`: say what is missing and how to mend it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from ui.cli.probes import Check
from ui.cli.reporting import print_json

EXIT_CANNOT_SERVE = 1


def add_doctor_command(app: typer.Typer, *, examine: Callable[[], Sequence[Check]]) -> None:
    """Give `app` the command.

    Args:
        app: where the command is added.
        examine: looks at everything.
    """

    @app.command()
    def doctor(
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    ) -> None:
        """Say what is missing and how to mend it; exit code 0 if the chat can be served, else 1."""
        checks = examine()
        can_serve = all(check.passed for check in checks)
        if as_json:
            print_json({"can_serve": can_serve, "checks": [asdict(check) for check in checks]})
        else:
            _print_checks(checks)
            typer.echo("Ready: segearth serve" if can_serve else "Not ready yet; see the arrows above.")
        raise typer.Exit(0 if can_serve else EXIT_CANNOT_SERVE)


def _print_checks(checks: Sequence[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        verdict = typer.style("ok", fg="green") if check.passed else typer.style("--", fg="red", bold=True)
        typer.echo(f"{verdict}  {check.name:<{width}}  {check.finding}")
        if check.remedy is not None:
            typer.echo(f"    {'':<{width}}  -> {check.remedy}")
