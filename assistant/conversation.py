"""A conversation: messages, and the image and mask that each one is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from assistant.facts import Facts
from assistant.intents import Choice
from assistant.making import Making
from assistant.masks.comparison import Fate
from assistant.operations import Operation
from serving.image_ref import ImageRef


class Role(StrEnum):
    """Who speaks."""

    USER = "user"
    ASSISTANT = "assistant"


class Status(StrEnum):
    """How a message ended."""

    COMPLETE = "complete"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class NewMessage:
    """A message that is not stored yet; see `Message` for the fields."""

    role: Role
    text: str
    image: ImageRef | None = None
    mask_digest: str | None = None
    confidence_digest: str | None = None
    question: str | None = None
    facts: Facts | None = None
    score: float | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    model_digest: str | None = None
    status: Status = Status.COMPLETE
    operations: tuple[Operation, ...] = ()
    making: Making | None = None
    mask_parents: tuple[str, ...] = ()
    comparison_digest: str | None = None
    fate_facts: Mapping[Fate, Facts] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Message:
    """A stored message.

    Attributes:
        id: opaque, unique.
        conversation_id: the conversation it belongs to.
        parent_id: the message it answers or follows; None for the first.
        role: who speaks.
        text: plain text, never HTML.
        created_at: UTC, timezone-aware.
        image: the image the message is about; None when there is none yet.
        mask_digest: digest of the mask's blob (1-bit PNG of the image's size); None when no mask was made.
        confidence_digest: digest of the 8-bit confidence map (PNG, 255 = certain) of the model's own mask, with which
            `operations` begin; None when no mask was made.
        question: what the image was asked; set together with `facts`, also where nothing was found. None where it was
            never asked anything, and the mask was made by hand alone.
        facts: measured from the answer, zero pixels where nothing was found; None on every message that is not
            the answer to a question put to the image or to a change by hand.
        score: the model's confidence, 0..1.
        seconds: time per stage.
        model_digest: SHA-256 of the weights that answered.
        status: how it ended.
        operations: what was done with the model's own mask to come to this one, in order.
        making: how the mask was made; None where none was, or by a version that did not write it down.
        mask_parents: ids of the messages whose masks it was made from; none where the model was asked anew.
        comparison_digest: digest of the blob that says what became of each pixel since another image, of the image's
            size; None where nothing was compared.
        fate_facts: measured from it, for each fate; none where nothing was compared.
        choices: what a question back, or an answer that found nothing, offers; of a person's message, the one choice
            that it takes.
    """

    id: str
    conversation_id: str
    parent_id: str | None
    role: Role
    text: str
    created_at: datetime
    image: ImageRef | None
    mask_digest: str | None
    confidence_digest: str | None
    question: str | None
    facts: Facts | None
    score: float | None
    seconds: Mapping[str, float]
    model_digest: str | None
    status: Status
    operations: tuple[Operation, ...] = ()
    making: Making | None = None
    mask_parents: tuple[str, ...] = ()
    comparison_digest: str | None = None
    fate_facts: Mapping[Fate, Facts] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class ConversationSummary:
    """One line of the history list."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    message_count: int
