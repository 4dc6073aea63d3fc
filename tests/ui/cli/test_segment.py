"""A question at the terminal, answered by the fake engine: pixels of the colour that is named."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from assistant.interfaces import Engine
from serving.errors import CheckpointMissingError
from serving.imagery.admission import ImageLimits
from serving.model_choice import ModelChoice
from tests.fakes.engine import FakeEngine
from ui.cli.segment import add_segment_command

HEIGHT, WIDTH = 24, 32
RED_ROWS, RED_COLUMNS = slice(2, 8), slice(3, 13)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A green picture with a red rectangle in its top left."""
    rgb = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    rgb[..., 1] = 255
    rgb[RED_ROWS, RED_COLUMNS] = (255, 0, 0)
    path = tmp_path / "picture.png"
    Image.fromarray(rgb).save(path)
    return path


class Program:
    """The command over a fake engine; remembers whether the engine was opened and left."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.opened = 0
        self.left = 0
        self.failure: Exception | None = None
        self.app = typer.Typer()
        self.app.callback()(lambda: None)
        self.choices: list[ModelChoice] = []
        add_segment_command(
            self.app,
            default_model=ModelChoice("mini"),
            open_engine=self._open_engine,
            limits=ImageLimits(max_pixels=10_000),
        )

    def run(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(self.app, ["segment", *map(str, arguments)])

    def run_json(self, *arguments: str | Path) -> list[dict[str, Any]]:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    @contextmanager
    def _open_engine(self, choice: ModelChoice) -> Iterator[Engine]:
        self.opened += 1
        self.choices.append(choice)
        if self.failure is not None:
            raise self.failure
        yield self.engine
        self.left += 1


@pytest.fixture
def program() -> Program:
    return Program()


def read_grey(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("L"))


def test_json_is_one_object_with_what_was_measured(program: Program, picture: Path) -> None:
    (row,) = program.run_json(picture, "where is the red thing?")
    assert row["found"] is True
    assert (row["pixels"], row["count"], row["width"], row["height"]) == (60, 1, WIDTH, HEIGHT)
    assert row["mask"] is None
    assert row["area_m2"] is None
    assert 0 <= row["score"] <= 1
    assert row["text"].startswith("Found one area")
    assert {"admit", "read", "encode", "language", "decode", "measure", "total"} <= set(row["seconds"])
    assert program.left == 1


def test_a_compound_question_is_taken_apart_unless_the_model_is_to_answer_alone(
    program: Program, picture: Path, tmp_path: Path
) -> None:
    question = "everything except the red roofs"
    (row,) = program.run_json(picture, question, "--out", tmp_path / "mask.png")
    assert (row["asked"], row["operations"]) == ("Segment all the red roofs.", [{"op": "invert"}])
    assert row["pixels"] == HEIGHT * WIDTH - 60
    assert np.count_nonzero(read_grey(tmp_path / "mask.png")) == row["pixels"]
    assert row["text"].startswith("Marked all red roofs, then: ")
    (alone,) = program.run_json(picture, question, "--alone")
    assert (alone["asked"], alone["operations"], alone["pixels"]) == (question, [], 60)


def test_a_count_is_answered_with_a_number_and_a_slip_is_mended(program: Program, picture: Path) -> None:
    (row,) = program.run_json(picture, "how many red airplnes are there?")
    assert row["text"].startswith("I count one. ")
    assert "airplanes" in row["text"]


def test_the_mask_is_written_white_where_the_thing_is(program: Program, picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.png"
    (row,) = program.run_json(picture, "red", "--out", out)
    assert row["mask"] == str(out)
    expected = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    expected[RED_ROWS, RED_COLUMNS] = 255
    np.testing.assert_array_equal(read_grey(out), expected)


def test_the_overlay_changes_the_marked_pixels_and_leaves_far_ones(
    program: Program, picture: Path, tmp_path: Path
) -> None:
    overlay = tmp_path / "overlay.png"
    program.run_json(picture, "red", "--overlay", overlay)
    with Image.open(overlay) as opened:
        rgb = np.asarray(opened.convert("RGB"))
    assert rgb.shape == (HEIGHT, WIDTH, 3)
    assert (rgb[RED_ROWS, RED_COLUMNS] != (255, 0, 0)).any(axis=2).all()
    assert (rgb[20:, 20:] == (0, 255, 0)).all()


def test_nothing_found_is_said_and_its_mask_is_empty(program: Program, picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.png"
    (row,) = program.run_json(picture, "where is nothing?", "--out", out)
    assert (row["found"], row["pixels"], row["count"]) == (False, 0, 0)
    assert not read_grey(out).any()


def test_a_second_question_skips_admission_and_the_encoder(program: Program, picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.png"
    first, second = program.run_json(picture, "red", "--also", "green", "--out", out)
    assert {"admit", "encode"} <= set(first["seconds"])
    assert not {"admit", "encode"} & set(second["seconds"])
    assert second["pixels"] == HEIGHT * WIDTH - 60
    assert second["mask"] == str(tmp_path / "mask-2.png")
    np.testing.assert_array_equal(read_grey(out) == 0, read_grey(tmp_path / "mask-2.png") == 255)
    assert program.opened == 1


def test_repeating_prints_one_object_for_each_answer(program: Program, picture: Path) -> None:
    rows = program.run_json(picture, "red", "--also", "green", "--repeat", "3")
    assert [row["question"] for row in rows] == ["red"] * 3 + ["green"] * 3


def test_people_get_the_sentence_on_stdout_and_the_stages_on_stderr(program: Program, picture: Path) -> None:
    result = program.run(picture, "red")
    assert result.stdout.startswith("Found one area")
    assert "Looking at the image" in result.stderr
    assert "Looking at the image" not in result.stdout


def assert_refused(result: Result, *words: str) -> None:
    """A sentence on stderr, the same as JSON on stdout, exit code 2, no traceback."""
    assert result.exit_code == 2, result.output
    sentence = json.loads(result.stdout)["error"]
    assert sentence == result.stderr.strip()
    for word in words:
        assert word in sentence


def test_a_file_that_is_not_there_is_refused_before_the_model_is_loaded(program: Program, tmp_path: Path) -> None:
    assert_refused(program.run(tmp_path / "gone.png", "red", "--json"), "gone.png")
    assert program.opened == 0


@pytest.mark.parametrize(("content", "word"), [(b"", "empty"), (b"just words, no image", "could not be read")])
def test_a_file_that_is_no_image_is_refused(program: Program, tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "file.png").write_bytes(content)
    assert_refused(program.run(tmp_path / "file.png", "red", "--json"), word)
    assert program.opened == 0


def test_an_image_above_the_limit_is_refused(program: Program, tmp_path: Path) -> None:
    Image.new("RGB", (200, 200)).save(tmp_path / "large.png")
    assert_refused(program.run(tmp_path / "large.png", "red", "--json"), "200", "limit")


@pytest.mark.parametrize("question", ["", "   \n"])
def test_an_empty_question_is_refused_before_the_model_is_loaded(
    program: Program, picture: Path, question: str
) -> None:
    assert_refused(program.run(picture, question, "--json"), "question")
    assert program.opened == 0


def test_a_question_of_100_kb_is_refused(program: Program, picture: Path) -> None:
    assert_refused(program.run(picture, "a" * 100_000, "--json"), "100,000", "limit")


def test_markup_in_a_question_is_only_text(program: Program, picture: Path) -> None:
    (row,) = program.run_json(picture, "<script>alert(1)</script> nothing")
    assert row["found"] is False


def test_missing_weights_are_a_sentence(program: Program, picture: Path) -> None:
    program.failure = CheckpointMissingError(what="model.safetensors", remedy="Run `make install`.")
    assert_refused(program.run(picture, "red", "--json"), "model.safetensors", "make install")


def test_the_image_is_never_written_over(program: Program, picture: Path) -> None:
    before = picture.read_bytes()
    assert_refused(program.run(picture, "red", "--out", picture, "--json"), "replace")
    assert picture.read_bytes() == before


def test_a_picture_that_is_no_png_by_name_is_refused(program: Program, picture: Path, tmp_path: Path) -> None:
    assert_refused(program.run(picture, "red", "--out", tmp_path / "mask.tif", "--json"), ".png")


def test_a_folder_that_is_not_there_is_refused_before_the_model_is_loaded(
    program: Program, picture: Path, tmp_path: Path
) -> None:
    assert_refused(program.run(picture, "red", "--out", tmp_path / "no" / "mask.png", "--json"), "no folder")
    assert program.opened == 0


def test_mask_and_overlay_cannot_be_one_file(program: Program, picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "both.png"
    assert_refused(program.run(picture, "red", "--out", out, "--overlay", out, "--json"), "one file")


def test_the_model_that_is_named_is_the_one_that_answers(program: Program, picture: Path) -> None:
    program.run(picture, "Where?")
    program.run(picture, "Where?", "--model", "owner/name", "--dtype", "fp16", "--quantize", "int8")
    assert program.choices == [ModelChoice("mini"), ModelChoice("owner/name", "fp16", "int8")]
