"""Make the answers of a turn: stages, mask, facts and sentences, ready to be stored."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import structlog
from structlog.typing import FilteringBoundLogger

from assistant.applying import apply_operations
from assistant.conversation import Message, NewMessage, Role
from assistant.engine_visit import EngineDoor, Report
from assistant.events import ChoicesOffered, Event, MaskReady, TextDelta
from assistant.intents import Choice, ShowClosest
from assistant.interfaces import Clock, History
from assistant.making import Asked, Refined
from assistant.marked import load_mask_of
from assistant.measuring import measure_facts
from assistant.operations import Operation, RepeatInImage
from assistant.planning import Outcome, Plan, carry_out, find_others, holds_back, plan_question, to_confidence
from assistant.refined_answering import describe_outcome, describe_refined
from assistant.refining import choose_image, collect_script, name_ones
from assistant.staged_work import run_staged
from assistant.stages import to_stage
from serving.cancellation import Cancellation
from serving.image_ref import ImageRef
from serving.mask import Mask

# Takes an answer before anything of it is shown, so that it is kept even when nobody waits for it.
Note = Callable[[NewMessage], None]

SHOW_CLOSEST = "Show what comes closest"


class MaskAnswers:
    """Answers questions to an image, and wishes about the mask that is there; keeps nothing between them.

    Args:
        door: the way to the engine, which finds things in images.
        history: where masks and confidence maps go.
        clock: the time of day.
    """

    def __init__(self, door: EngineDoor, history: History, clock: Clock) -> None:
        self._door = door
        self._history = history
        self._clock = clock
        self._log: FilteringBoundLogger = structlog.get_logger("assistant.mask_answers")

    def segment(
        self, owner: str, image: ImageRef, question: str, plan: Plan, note: Note, cancellation: Cancellation
    ) -> Generator[Event, None, NewMessage]:
        """Yield stages, mask and text of a new answer; return it, ready to be stored."""
        started = self._clock()

        def work(report: Report) -> Outcome:
            with self._door.visit(owner, cancellation, report) as engine:
                return carry_out(plan, partial(engine.segment, image))

        outcome = yield from run_staged(work, cancellation)
        yield to_stage("measure")
        measuring = self._clock()
        prediction = outcome.prediction
        facts = measure_facts(outcome.mask)
        cancellation.raise_if_cancelled()
        mask_digest: str | None = None
        confidence_digest: str | None = None
        if facts.pixel_count > 0:
            mask_digest = self._history.store_mask(outcome.mask)
        if facts.pixel_count > 0 or plan.operations:
            # Of the model's own mask, from which the operations can be done again, also where they left nothing.
            confidence_digest = self._history.store_confidence(to_confidence(prediction.mask_logits))
        measured = self._clock()
        # Operations that pick use an outline that was held back already.
        offers_closest = not plan.operations and holds_back(prediction)
        choices = (Choice(SHOW_CLOSEST, ShowClosest(question)),) if offers_closest else ()
        sentences = describe_outcome(question, outcome, facts, image.grid, offers_closest=offers_closest)
        answer = NewMessage(
            role=Role.ASSISTANT,
            text=" ".join(sentences),
            image=image,
            mask_digest=mask_digest,
            confidence_digest=confidence_digest,
            question=question,
            facts=facts,
            score=outcome.score,
            # The clock of the day can be set back between two looks.
            seconds={**outcome.seconds, "measure": max(0.0, (measured - measuring).total_seconds())},
            model_digest=prediction.model_digest,
            operations=plan.operations,
            making=Asked(plan.question, plan.operations),
            choices=choices,
        )
        note(answer)
        self._log.info(
            "question_answered",
            image_digest=image.digest,
            found=facts.pixel_count > 0,
            operations=len(plan.operations),
            duration_s=max(0.0, (measured - started).total_seconds()),
        )
        yield from show(answer, sentences)
        if choices:
            yield ChoicesOffered(choices)
        return answer

    def refine(
        self,
        owner: str,
        operations: tuple[Operation, ...],
        previous: Message,
        messages: Sequence[Message],
        note: Note,
        cancellation: Cancellation,
    ) -> Generator[Event, None, NewMessage]:
        """Yield stages, mask and text of a changed answer; return it, ready to be stored.

        Args:
            owner: who asks.
            operations: what to do.
            previous: the answer to change.
            messages: of the conversation up to the wish itself.
            note: takes the answer before anything of it is shown.
            cancellation: to stop it.
        """
        image = previous.image
        assert image is not None, "an answer is about an image"
        assert previous.facts is not None, "an answer has facts"
        script = collect_script(messages, previous)
        if isinstance(operations[0], RepeatInImage):
            target = choose_image(operations[0].which, messages, messages[-1].image or image)
            plan = plan_question(script[0] if script else previous.question or "")
            plan = replace(plan, operations=(*previous.operations, *operations[1:]))
            return (yield from self.segment(owner, target, ", ".join(script), plan, note, cancellation))
        named = name_ones(operations, plan_question(script[0]).subject if script else None)

        def work(report: Report) -> tuple[Mapping[str, Mask], Mapping[str, float], Mask]:
            with self._door.visit(owner, cancellation, report) as engine:
                others, seconds = find_others(named, partial(engine.segment, image))
            report(to_stage("refine"))
            return others, seconds, apply_operations(before, named, others)

        before = load_mask_of(self._history, owner, previous)
        others, seconds, mask = yield from run_staged(work, cancellation)
        yield to_stage("measure")
        facts = measure_facts(mask)
        cancellation.raise_if_cancelled()
        missing = tuple(name for name, other in others.items() if other.pixel_count == 0)
        sentences = describe_refined(messages[-1].text, named, missing, previous.facts, facts, image.grid)
        answer = NewMessage(
            role=Role.ASSISTANT,
            text=" ".join(sentences),
            image=image,
            mask_digest=self._history.store_mask(mask) if facts.pixel_count > 0 else None,
            # Of the model's answer that was changed: exact operations make nothing more or less certain.
            confidence_digest=previous.confidence_digest,
            question=", ".join((*script, messages[-1].text)),
            facts=facts,
            score=previous.score,
            seconds=seconds,
            model_digest=previous.model_digest,
            operations=(*previous.operations, *named),
            making=Refined(named),
            mask_parents=(previous.id,),
        )
        note(answer)
        self._log.info("mask_refined", image_digest=image.digest, operations=len(named), asked=len(others))
        yield from show(answer, sentences)
        return answer


def say(sentences: Sequence[str], image: ImageRef, note: Note) -> Generator[Event, None, NewMessage]:
    """Yield an answer in words alone; return it, ready to be stored."""
    answer = NewMessage(role=Role.ASSISTANT, text=" ".join(sentences), image=image)
    note(answer)
    yield from _stream(sentences)
    return answer


def show(answer: NewMessage, sentences: Sequence[str]) -> Iterator[Event]:
    """Yield a made mask and its sentences."""
    if answer.mask_digest is not None:
        yield MaskReady(mask_digest=answer.mask_digest, question=answer.question or "")
    yield from _stream(sentences)


def _stream(sentences: Sequence[str]) -> Iterator[TextDelta]:
    for position, sentence in enumerate(sentences):
        yield TextDelta(sentence if position == 0 else f" {sentence}")
