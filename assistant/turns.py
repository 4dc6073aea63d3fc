"""Run one turn: a question in, its events out; everything that was made is stored on the way."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from secrets import token_hex

import structlog
from structlog.typing import FilteringBoundLogger

from assistant.answering import answer_topic
from assistant.clarifying import Clarifications, find_said_choice, take_choice
from assistant.comparison_answers import ComparisonAnswers
from assistant.conversation import Message, NewMessage, Role, Status
from assistant.engine_visit import EngineDoor
from assistant.errors import AssistantError, ImageNeededError, MessageNotFoundError, NothingToUndoError
from assistant.events import Accepted, Done, Event, Failed, Moved
from assistant.image_pairs import repeat_comparison
from assistant.intents import Ask, Choice, Clarify, Command, Compare, Intent, Pick, Refine, Segment, ShowClosest
from assistant.interfaces import Clock, Engine, History
from assistant.marked import load_mask_of
from assistant.mask_answers import MaskAnswers, say
from assistant.mask_changes import MaskChanges
from assistant.moves import find_answers, plan_move
from assistant.operations import RepeatInImage
from assistant.origins import find_comparison, name_compared
from assistant.part_answering import PART_TOPICS, answer_about_parts
from assistant.planning import plan_question, presume
from assistant.question_intake import QuestionIntake
from assistant.questions import LONGEST_QUESTION
from assistant.refining import find_answer, list_images
from assistant.routing.command_grammar import parse_command
from assistant.routing.doubt import LONGEST_DOUBTFUL
from assistant.routing.openings import strip_opening
from assistant.routing.router import route
from assistant.turn_request import TurnRequest
from assistant.waiting_line import TurnLimits, WaitingLine
from serving.errors import SegmentationCancelledError, ServingError


@dataclass
class _Turn:
    """How far a turn has come; what is needed to end it properly from any point."""

    question: Message | None = None
    answer: NewMessage | None = None
    is_answered: bool = False

    def note(self, answer: NewMessage) -> None:
        """Keep the answer: from here on it is stored even when nobody waits for it."""
        self.answer = answer


@dataclass
class _Outcome:
    """How a step ended: without a problem, or with the sentence for the person and the status to store."""

    sentence: str | None = None
    reference: str | None = None
    status: Status = Status.FAILED


class TurnRunner:
    """Runs turns; keeps nothing between them, so that one runner serves every conversation at once.

    Args:
        engine: answers questions with masks.
        history: where messages, masks and confidence maps go.
        clock: the time of day.
        longest_question: characters that a question may have.
        line: where turns wait for the engine; None makes one in which each waits for the one before it.
    """

    def __init__(
        self,
        engine: Engine,
        history: History,
        clock: Clock,
        *,
        longest_question: int = LONGEST_QUESTION,
        line: WaitingLine | None = None,
    ) -> None:
        door = EngineDoor(engine, line or WaitingLine(TurnLimits()))
        self._answers = MaskAnswers(door, history, clock)
        self._changes = MaskChanges(door, history)
        self._comparisons = ComparisonAnswers(door, history)
        self._clarifications = Clarifications(engine)
        self._history = history
        self._intake = QuestionIntake(history, longest_question=longest_question)
        self._log: FilteringBoundLogger = structlog.get_logger("assistant.turns")

    def run(self, request: TurnRequest) -> Generator[Event, None, None]:
        """Yield the events of one turn; the last one is `Done`, `Moved` or `Failed`.

        A refused question (empty, too long, of an unknown message) yields one `Failed` and stores nothing.
        A move among the answers yields one `Moved`, or one `Failed` where there is nothing to go to, and stores
        nothing. Otherwise the question is stored before any work, and the turn ends with a stored answer, whatever
        happens: complete, failed, or stopped (cancelled, or this iterator closed by the caller).
        """
        turn = _Turn()
        outcome = _Outcome()
        try:
            with self._noting_failure(outcome, request):
                yield from self._answer(request, turn)
        except GeneratorExit:  # the work was asked to stop where it is waited for, in `run_staged`
            with self._noting_failure(_Outcome(), request):
                self._store_left(request, turn)
            raise
        if outcome.sentence is None:
            return
        stored: Message | None = None
        with self._noting_failure(_Outcome(), request):
            stored = self._store_end(request, turn, text=outcome.sentence, status=outcome.status)
        yield Failed(sentence=outcome.sentence, reference=outcome.reference, message=stored)

    def _answer(self, request: TurnRequest, turn: _Turn) -> Iterator[Event]:
        """Yield the events of a turn that goes well; raise when it does not."""
        request, chosen = self._read_choice(request)
        command = request.move or (chosen.intent if chosen is not None else self._read_command(request))
        if isinstance(command, Command):
            yield self._move(request, command)
            return
        earlier, question = self._intake.accept(request, () if chosen is None else (chosen,))
        turn.question = question
        yield Accepted(question)
        image = question.image
        if image is None:
            raise ImageNeededError
        if request.change is not None:
            answer = yield from self._changes.answer(
                request.owner, request.change, question.conversation_id, turn.note, request.cancellation
            )
            yield self._finish(request, turn, question, answer)
            return
        previous = find_answer(earlier, image)
        elsewhere = find_answer(earlier)
        messages = [*earlier, question]
        compared = find_comparison(self._history, request.owner, previous)
        intent: Intent
        if question.choices:
            intent = question.choices[0].intent
        else:
            intent = route(
                question.text,
                has_answer=previous is not None,
                point_xy_px=request.point_xy_px,
                image_count=len(list_images(messages)),
                compared=None if compared is None else name_compared(compared),
                has_answer_elsewhere=elsewhere is not None,
                asked="" if previous is None else previous.question or "",
            )
        match intent:
            case Segment(question=asked) | ShowClosest(question=asked):
                plan = plan_question(asked)
                if isinstance(intent, ShowClosest):
                    plan = presume(plan)
                answer = yield from self._answers.segment(
                    request.owner, image, asked, plan, turn.note, request.cancellation
                )
            case Refine(operations=(RepeatInImage(which=which), *_)) if compared is not None:
                wish = repeat_comparison(compared, which, messages, image)
                answer = yield from self._comparisons.compare(
                    request.owner, wish, image, messages, turn.note, request.cancellation
                )
            case Refine(operations=operations):
                changed = previous or elsewhere
                assert changed is not None, "the router refines only an answer"
                answer = yield from self._answers.refine(
                    request.owner, operations, changed, messages, turn.note, request.cancellation
                )
            case Compare():
                answer = yield from self._comparisons.compare(
                    request.owner, intent, image, messages, turn.note, request.cancellation
                )
            case Pick(fates=fates):
                assert compared is not None, "the router picks only from a comparison"
                answer = yield from self._comparisons.pick(request.owner, fates, compared, question.text, turn.note)
            case Ask(topic=topic):
                assert previous is not None, "the router asks only about an answer"
                assert previous.facts is not None, "an answer has facts"
                asked = previous.question or ""
                if topic in PART_TOPICS:
                    sentences = answer_about_parts(topic, asked, load_mask_of(self._history, request.owner, previous))
                else:
                    sentences = answer_topic(topic, asked, previous.facts, previous.score or 0.0)
                answer = yield from say(sentences, image, turn.note)
            case Clarify():
                answer = yield from self._clarifications.answer(
                    intent, question.text, image, turn.note, request.cancellation
                )
            case Command():  # a move is no question, so that this is one which is answered anew
                raise NothingToUndoError
        yield self._finish(request, turn, question, answer)

    def _finish(self, request: TurnRequest, turn: _Turn, question: Message, answer: NewMessage) -> Done:
        """Store the answer and return the turn's last event."""
        message = self._history.append_message(request.owner, question.conversation_id, answer)
        turn.is_answered = True
        return Done(message)

    def _read_choice(self, request: TurnRequest) -> tuple[TurnRequest, Choice | None]:
        """Return what a question back offers and the person takes, by number or in words, and the request for it."""
        if request.choice is not None:
            offer = self._history.get_message(request.owner, request.choice.message_id)
            if request.conversation_id not in (None, offer.conversation_id):
                raise MessageNotFoundError
            chosen = take_choice(offer, request.choice.number)
            self._history.move_pointer(request.owner, offer.conversation_id, offer.id)
            taken = replace(request, conversation_id=offer.conversation_id, text=chosen.text, image=offer.image)
            return taken, chosen
        is_other = request.change or request.retry_of or request.edit_of or request.branch_from or request.move
        # A new image is asked about, not what was offered about another one.
        if (
            is_other
            or request.image is not None
            or request.conversation_id is None
            or len(request.text) > LONGEST_DOUBTFUL
        ):
            return request, None
        messages = self._history.list_messages(request.owner, request.conversation_id)
        said = find_said_choice(messages[-1], request.text) if messages else None
        return (request if said is None else replace(request, text=said.text)), said

    def _read_command(self, request: TurnRequest) -> Command | None:
        """Return the move that the words ask for; None where there are no answers to move among."""
        is_other = request.change or request.retry_of or request.edit_of or request.branch_from
        if is_other or request.conversation_id is None:
            return None
        command = parse_command(request.text) or parse_command(strip_opening(request.text) or "")
        if command is None:
            return None
        tree = self._history.load_tree(request.owner, request.conversation_id)
        return command if find_answers(tree.messages) else None

    def _move(self, request: TurnRequest, command: Command) -> Moved:
        if request.conversation_id is None:
            raise NothingToUndoError
        tree = self._history.load_tree(request.owner, request.conversation_id)
        move = plan_move(tree, command)
        self._history.move_pointer(request.owner, request.conversation_id, move.message_id)
        self._log.info("pointer_moved", kind=command.kind.value)
        return Moved(move.sentence, None if move.message_id is None else tree.get_message(move.message_id))

    def _store_left(self, request: TurnRequest, turn: _Turn) -> None:
        """Store what a turn that nobody watches any more has come to: its answer, or that it was stopped."""
        if turn.is_answered or turn.question is None:
            return
        if turn.answer is not None:
            self._history.append_message(request.owner, turn.question.conversation_id, turn.answer)
        else:
            self._store_end(request, turn, text=str(SegmentationCancelledError()), status=Status.STOPPED)

    def _store_end(self, request: TurnRequest, turn: _Turn, *, text: str, status: Status) -> Message | None:
        if turn.question is None:
            return None
        ended = NewMessage(role=Role.ASSISTANT, text=text, image=turn.question.image, status=status)
        return self._history.append_message(request.owner, turn.question.conversation_id, ended)

    @contextmanager
    def _noting_failure(self, outcome: _Outcome, request: TurnRequest) -> Iterator[None]:
        """Write into `outcome` what goes wrong inside; the one place where a turn becomes failed."""
        try:
            yield
        except SegmentationCancelledError as error:
            outcome.sentence, outcome.status = str(error), Status.STOPPED
        except (ServingError, AssistantError) as error:
            outcome.sentence = str(error)
            self._log.info("turn_refused", reason=type(error).__name__)
        except Exception:  # noqa: BLE001 - whatever breaks, the person gets a sentence and the log the traceback
            outcome.reference = token_hex(4)
            outcome.sentence = (
                "Something went wrong on our side, and the question was not answered. Please try again; if it "
                f"happens again, report the reference {outcome.reference}."
            )
            self._log.exception(
                "turn_failed",
                reference=outcome.reference,
                conversation_id=request.conversation_id,
                image_digest=None if request.image is None else request.image.digest,
            )
