"""What the page needs from the parts around it, and how it is set up."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from assistant.events import Event
from assistant.interfaces import Clock, History
from assistant.turn_request import TurnRequest
from serving.image_ref import ImageRef
from ui.metrics import PageMetrics


class Turns(Protocol):
    """Runs one turn; `assistant.turns.TurnRunner` does."""

    def run(self, request: TurnRequest) -> Iterator[Event]:
        """Yield what the person sees, from the first stage to `Done` or `Failed`."""
        ...


class Images(Protocol):
    """Takes images in; `storage.images.ImageStore` does."""

    def admit_image(self, path: Path, name: str) -> ImageRef:
        """Check the file by its header, store it once, and return where it lies.

        Args:
            path: the uploaded file.
            name: its name as the person gave it.

        Raises:
            ImageError: the file cannot be used.
        """
        ...


@dataclass(frozen=True)
class Example:
    """A picture and a question to begin with.

    Attributes:
        path: the image file.
        question: what to ask about it.
        credit: who made the picture, and its licence.
        description: what the picture shows; its alternative text.
    """

    path: Path
    question: str
    credit: str
    description: str = ""


def read_clock() -> datetime:
    """Return the time of day."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class UiServices:
    """What the page works with.

    Attributes:
        turns: runs a question.
        history: conversations and masks.
        images: takes images in.
        clock: the time of day; history is shown by age.
        metrics: counts what happens; one registry per app.
    """

    turns: Turns
    history: History
    images: Images
    clock: Clock = read_clock
    metrics: PageMetrics = field(default_factory=PageMetrics)


@dataclass(frozen=True)
class PageSettings:
    """How the page is set up; complete, read once.

    Attributes:
        cookie_secret: signs the cookie that says who owns what; at least 16 bytes, kept across restarts so that
            people keep their conversations.
        examples: the cards of the empty page, four at best.
        model_label: which model answers, in a few words.
        max_upload_bytes: the largest file that is taken in.
        max_waiting: turns of everybody that may be with the engine or wait for it at once.
        secure_cookie: send the cookie over HTTPS only.
        frame_ancestors: other sites that may show the page in a frame (CSP sources); with any, the cookie is sent over
            HTTPS only and works inside their frames.
    """

    cookie_secret: bytes
    examples: tuple[Example, ...] = ()
    model_label: str = "SegEarth mini"
    max_upload_bytes: int = 256 * 1024 * 1024
    max_waiting: int = 32
    secure_cookie: bool = False
    frame_ancestors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.cookie_secret) < 16:
            raise ValueError(f"cookie_secret needs at least 16 bytes, got {len(self.cookie_secret)}")
