"""What a comparison of two images refers to in the conversation: the images, and what was looked for last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.conversation import Message
from assistant.errors import ImageNotInConversationError, OneImageTwiceError
from assistant.intents import Compare
from assistant.interfaces import History
from assistant.making import Asked, Compared, Refined, Revised
from assistant.moves import find_answers
from assistant.operations import AllOf, AtPoint, ImageChoice, Keep, Operation, Remove
from assistant.origins import trace_back
from assistant.planning import Plan, plan_class, plan_question
from assistant.refining import choose_image, list_images
from serving.image_ref import ImageRef


@dataclass(frozen=True)
class ImagePair:
    """Two images of a conversation.

    Attributes:
        earlier: the one to compare with.
        later: the one that is shown.
        numbers: of both in the conversation, from 1.
    """

    earlier: ImageRef
    later: ImageRef
    numbers: tuple[int, int]


@dataclass(frozen=True)
class Search:
    """What is looked for in both images.

    Attributes:
        thing: as a person called it.
        plan: how it is found.
        comparison: the answer that has compared two images for it already; None where none has.
    """

    thing: str
    plan: Plan
    comparison: Message | None = None


def choose_search(history: History, owner: str, thing: str | None, earlier: Sequence[Message]) -> Search | None:
    """Return what is to be looked for: the thing in its own words, else what was asked for last.

    Args:
        history: where answers come from.
        owner: who asks.
        thing: its own words, or None.
        earlier: the messages before the wish.

    Returns:
        None where no thing is named and nothing was ever asked.
    """
    if thing is not None:
        plan = plan_question(thing)
        return Search(thing, plan if plan.operations else plan_class(thing))
    for answer in reversed(find_answers(earlier)):
        *steps, origin = trace_back(history, owner, answer)
        match origin.making:
            case Compared(thing=named, question=question, operations=operations):
                return Search(named, Plan(question, None, operations), origin)
            case Asked(question=question, operations=operations):
                plan = Plan(question, None, _collect_operations(operations, steps[::-1]))
                return Search(origin.question or question, plan)
            case _:
                pass  # stored by a version that did not write down how it was made
    return None


def repeat_comparison(
    compared: Message, which: int | ImageChoice, messages: Sequence[Message], current: ImageRef
) -> Compare:
    """Return the wish to compare another image with the same earlier one, for the same thing.

    Args:
        compared: the answer that has compared two images.
        which: the other image.
        messages: of the conversation, the wish itself included.
        current: the image that the conversation is at.

    Raises:
        ImageNotInConversationError: there is no such image.
    """
    assert isinstance(compared.making, Compared), "a comparison says how it was made"
    numbers = {image.digest: number for number, image in enumerate(list_images(messages), start=1)}
    later = choose_image(which, messages, current)
    return Compare(None, compared.making.fates, numbers[compared.making.earlier_digest], numbers[later.digest])


def choose_pair(messages: Sequence[Message], current: ImageRef, wish: Compare, comparison: Message | None) -> ImagePair:
    """Return the two images that are meant.

    Args:
        messages: of the conversation, the wish itself included.
        current: the image that the conversation is at.
        wish: may name either image by its number.
        comparison: an answer that has compared two images, to go on with these where the wish names none.

    Raises:
        ImageNotInConversationError: there is no such image.
        OneImageTwiceError: both are the same.
    """
    images = list_images(messages)
    digests = [image.digest for image in images]
    later = digests.index(current.digest) if wish.later is None else _find(images, wish.later)
    if wish.earlier is not None:
        earlier = _find(images, wish.earlier)
    elif _is_pair_meant(wish, comparison, current):
        assert comparison is not None, "asked for in the condition"
        assert isinstance(comparison.making, Compared), "so a comparison is made"
        earlier = digests.index(comparison.making.earlier_digest)
    else:
        earlier = max(later - 1, 0)
    if earlier == later and wish.later is None:
        later = max((place for place in range(len(images)) if place != earlier), default=later)
    if earlier == later:
        raise OneImageTwiceError
    return ImagePair(images[earlier], images[later], (earlier + 1, later + 1))


def _is_pair_meant(wish: Compare, comparison: Message | None, current: ImageRef) -> bool:
    if wish.later is not None or comparison is None or comparison.image is None:
        return False
    return comparison.image.digest == current.digest


def _find(images: Sequence[ImageRef], number: int) -> int:
    place = number - 1 if number > 0 else len(images) + number
    if not 0 <= place < len(images):
        raise ImageNotInConversationError(count=len(images))
    return place


def _collect_operations(first: tuple[Operation, ...], answers: Sequence[Message]) -> tuple[Operation, ...]:
    """Return what was done with the model's mask up to the last of `answers`, as far as another image can repeat it."""
    operations = first
    for answer in answers:
        match answer.making:
            case Refined(operations=more):
                operations = (*operations, *more)
            case Revised(operations=anew):
                operations = anew
            case _:
                pass  # a place in one image says nothing of another
    return tuple(operation for operation in operations if not _is_pointing(operation))


def _is_pointing(operation: Operation) -> bool:
    if not isinstance(operation, Keep | Remove):
        return False
    criterion = operation.criterion
    return isinstance(criterion, AtPoint) or (
        isinstance(criterion, AllOf)
        and any(_is_pointing(replace(operation, criterion=one)) for one in criterion.criteria)
    )
