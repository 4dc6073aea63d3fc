"""The engine is started with and without hidden states in turns, and the pieces that it writes are counted."""

import json
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from evaluation.packs.report import refer_to_file
from evaluation.speed.extraction_cost import ExtractionRow, measure_text
from evaluation.speed.serving_command import build_bench_app
from serving.engine import SegEarthEngine


class Writing:
    """Writes three pieces, each after a while."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._never = threading.Event()

    def stream_text(self, *args: Any, **options: Any) -> Generator[str, None, None]:
        for piece in ("one ", "two ", "three"):
            self._never.wait(self._seconds)
            yield piece


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.jpg"
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(path)
    return path


def test_pieces_of_all_replies_count(picture: Path) -> None:
    engine = cast("SegEarthEngine", Writing(0.02))
    alone = measure_text(engine, [refer_to_file(picture)], streams=1, words=8)
    together = measure_text(engine, [refer_to_file(picture)], streams=6, words=8)
    assert 0 < alone <= 50  # no faster than a piece in 0.02 s
    assert 0 < together <= 300


def test_both_kinds_of_engine_are_started_in_turns(picture: Path) -> None:
    started: list[bool] = []

    @contextmanager
    def open_engine(backend: str, *, extracts: bool = True) -> Iterator[SegEarthEngine]:
        assert backend == "vllm"
        started.append(extracts)
        yield cast("SegEarthEngine", Writing(0.2 if extracts else 0.001))

    app = build_bench_app(open_engine, examples=picture.parent)
    result = CliRunner().invoke(app, ["extraction", "--streams", "1,2", "--rounds", "2", "--json"])
    assert result.exit_code == 0, result.output
    assert started == [True, False, True, False]
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["streams"] for row in rows] == [1, 2]
    assert all(row["ratio"] == pytest.approx(row["with_hidden_states"] / row["without"]) for row in rows)
    assert all(0 < row["with_hidden_states"] <= 5 * row["streams"] for row in rows)  # of the slow one


def test_the_ratio_is_what_is_left_of_the_speed() -> None:
    assert ExtractionRow(streams=8, with_hidden_states=30.0, without=40.0).ratio == 0.75
