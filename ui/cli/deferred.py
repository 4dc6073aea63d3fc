"""A command whose module is imported when it is called, so that the others start without its libraries."""

from collections.abc import Callable

import typer

from ui.cli.reference import PROGRAM

Mount = Callable[[typer.Typer], None]


def add_deferred_command(app: typer.Typer, name: str, *, summary: str, mount: Mount, now: bool = False) -> None:
    """Give `app` the command `name`.

    Args:
        app: where the command is added.
        name: of the command.
        summary: its line in `--help`.
        mount: imports what the command needs and adds it, under the same name, to the app it is given.
        now: mount it at once; for whoever reads the whole command line.
    """
    if now:
        mount(app)
        return

    # Options are read by the command itself, --help included.
    @app.command(
        name,
        help=summary,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    )
    def run_deferred(context: typer.Context) -> None:
        inner = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        inner.callback()(_do_nothing)  # so that a single command keeps its name
        mount(inner)
        inner(args=[name, *context.args], prog_name=PROGRAM)


def _do_nothing() -> None:
    """Ask an aerial or satellite image a question, get the mask."""
