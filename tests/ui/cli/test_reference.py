"""The reference of the command line is made from the program."""

from typing import Annotated, Literal

import typer

from ui.cli.reference import add_reference_command, render_reference


def build_app() -> typer.Typer:
    app = typer.Typer()
    add_reference_command(app, build_whole=lambda: app)

    @app.command()
    def greet(
        name: Annotated[str, typer.Argument(help="Who to greet.")],
        times: Annotated[int, typer.Option(min=1, help="How often | how loud.")] = 3,
        tone: Annotated[Literal["low", "high"], typer.Option(help="Which voice.")] = "low",
    ) -> None:
        """Say hello."""

    return app


def test_a_command_is_listed_with_its_argument_and_option() -> None:
    text = render_reference(build_app())
    assert "## segearth greet\n\nSay hello.\n" in text
    assert "| `NAME` | required | Who to greet. |" in text
    assert "| `--times <int range>` | `3` | How often \\| how loud. |" in text
    assert "| `--tone <low\\|high>` | `low` | Which voice. |" in text


def test_hidden_commands_are_left_out() -> None:
    assert "segearth reference" not in render_reference(build_app())
