"""What a turn may mean."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Segment:
    """Mark in the image what the question asks for."""

    question: str


class Topic(StrEnum):
    """What an `Ask` wants to know about the mask that is already there."""

    SUMMARY = "summary"
    COUNT = "count"
    AREA = "area"
    SHARE = "share"
    POSITION = "position"
    CONFIDENCE = "confidence"


@dataclass(frozen=True)
class Ask:
    """Say something measured about the mask that is already there."""

    topic: Topic
    question: str


Intent = Segment | Ask
