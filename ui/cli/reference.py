"""`segearth reference`: the command line as Markdown, from the program's own help texts; docs/cli.md is its output."""

from collections.abc import Callable, Iterator

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

PROGRAM = "segearth"


def add_reference_command(app: typer.Typer, *, build_whole: Callable[[], typer.Typer]) -> None:
    """Give `app` the command; hidden, since it serves `make docs`.

    Args:
        app: where the command is added.
        build_whole: returns the command line with every command mounted.
    """

    @app.command(hidden=True)
    def reference() -> None:
        """Print this command line as Markdown."""
        typer.echo(render_reference(build_whole()), nl=False)


def render_reference(app: typer.Typer) -> str:
    """Return every command of `app` that is not hidden, with its arguments and options, as Markdown."""
    root = typer.main.get_command(app)
    lines = ["# Command line", "", "Made by `make docs` from the program's own help texts.", ""]
    for name, command in _walk(root, PROGRAM):
        lines += [f"## {name}", "", (command.help or "").strip(), ""]
        rows = list(_describe_parameters(command))
        if rows:
            lines += ["| argument or option | default | meaning |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def _walk(command: object, name: str) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperCommand):
        yield name, command
    if isinstance(command, TyperGroup):
        for child_name, child in sorted(command.commands.items()):
            if not child.hidden:
                yield from _walk(child, f"{name} {child_name}")


def _describe_parameters(command: TyperCommand) -> Iterator[str]:
    context = typer.Context(command)
    preset = command.context_settings.get("default_map", {})
    for parameter in command.params:
        help_text = " ".join(str(getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
        default = "required" if parameter.required else _write_default(parameter.default)
        if parameter.name in preset:
            default = "from the settings"
        if isinstance(parameter, TyperOption):
            flags = ", ".join([*parameter.opts, *parameter.secondary_opts])
            written = flags if parameter.is_flag else f"{flags} {parameter.display_type(context)}"
        else:
            written = (parameter.name or "").upper()
        # A choice is shown as <one|other>; a bare bar would end the table's cell.
        yield f"| `{written.replace('|', chr(92) + '|')}` | {default} | {help_text} |"


def _write_default(default: object) -> str:
    return "" if default in (None, False, "", (), []) or callable(default) else f"`{default}`"
