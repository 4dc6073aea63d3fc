"""Many chats at once, measured on the tiny model; the table, the picture and what is refused."""

import json
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from typer.testing import CliRunner

from evaluation.packs.report import refer_to_file
from evaluation.speed.serving import ServingRow, Spending, measure_chats, plot_serving
from evaluation.speed.serving_command import build_bench_app
from serving.cancellation import Cancellation
from serving.engine import SegEarthEngine
from serving.errors import QuestionEmptyError
from serving.image_ref import ImageRef
from serving.loading import load_engine
from serving.model_choice import ModelChoice
from serving.vllm_process.process_group import find_family, read_processor_seconds
from tests.fakes.tiny_released import write_tiny_checkpoint


class Writing:
    """The tiny model's own backend, which writes no text, with three pieces of it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.texts = 0

    def prefill_hidden(self, *args: Any, **options: Any) -> Tensor:
        hidden: Tensor = self._inner.prefill_hidden(*args, **options)
        return hidden

    def stream_text(self, *args: Any, **options: Any) -> Generator[str, None, None]:
        self.texts += 1
        yield from ("one ", "two ", "three")

    def rate_replies(self, *args: Any, **options: Any) -> list[float]:
        rated: list[float] = self._inner.rate_replies(*args, **options)
        return rated

    def close(self) -> None:
        self._inner.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> SegEarthEngine:
    folder = write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"))
    engine = load_engine(ModelChoice(folder), cache_dir=folder, device="cpu")
    engine._backend = Writing(engine._backend)
    return engine


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    paths = [folder / "a.jpg", folder / "b.jpg"]
    for seed, path in enumerate(paths):
        pixels = np.random.default_rng(seed).integers(0, 255, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    return paths


@pytest.fixture
def images(pictures: list[Path]) -> list[ImageRef]:
    return [refer_to_file(path) for path in pictures]


def test_every_chat_has_its_turns(engine: SegEarthEngine, images: list[ImageRef]) -> None:
    writing = engine._backend
    assert isinstance(writing, Writing)
    writing.texts = 0
    row = measure_chats(engine, images, backend="tiny", chats=3, turns=2, words=4)
    assert (row.backend, row.chats, row.turns) == ("tiny", 3, 6)
    assert writing.texts == 6 + len(images)  # and once an image before the clock starts
    assert 0 < row.mask_p50_s <= row.mask_p95_s
    assert 0 < row.first_text_p50_s <= row.first_text_p95_s
    assert row.turns_per_s > 0
    assert row.peak_bytes > 50_000_000, "this process alone holds more"
    assert row.spending.processor_s_here > 0
    assert 0 < row.spending.language_p50_s + row.spending.mask_head_p50_s < row.mask_p95_s
    assert row.spending.text_p50_s >= row.first_text_p50_s


def test_work_of_processes_that_were_started_is_told_apart() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert child.pid in find_family()
        assert read_processor_seconds((child.pid,)) >= 0.25
        child.communicate(b"\n")
    assert read_processor_seconds((child.pid,)) == 0


def test_the_command_writes_table_and_picture(engine: SegEarthEngine, pictures: list[Path], tmp_path: Path) -> None:
    asked: list[str] = []

    @contextmanager
    def open_engine(backend: str, *, extracts: bool = True) -> Iterator[SegEarthEngine]:
        assert extracts, "masks need hidden states"
        asked.append(backend)
        yield engine

    app = build_bench_app(open_engine, examples=pictures[0].parent)
    arguments = ["serving", "--chats", "1,2", "--turns", "1", "--out", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert asked == ["vllm", "transformers"]
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["backend"], row["chats"]) for row in printed] == [
        ("vllm", 1), ("vllm", 2), ("transformers", 1), ("transformers", 2),
    ]  # fmt: skip
    assert json.loads((tmp_path / "out" / "serving.json").read_text()) == printed
    with Image.open(tmp_path / "out" / "serving.png") as picture:
        assert picture.size[0] > 1000


@pytest.mark.parametrize("chats", ["0", "two", "1,,2", "-1"])
def test_counts_that_are_none_are_refused(chats: str, tmp_path: Path) -> None:
    @contextmanager
    def open_engine(backend: str, *, extracts: bool = True) -> Iterator[SegEarthEngine]:
        pytest.fail("the model was loaded for nothing")
        yield

    result = CliRunner().invoke(build_bench_app(open_engine, examples=tmp_path), ["serving", "--chats", chats])
    assert result.exit_code == 2


def test_the_picture_is_drawn_for_one_backend_too(tmp_path: Path) -> None:
    row = ServingRow("one", 1, 1, 1.0, 0.1, 0.2, 0.1, 0.2, 1, Spending(0.5, 0.0, 0.1, 0.1, 0.1))
    plot_serving([row], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000


def test_an_engine_s_text_asks_for_words(engine: SegEarthEngine, images: list[ImageRef]) -> None:
    pieces = engine.stream_text(images[0], "Where?", max_tokens=3, cancellation=Cancellation())
    assert list(pieces) == ["one ", "two ", "three"]
    with pytest.raises(QuestionEmptyError):
        next(iter(engine.stream_text(images[0], " ", max_tokens=3, cancellation=Cancellation())))
    assert not torch.is_inference_mode_enabled()
