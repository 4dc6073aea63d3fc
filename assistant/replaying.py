"""Make every mask of a conversation again, from its images and from what was asked and done, and compare."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.applying import apply_operations, threshold_confidence
from assistant.conversation import Message
from assistant.conversation_tree import ConversationTree
from assistant.image_comparing import compare_images
from assistant.interfaces import Engine, History
from assistant.making import Asked, Compared, Making, Painted, Picked, Pointed, Refined, Revised
from assistant.marked import load_marked, mark_nothing
from assistant.masks.comparison import Comparison
from assistant.masks.strokes import paint_confidence, paint_strokes
from assistant.operations import OWN_LEVEL, Operation
from assistant.planning import Ask, Plan, carry_out, find_others, to_confidence
from assistant.refining import list_images
from serving.cancellation import Cancellation
from serving.image_ref import ImageRef
from serving.mask import Mask
from serving.prediction import Prediction


@dataclass(frozen=True)
class Replayed:
    """One mask, made again.

    Attributes:
        message: the answer that it belongs to.
        differing_px: pixels in which it, or the comparison that it is taken from, is not the stored one; None where it
            could not be made again, because the answer, or one that it builds on, was stored by a version that did
            not write down how.
        is_same_model: whether the weights are those that answered then.
    """

    message: Message
    differing_px: int | None
    is_same_model: bool

    @property
    def is_equal(self) -> bool:
        """Whether every pixel is as it was."""
        return self.differing_px == 0


@dataclass(frozen=True, eq=False)
class _Made:
    """A mask and what goes with it: the confidence map, uint8 (H, W), or the comparison that it is a part of."""

    mask: Mask
    confidence: NDArray[np.uint8] | None = None
    comparison: Comparison | None = None


def replay_masks(engine: Engine, history: History, owner: str, tree: ConversationTree) -> Iterator[Replayed]:
    """Yield every answer about an image with how its mask came out again, of all branches, the oldest first.

    No stored mask is built on, only compared with.

    Raises:
        ServingError: the model cannot answer.
        AssistantError: an operation cannot be done.
    """
    made: dict[str, _Made] = {}
    answers = [message for message in tree.messages if message.facts is not None]
    images = {image.digest: image for image in list_images(tree.messages)}
    last_use = {parent: message.id for message in answers for parent in message.mask_parents}
    for message in answers:
        if message.image is None:
            continue
        differing_px: int | None = None
        parents = [made[parent] for parent in message.mask_parents if parent in made]
        if message.making is not None and len(parents) == len(message.mask_parents):
            made[message.id] = _Maker(engine, message.image, images).make(message.making, parents)
            differing_px = _count_differing(made[message.id], history, owner, message)
        # A mask is kept for as long as another one builds on it: scenes are large, conversations long.
        for needed in (message.id, *message.mask_parents):
            if last_use.get(needed, message.id) == message.id:
                made.pop(needed, None)
        # What was painted on a bare image asked no model.
        is_same_model = message.model_digest in (None, engine.model_digest)
        yield Replayed(message, differing_px, is_same_model=is_same_model)


def _count_differing(made: _Made, history: History, owner: str, message: Message) -> int:
    differs = load_marked(history, owner, message.id).pixels != made.mask.pixels
    if message.comparison_digest is not None and made.comparison is not None:
        differs |= history.load_comparison(owner, message.id).codes != made.comparison.codes
    return int(np.count_nonzero(differs))


class _Maker:
    """Makes masks of one image, as the turns did.

    Args:
        engine: answers questions.
        image: what the masks are of.
        images: digest -> image, for all of the conversation.
    """

    def __init__(self, engine: Engine, image: ImageRef, images: Mapping[str, ImageRef]) -> None:
        self._engine = engine
        self._image = image
        self._images = images

    def make(self, making: Making, parents: Sequence[_Made]) -> _Made:
        """Return the mask that was made so, from the masks of its parents."""
        match making:
            case Asked(question=question, operations=operations):
                outcome = carry_out(Plan(question, None, operations), self._ask_about(self._image))
                is_kept = outcome.mask.pixel_count > 0 or operations
                return _Made(outcome.mask, to_confidence(outcome.prediction.mask_logits) if is_kept else None)
            case Refined(operations=operations):
                return self._operate(parents[0].mask, operations, parents[0].confidence)
            case Revised(operations=operations):
                confidence = parents[0].confidence
                if confidence is None:
                    return self._operate(parents[0].mask, operations, None)
                own = threshold_confidence(confidence, OWN_LEVEL, self._image.grid)
                return self._operate(own, operations, confidence)
            case Pointed(clicks=clicks, box=box, earlier=earlier):
                prediction = self._engine.refine(
                    self._image,
                    parents[0].mask if parents else None,
                    clicks=(*earlier, *clicks),
                    box=box,
                    cancellation=Cancellation(),
                    report_stage=_ignore,
                )
                return _Made(prediction.mask, to_confidence(prediction.mask_logits))
            case Painted(strokes=strokes):
                before = parents[0] if parents else _Made(mark_nothing(self._image.grid), None)
                return _Made(
                    paint_strokes(before.mask, strokes), paint_confidence(before.confidence, before.mask, strokes)
                )
            case Compared(question=question, operations=operations, earlier_digest=digest, fates=fates):
                plan = Plan(question, None, operations)
                comparison = compare_images(plan, self._images[digest], self._image, self._ask_about).comparison
                return _Made(comparison.select(fates), comparison=comparison)
            case Picked(fates=fates):
                assert parents[0].comparison is not None, "a part is picked from a comparison"
                return _Made(parents[0].comparison.select(fates))

    def _operate(self, mask: Mask, operations: tuple[Operation, ...], confidence: NDArray[np.uint8] | None) -> _Made:
        others, _ = find_others(operations, self._ask_about(self._image))
        return _Made(apply_operations(mask, operations, others, confidence), confidence)

    def _ask_about(self, image: ImageRef) -> Ask:
        def ask(question: str) -> Prediction:
            return self._engine.segment(image, question, cancellation=Cancellation(), report_stage=_ignore)

        return ask


def _ignore(stage: str) -> None:
    """Nobody waits for the stages."""
