"""Make the answers to changes by hand: other steps from the model's mask on, places pointed at, strokes painted."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import structlog
from numpy.typing import NDArray
from structlog.typing import FilteringBoundLogger

from assistant.applying import apply_operations, threshold_confidence
from assistant.changes import Change, Painting, Pointing, Revision
from assistant.conversation import Message, NewMessage, Role
from assistant.engine_visit import EngineDoor, Report
from assistant.errors import MaskNotFoundError, StrokeOutsideImageError
from assistant.events import Event
from assistant.interfaces import History
from assistant.making import Making, Painted, Pointed, Revised
from assistant.marked import load_mask_of
from assistant.mask_answers import Note, show
from assistant.masks.strokes import Stroke, cover_stroke, paint_confidence, paint_strokes
from assistant.measuring import measure_facts
from assistant.operations import OWN_LEVEL, Operation, name_others
from assistant.origins import find_beginning
from assistant.planning import find_others, to_confidence
from assistant.pointing import find_middle, keep_standing
from assistant.refined_answering import describe_painted, describe_pointed, describe_refined
from assistant.staged_work import run_staged
from assistant.stages import to_stage
from serving.cancellation import Cancellation
from serving.clicks import Click
from serving.image_ref import ImageRef
from serving.mask import Mask
from serving.prediction import Prediction


class MaskChanges:
    """Changes masks by hand; keeps nothing between changes.

    Args:
        door: the way to the engine, which finds things that steps name, and refines by clicks.
        history: where masks and confidence maps are.
    """

    def __init__(self, door: EngineDoor, history: History) -> None:
        self._door = door
        self._history = history
        self._log: FilteringBoundLogger = structlog.get_logger("assistant.mask_changes")

    def answer(
        self, owner: str, change: Change, conversation_id: str, note: Note, cancellation: Cancellation
    ) -> Generator[Event, None, NewMessage]:
        """Yield stages, mask and text of a changed answer; return it, ready to be stored.

        Args:
            owner: who asks.
            change: what to do.
            conversation_id: where the answer will be stored, and what is changed must be.
            note: takes the answer before anything of it is shown.
            cancellation: to stop it.

        Raises:
            MaskNotFoundError: there is no image to point at or to paint on, no answer to set steps of, or not here.
            ConfidenceMissingError: steps from a model's mask whose confidence map was not kept.
            PromptError: a click or a box beside the image.
            StrokeOutsideImageError: no stroke touches the image.
        """
        answer = self._history.get_message(owner, change.answer_id)
        if answer.image is None or answer.conversation_id != conversation_id:
            raise MaskNotFoundError
        match change:
            case Revision(operations=operations):
                return (yield from self._revise(owner, answer, answer.image, operations, note, cancellation))
            case Pointing():
                return (yield from self._point(owner, answer, answer.image, change, note, cancellation))
            case Painting(strokes=strokes):
                return (yield from self._paint(owner, answer, answer.image, strokes, note, cancellation))

    def _revise(
        self,
        owner: str,
        answer: Message,
        image: ImageRef,
        operations: tuple[Operation, ...],
        note: Note,
        cancellation: Cancellation,
    ) -> Generator[Event, None, NewMessage]:
        if answer.facts is None:
            raise MaskNotFoundError
        beginning = None if answer.confidence_digest else find_beginning(self._history, owner, answer)
        confidence = None if beginning else self._history.load_confidence(owner, answer.id)
        own = (
            load_mask_of(self._history, owner, beginning)
            if beginning
            else threshold_confidence(confidence, OWN_LEVEL, image.grid)
        )

        def work(report: Report) -> tuple[Mapping[str, Mask], Mapping[str, float], Mask]:
            with self._door.visit(owner, cancellation, report) as engine:
                others, seconds = find_others(operations, partial(engine.segment, image))
            report(to_stage("refine"))
            return others, seconds, apply_operations(own, operations, others, confidence)

        others, seconds, mask = yield from run_staged(work, cancellation)
        yield to_stage("measure")
        facts = measure_facts(mask)
        cancellation.raise_if_cancelled()
        missing = tuple(name for name, other in others.items() if other.pixel_count == 0)
        sentences = describe_refined("", operations, missing, answer.facts, facts, image.grid)
        changed = replace(
            _copy(answer, Revised(operations)),
            mask_parents=((beginning or answer).id,),
            text=" ".join(sentences),
            mask_digest=self._history.store_mask(mask) if facts.pixel_count > 0 else None,
            facts=facts,
            seconds=seconds,
            operations=operations,
        )
        note(changed)
        self._log.info("mask_revised", image_digest=image.digest, operations=len(operations), asked=len(others))
        yield from show(changed, sentences)
        return changed

    def _point(
        self,
        owner: str,
        answer: Message,
        image: ImageRef,
        pointing: Pointing,
        note: Note,
        cancellation: Cancellation,
    ) -> Generator[Event, None, NewMessage]:
        before = load_mask_of(self._history, owner, answer)
        known = answer.making
        # All clicks since words were last said, with the mask so far: what the refiner learned, and is measured, with.
        made: tuple[Click, ...] = ()
        if isinstance(known, Pointed):
            middle = None if known.box is None else find_middle(before, known.box)
            made = (*known.earlier, *(() if middle is None else (middle,)), *known.clicks)
        earlier = keep_standing(made, pointing.clicks, pointing.box, image.grid)

        def work(report: Report) -> Prediction:
            prior = None if answer.facts is None else before
            with self._door.visit(owner, cancellation, report) as engine:
                return engine.refine(image, prior, clicks=(*earlier, *pointing.clicks), box=pointing.box)

        prediction = yield from run_staged(work, cancellation)
        yield to_stage("measure")
        facts = measure_facts(prediction.mask)
        cancellation.raise_if_cancelled()
        sentences = describe_pointed(answer.facts or measure_facts(before), facts)
        changed = replace(
            _copy(answer, Pointed(pointing.clicks, pointing.box, earlier)),
            text=" ".join(sentences),
            mask_digest=self._history.store_mask(prediction.mask) if facts.pixel_count > 0 else None,
            confidence_digest=self._history.store_confidence(to_confidence(prediction.mask_logits)),
            facts=facts,
            score=prediction.score,
            seconds=prediction.seconds,
            model_digest=prediction.model_digest,
            operations=(),
        )
        note(changed)
        self._log.info("mask_pointed_at", image_digest=image.digest, clicks=len(pointing.clicks), earlier=len(earlier))
        yield from show(changed, sentences)
        return changed

    def _paint(
        self,
        owner: str,
        answer: Message,
        image: ImageRef,
        strokes: tuple[Stroke, ...],
        note: Note,
        cancellation: Cancellation,
    ) -> Generator[Event, None, NewMessage]:
        before = load_mask_of(self._history, owner, answer)
        kept = None if answer.confidence_digest is None else self._history.load_confidence(owner, answer.id)

        def work(report: Report) -> tuple[Mask, NDArray[np.uint8]]:
            report(to_stage("refine"))
            if not any(cover_stroke(stroke, image.grid).any() for stroke in strokes):
                raise StrokeOutsideImageError(width=image.grid.width, height=image.grid.height)
            return paint_strokes(before, strokes), paint_confidence(kept, before, strokes)

        mask, confidence = yield from run_staged(work, cancellation)
        yield to_stage("measure")
        facts = measure_facts(mask)
        cancellation.raise_if_cancelled()
        sentences = describe_painted(answer.facts or measure_facts(before), facts)
        changed = replace(
            _copy(answer, Painted(strokes)),
            text=" ".join(sentences),
            mask_digest=self._history.store_mask(mask) if facts.pixel_count > 0 else None,
            confidence_digest=self._history.store_confidence(confidence),
            facts=facts,
            operations=(),
        )
        note(changed)
        self._log.info("mask_painted", image_digest=image.digest, strokes=len(strokes))
        yield from show(changed, sentences)
        return changed


def preview_steps(history: History, owner: str, answer: Message, operations: tuple[Operation, ...]) -> Mask:
    """Return the mask that steps from the model's own mask on make, as far as that needs no question to the model.

    Steps that name another thing are left out: what is shown is a preview.

    Raises:
        MaskNotFoundError: the message answers no question to an image.
        ConfidenceMissingError: the answer's confidence map was not kept.
    """
    if answer.image is None:
        raise MaskNotFoundError
    confidence = history.load_confidence(owner, answer.id)
    alone = tuple(operation for operation in operations if not name_others((operation,)))
    own = threshold_confidence(confidence, OWN_LEVEL, answer.image.grid)
    return apply_operations(own, alone, {}, confidence)


def _copy(answer: Message, making: Making) -> NewMessage:
    """Return what of an answer its successor, made from it so, keeps as well."""
    return NewMessage(
        role=Role.ASSISTANT,
        text=answer.text,
        image=answer.image,
        confidence_digest=answer.confidence_digest,
        question=answer.question,
        score=answer.score,
        model_digest=answer.model_digest,
        making=making,
        # A bare image has no mask to go on from.
        mask_parents=() if answer.facts is None else (answer.id,),
    )
