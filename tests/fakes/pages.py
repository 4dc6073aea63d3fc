"""The real page on a real store in a test's folder, with the fake engine behind it."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from assistant.turns import TurnRunner
from assistant.waiting_line import TurnLimits, WaitingLine
from tests.fakes.engine import FakeEngine
from tests.fakes.stores import open_store
from ui.app import build_app, build_launch_arguments
from ui.interfaces import Example, PageSettings, UiServices, read_clock
from ui.metrics import PageMetrics

SECRET = b"a secret for tests only"
RED_BOX_XYXY = (20, 10, 40, 30)


@dataclass(frozen=True)
class ServedPage:
    """A page that answers HTTP.

    Attributes:
        url: its address, with a slash at the end.
        engine: answers its questions; may be told to fail or to wait.
        folder: where the test may write files to upload.
    """

    url: str
    engine: FakeEngine
    folder: Path


def write_red_box(path: Path, *, height: int = 48, width: int = 64) -> Path:
    """Write a grey picture with one red box at `RED_BOX_XYXY`; the fake engine marks the box."""
    rgb = np.full((height, width, 3), 120, dtype=np.uint8)
    left, top, right, bottom = RED_BOX_XYXY
    rgb[top:bottom, left:right] = (255, 0, 0)
    Image.fromarray(rgb).save(path)
    return path


@contextmanager
def open_services(folder: Path, engine: FakeEngine, *, limits: TurnLimits | None = None) -> Iterator[UiServices]:
    """Yield services on a store in `folder`, which is closed afterwards; opening it again finds what was kept."""
    with open_store(folder) as store:
        history, metrics = store.history, PageMetrics()
        line = WaitingLine(limits or TurnLimits(), on_change=metrics.waiting.set)
        turns = TurnRunner(engine, history, read_clock, line=line)
        yield UiServices(turns=turns, history=history, images=store.images, metrics=metrics)


def build_settings(folder: Path) -> PageSettings:
    """Return settings with one example, a red box."""
    example = Example(write_red_box(folder / "example.png"), "Where is the red box?", "Made for a test", "A red box")
    return PageSettings(cookie_secret=SECRET, examples=(example,))


@contextmanager
def serve_page(folder: Path, engine: FakeEngine, *, port: int | None = None) -> Iterator[ServedPage]:
    """Serve the page on a free port of this machine for as long as the block lasts."""
    settings = build_settings(folder)
    with open_services(folder, engine) as services:
        # In a thread of its own: Playwright keeps an event loop running in the test's.
        with ThreadPoolExecutor(max_workers=1) as starter:
            page, url = starter.submit(lambda: asyncio.run(_launch(services, settings, port))).result()
        try:
            yield ServedPage(url, engine, folder)
        finally:
            if engine.gate is not None:
                engine.gate.set()
            page.close()


async def _launch(services: UiServices, settings: PageSettings, port: int | None) -> tuple[gr.Blocks, str]:
    """Build and start the page; where no event loop runs, Gradio opens two and leaves them open."""
    page = build_app(services, settings)
    _, url, _ = page.launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        **build_launch_arguments(services, settings),
    )
    return page, url
