"""Errors of ours become a sentence and exit code 2; bugs keep their traceback."""

import json

import pytest
import typer

from serving.errors import QuestionEmptyError
from ui.cli.reporting import speak_errors


def test_our_error_becomes_a_sentence_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as exit_info, speak_errors():
        raise QuestionEmptyError
    captured = capsys.readouterr()
    assert exit_info.value.exit_code == 2
    assert captured.out == ""
    assert captured.err.startswith("Please type a question")


def test_with_json_stdout_gets_the_sentence_as_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), speak_errors(as_json=True):
        raise QuestionEmptyError
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"error": str(QuestionEmptyError())}
    assert captured.err.startswith("Please type a question")


def test_a_bug_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), speak_errors(as_json=True):
        raise ZeroDivisionError
