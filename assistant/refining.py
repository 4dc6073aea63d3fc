"""What a refinement refers to in the conversation: the image, the things called "ones", and what was done before."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assistant.conversation import Message, Role
from assistant.errors import ImageNotInConversationError
from assistant.intents import Choice, Refine, Segment
from assistant.making import Compared, Picked
from assistant.operations import AllOf, ImageChoice, Keep, Operation, Remove, RepeatInImage
from assistant.routing.router import route
from serving.image_ref import ImageRef


def list_images(messages: Sequence[Message]) -> tuple[ImageRef, ...]:
    """Return the images of a conversation, each once, in the order in which they came."""
    images = {message.image.digest: message.image for message in reversed(messages) if message.image is not None}
    order = dict.fromkeys(message.image.digest for message in messages if message.image is not None)
    return tuple(images[digest] for digest in order)


def find_image(messages: Sequence[Message]) -> ImageRef | None:
    """Return the latest image, or None when there is none yet."""
    return next((message.image for message in reversed(messages) if message.image), None)


def find_answer(messages: Sequence[Message], image: ImageRef | None = None) -> Message | None:
    """Return the latest answer to a question put to `image`, or to any image; None when there is none yet."""
    for message in reversed(messages):
        if message.facts is None or message.image is None:
            continue
        if image is None or message.image.digest == image.digest:
            return message
    return None


def choose_image(which: int | ImageChoice, messages: Sequence[Message], current: ImageRef) -> ImageRef:
    """Return the image of the conversation that `which` means, seen from `current`.

    Raises:
        ImageNotInConversationError: there is no such image.
    """
    images = list_images(messages)
    digests = [image.digest for image in images]
    position = digests.index(current.digest) if current.digest in digests else len(images)
    match which:
        case ImageChoice.THIS:
            wanted = position
        case ImageChoice.LAST:
            wanted = len(images) - 1
        case ImageChoice.NEXT:
            wanted = position + 1
        case ImageChoice.PREVIOUS:
            wanted = position - 1
        case ImageChoice.OTHER:
            # The only other one, or the one looked at before this one.
            wanted = 1 - position if len(images) == 2 and position < 2 else position - 1
        case number:
            wanted = number - 1
    if not 0 <= wanted < len(images):
        raise ImageNotInConversationError(count=len(images))
    return images[wanted]


def collect_script(messages: Sequence[Message], answer: Message) -> tuple[str, ...]:
    """Return what was said to come to `answer`: the question to the image, then each refinement, in order.

    Args:
        messages: of the conversation, in order, `answer` among them.
        answer: has facts.
    """
    script: list[str] = []
    said = ""
    chosen: tuple[Choice, ...] = ()
    for message in messages:
        if message.role is Role.USER:
            said, chosen = (message.text, message.choices) if message.text else (said, chosen)
            continue
        is_answer = message.facts is not None and message.image is not None and answer.image is not None
        if not is_answer or message.image is None or answer.image is None:
            continue
        if message.image.digest != answer.image.digest:
            continue
        intent = chosen[0].intent if chosen else route(said, has_answer=bool(script))
        if not (message.question or "").endswith(said):
            pass  # changed by hand: what stands there was not said
        elif isinstance(message.making, Compared):
            script = [said]
        elif isinstance(message.making, Picked):
            script.append(said)
        elif isinstance(intent, Segment):
            script = [said]
        elif isinstance(intent, Refine) and not any(isinstance(one, RepeatInImage) for one in intent.operations):
            script.append(said)
        if message.id == answer.id:
            break
    return tuple(script)


def name_ones(operations: tuple[Operation, ...], subject: str | None) -> tuple[Operation, ...]:
    """Return operations in which "the white ones" are called by what was asked for: "the white storage tanks".

    Args:
        operations: any.
        subject: what was asked for, in the plural; None where it has no name, which changes nothing.
    """
    return operations if subject is None else tuple(_name_ones(operation, subject) for operation in operations)


def _name_ones(part: Any, subject: str) -> Any:
    if isinstance(part, Keep | Remove):
        return replace(part, criterion=_name_ones(part.criterion, subject))
    if isinstance(part, AllOf):
        return replace(part, criteria=tuple(_name_ones(one, subject) for one in part.criteria))
    other = getattr(part, "other", None)
    if other is None or "ones" not in other.split():
        return part
    return replace(part, other=" ".join(subject if word == "ones" else word for word in other.split()))
