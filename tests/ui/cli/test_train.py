"""Training runs in a process of its own, with its own options."""

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from ui.cli.train import add_train_command


def test_options_are_handed_on_unread_and_the_exit_code_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def record(command: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, returncode=5)

    monkeypatch.setattr("ui.cli.train.subprocess.run", record)
    app = typer.Typer()
    app.callback()(lambda: None)
    add_train_command(app)
    result = CliRunner().invoke(app, ["train", "--steps", "3", "--help"])
    assert commands == [[sys.executable, "-m", "training", "--steps", "3", "--help"]]
    assert result.exit_code == 5
