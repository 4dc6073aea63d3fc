"""Messages, images and facts with values to see; each field may be given."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.conversation import Message, Role, Status
from assistant.facts import Facts
from serving.grid import Grid
from serving.image_ref import ImageRef

IMAGE = ImageRef(
    digest="a" * 64,
    path=Path("harbour.png"),
    rendering_path=Path("harbour-rendering.png"),
    grid=Grid(768, 1024),
    name="harbour.png",
    format="PNG",
)

FACTS = Facts(
    pixel_count=1_200,
    share=0.042,
    count=3,
    largest_share=0.6,
    position="top left",
    area_m2=None,
    centroid_row_col=(10.0, 12.0),
    bounds_xyxy_px=(1, 2, 30, 40),
)

_MESSAGE = Message(
    id="m1",
    conversation_id="c1",
    parent_id=None,
    role=Role.USER,
    text="",
    created_at=datetime(2030, 1, 1, tzinfo=UTC),
    image=None,
    mask_digest=None,
    confidence_digest=None,
    question=None,
    facts=None,
    score=None,
    seconds={},
    model_digest=None,
    status=Status.COMPLETE,
)


def build_question(text: str, **fields: Any) -> Message:
    """Return what a person said."""
    return replace(_MESSAGE, id="q1", text=text, **fields)


def build_answer(text: str, **fields: Any) -> Message:
    """Return what the assistant said, without a mask."""
    return replace(_MESSAGE, id="a1", role=Role.ASSISTANT, text=text, **fields)


def build_mask_answer(question: str, **fields: Any) -> Message:
    """Return an answer with a mask of `IMAGE`."""
    given = {"image": IMAGE, "mask_digest": "b" * 64, "facts": FACTS, "score": 0.93, "seconds": {"decode": 0.5}}
    return build_answer("Found 3 separate areas.", **(given | {"question": question} | fields))
