"""A program that asks an engine behind ZeroGPU what its test wants to know, and prints what happened as JSON.

The real `spaces` forks a real process here. Its test hides torch from this program, so that `spaces` leaves devices
alone.
"""

import json
import os
from pathlib import Path

from PIL import Image

from assistant.interfaces import Engine
from serving.cancellation import Cancellation
from serving.clicks import Click
from serving.errors import LanguageUnavailableError, ServingError
from serving.grid import Grid
from serving.image_ref import ImageRef
from tests.fakes.engine import FakeEngine
from ui.zero_gpu import ZeroGpuEngine


def main(folder: Path) -> None:
    """Ask one question after the other; `folder` holds the picture and the notes."""
    picture = folder / "picture.png"
    Image.new("RGB", (6, 4), "red").save(picture)
    image = ImageRef("digest", picture, picture, Grid(4, 6), "picture.png", "PNG")
    notes = folder / "loaded.txt"

    def load() -> FakeEngine:
        with notes.open("a") as file:
            file.write(f"{os.getpid()}\n")
        return FakeEngine()

    engine: Engine = ZeroGpuEngine(load, model_digest="weights")

    def ask(question: str, *, stop_at: str = "") -> dict[str, object]:
        stages: list[str] = []
        cancellation = Cancellation()

        def note(stage: str) -> None:
            stages.append(stage)
            if stage == stop_at:
                cancellation.cancel()

        try:
            found = engine.segment(image, question, cancellation=cancellation, report_stage=note)
        except ServingError as error:
            return {"stages": stages, "error": type(error).__name__, "sentence": str(error)}
        return {"stages": stages, "pixels": found.mask.pixel_count}

    told: dict[str, object] = {
        "parent": os.getpid(),
        "first": ask("Where is the red?"),
        "second": ask("Where is the blue?"),
        "too long": ask("x" * 2_001),
        "stopped": ask("Where is the red?", stop_at="read"),
        "after": ask("Where is the red?"),
    }
    clicks = [Click(1.0, 1.0, is_positive=True)]
    refined = engine.refine(
        image, None, clicks=clicks, box=None, cancellation=Cancellation(), report_stage=lambda _: None
    )
    told["refined"] = refined.mask.pixel_count
    try:
        told["rated"] = list(engine.rate_meanings("it is odd", ["invert it"], cancellation=Cancellation()))
    except LanguageUnavailableError as error:
        told["rated"] = str(error)
    (folder / "refusal").touch()
    told["quota"] = ask("Where is the red?")
    told["loaded"] = [int(line) for line in notes.read_text().split()]
    (folder / "told.json").write_text(json.dumps(told))
