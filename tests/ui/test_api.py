"""What a program sees of a turn on the way to its answer."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.client import Job

from tests.fakes.engine import FakeEngine
from tests.fakes.pages import ServedPage, serve_page, write_red_box

WAIT_S = 30.0


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    with serve_page(tmp_path_factory.mktemp("page"), FakeEngine()) as served:
        yield served


@pytest.fixture
def busy(page: ServedPage, tmp_path: Path) -> Iterator[threading.Event]:
    """The engine is busy with somebody's question until this is set."""
    page.engine.gate = threading.Event()
    page.engine.waiting.clear()
    job = submit(page, tmp_path)
    assert page.engine.waiting.wait(WAIT_S)
    yield page.engine.gate
    page.engine.gate.set()
    assert job.result(WAIT_S)["status"] == "complete"
    page.engine.gate = None


def submit(page: ServedPage, folder: Path) -> Job:
    image = write_red_box(folder / "box.png")
    return Client(page.url, verbose=False).submit(handle_file(image), "Where is red?", "", api_name="/ask")


def test_stages_come_before_the_answer(page: ServedPage, tmp_path: Path) -> None:
    page.engine.gate = gate = threading.Event()
    job = submit(page, tmp_path)
    told = next(step for step in job if step["text"] == "Reading the question")
    gate.set()
    page.engine.gate = None
    assert told["status"] == "working"
    assert (job.result(WAIT_S)["status"], job.result(WAIT_S)["pixels"]) == ("complete", 400)


def test_place_in_line_comes_before_the_answer(page: ServedPage, busy: threading.Event, tmp_path: Path) -> None:
    job = submit(page, tmp_path)
    told = next(job)
    assert [told[name] for name in ("status", "text", "ahead")] == ["waiting", "Waiting: 1 question before yours", 1]
    busy.set()
    assert job.result(WAIT_S)["status"] == "complete"


def test_plain_http_sees_the_place_in_line(page: ServedPage, busy: threading.Event, tmp_path: Path) -> None:
    with httpx.Client(base_url=f"{page.url}gradio_api/", timeout=WAIT_S) as client:
        image = write_red_box(tmp_path / "plain.png")
        uploaded = client.post("upload", files={"files": image.read_bytes()}).json()[0]
        data = [{"path": uploaded, "meta": {"_type": "gradio.FileData"}}, "Where is red?", ""]
        event = client.post("call/ask", json={"data": data}).json()["event_id"]
        told: list[dict[str, object]] = []
        with client.stream("GET", f"call/ask/{event}") as stream:
            for line in stream.iter_lines():
                if line.startswith("data: ["):
                    told += json.loads(line.removeprefix("data: "))
                    busy.set()
    assert (told[0]["status"], told[0]["ahead"]) == ("waiting", 1)
    assert told[-1]["status"] == "complete"


def test_program_that_gives_up_leaves_the_line(page: ServedPage, busy: threading.Event, tmp_path: Path) -> None:
    asked = len(page.engine.questions)
    job = submit(page, tmp_path)
    assert next(job)["status"] == "waiting"
    job.cancel()
    until = time.monotonic() + WAIT_S
    while "segearth_turns_waiting 0.0" not in httpx.get(f"{page.url}metrics").text:
        assert time.monotonic() < until, "it waits on"
    assert len(page.engine.questions) == asked
