"""What an answer's mask was made of: the image, the words, the steps and the weights, as data for JSON."""

import dataclasses
from typing import Any

from assistant.conversation import Message
from assistant.making_json import to_tree
from assistant.operation_json import to_rows
from serving.image_ref import ImageRef


def describe_provenance(message: Message, *, program: str) -> dict[str, Any]:
    """Return everything that the history knows of how an answer came to be.

    Args:
        message: an answer about an image.
        program: name and version of this program.
    """
    return {
        "program": program,
        "conversation_id": message.conversation_id,
        "message_id": message.id,
        "answered_at": message.created_at.isoformat(),
        "image": None if message.image is None else _describe_image(message.image),
        "question": message.question,
        "answer": message.text,
        "score": message.score,
        "model_digest": message.model_digest,
        "making": None if message.making is None else to_tree(message.making),
        "made_from_messages": list(message.mask_parents),
        "operations": to_rows(message.operations),
        "mask_digest": message.mask_digest,
        "facts": None if message.facts is None else dataclasses.asdict(message.facts),
        "fates": {str(fate): dataclasses.asdict(facts) for fate, facts in message.fate_facts.items()} or None,
        "replay": f"segearth replay {message.conversation_id}",
    }


def _describe_image(image: ImageRef) -> dict[str, Any]:
    return {
        "name": image.name,
        "sha256": image.digest,
        "format": image.format,
        "notes": list(image.notes),
        **dataclasses.asdict(image.grid),
    }
