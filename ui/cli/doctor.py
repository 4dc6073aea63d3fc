"""`segearth doctor`: say what is missing and how to mend it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from serving.model_choice import ModelChoice, ModelCost
from ui.cli.model_options import ModelOption, PrecisionOption, QuantisationOption
from ui.cli.probes import Check, Examination
from ui.cli.reporting import print_json

EXIT_CANNOT_SERVE = 1


def add_doctor_command(
    app: typer.Typer, *, default_model: ModelChoice, examine: Callable[[ModelChoice], Examination]
) -> None:
    """Give `app` the command.

    Args:
        app: where the command is added.
        default_model: what is looked at unless told otherwise.
        examine: looks at everything, with this model.
    """

    @app.command()
    def doctor(
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
        model: ModelOption = None,
        dtype: PrecisionOption = None,
        quantize: QuantisationOption = None,
    ) -> None:
        """Say what is missing, how to mend it and what the weights cost; exit code 0 if the chat can be served."""
        found = examine(default_model.changed(model, dtype, quantize))
        if as_json:
            print_json({"can_serve": found.can_serve, **asdict(found)})
        else:
            _print_checks(found.checks)
            _print_costs(found.costs)
            typer.echo("Ready: segearth serve" if found.can_serve else "Not ready yet; see the arrows above.")
        raise typer.Exit(0 if found.can_serve else EXIT_CANNOT_SERVE)


def _print_checks(checks: Sequence[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        verdict = typer.style("ok", fg="green") if check.passed else typer.style("--", fg="red", bold=True)
        typer.echo(f"{verdict}  {check.name:<{width}}  {check.finding}")
        if check.remedy is not None:
            typer.echo(f"    {'':<{width}}  -> {check.remedy}")


def _print_costs(costs: Sequence[ModelCost]) -> None:
    if not costs:
        return
    typer.echo(f"\n{'--dtype':<10}{'--quantize':<12}{'weights':>10}{'to load':>10}   memory, GB")
    for cost in costs:
        typer.echo(
            f"{cost.precision:<10}{cost.quantisation or '-':<12}"
            f"{cost.weights_bytes / 1e9:>10.1f}{cost.loading_bytes / 1e9:>10.1f}"
        )
    typer.echo("")
