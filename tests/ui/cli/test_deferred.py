"""A deferred command behaves as if it were mounted at once, but loads late."""

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from ui.cli.deferred import add_deferred_command


class Recorder:
    """Mounts `shout`, and remembers when and with what it was called."""

    def __init__(self) -> None:
        self.mounted = 0
        self.calls: list[tuple[str, int]] = []

    def mount(self, app: typer.Typer) -> None:
        self.mounted += 1

        @app.command()
        def shout(word: str, times: Annotated[int, typer.Option(help="How often.")] = 1) -> None:
            """Say it loudly."""
            self.calls.append((word, times))
            raise typer.Exit(7)


def build_app(recorder: Recorder, *, now: bool) -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    add_deferred_command(app, "shout", summary="Say it loudly.", mount=recorder.mount, now=now)
    return app


@pytest.mark.parametrize("now", [False, True])
def test_arguments_options_and_exit_code_pass_through(now: bool) -> None:
    recorder = Recorder()
    result = CliRunner().invoke(build_app(recorder, now=now), ["shout", "hello", "--times", "3"])
    assert recorder.calls == [("hello", 3)]
    assert result.exit_code == 7


@pytest.mark.parametrize("now", [False, True])
def test_its_own_help_is_shown(now: bool) -> None:
    result = CliRunner().invoke(build_app(Recorder(), now=now), ["shout", "--help"])
    assert result.exit_code == 0
    assert "How often." in result.stdout


@pytest.mark.parametrize("now", [False, True])
def test_a_wrong_option_is_refused(now: bool) -> None:
    recorder = Recorder()
    result = CliRunner().invoke(build_app(recorder, now=now), ["shout", "hello", "--volume", "11"])
    assert result.exit_code == 2
    assert recorder.calls == []


def test_it_is_listed_without_being_loaded() -> None:
    recorder = Recorder()
    result = CliRunner().invoke(build_app(recorder, now=False), ["--help"])
    assert "Say it loudly." in result.stdout
    assert recorder.mounted == 0
