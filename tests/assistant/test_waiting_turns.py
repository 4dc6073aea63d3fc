"""Turns that wait for the engine, as the person who asks sees it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant.changes import Revision
from assistant.conversation import Message, Role, Status
from assistant.events import Accepted, Done, Event, Failed, Stage, Waiting
from assistant.operations import BySize, Keep
from assistant.turn_request import TurnRequest
from assistant.turns import TurnRunner
from assistant.waiting_line import TurnLimits, WaitingLine
from serving.cancellation import Cancellation
from serving.image_ref import ImageRef
from tests.assistant.pictures import write_picture
from tests.assistant.test_turns import ticking_clock
from tests.fakes.engine import FakeEngine
from tests.fakes.history import InMemoryHistory

WAIT_S = 10.0


class Office:
    """A runner whose engine can be kept busy by somebody."""

    def __init__(self, image: ImageRef, limits: TurnLimits) -> None:
        self.image = image
        self.engine = FakeEngine()
        self.history = InMemoryHistory()
        self.runner = TurnRunner(self.engine, self.history, ticking_clock(), line=WaitingLine(limits))

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Let somebody be with the engine inside the block."""
        self.engine.gate = threading.Event()
        first = threading.Thread(target=lambda: list(self.run("bob", "where is red?")))
        first.start()
        assert self.engine.waiting.wait(WAIT_S)
        try:
            yield
        finally:
            self.engine.gate.set()
            first.join(WAIT_S)

    def run(self, owner: str, text: str, conversation_id: str | None = None, **fields: object) -> Iterator[Event]:
        image = None if conversation_id else self.image
        return self.runner.run(TurnRequest(owner, conversation_id, text, image, **fields))  # type: ignore[arg-type]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(write_picture(tmp_path, gsd_m=(0.5, 0.5)), TurnLimits(total=2, per_owner=1))


def last(events: Iterator[Event]) -> Message:
    *_, event = events
    assert isinstance(event, Done | Failed), event
    assert event.message is not None
    return event.message


def test_waiting_is_told_after_the_question_is_kept_and_before_the_work(office: Office) -> None:
    with office.busy():
        events = office.run("ada", "where is red?")
        seen = [next(events), next(events)]
    seen += events
    assert [type(event) for event in seen[:3]] == [Accepted, Waiting, Stage]
    assert isinstance(seen[1], Waiting)
    assert (seen[1].ahead, seen[1].sentence) == (1, "Waiting: 1 question before yours")
    assert isinstance(seen[-1], Done)


def test_turn_that_need_not_wait_says_nothing_of_it(office: Office) -> None:
    assert not any(isinstance(event, Waiting) for event in office.run("ada", "where is red?"))


def test_stop_while_waiting_keeps_the_question_and_asks_nothing(office: Office) -> None:
    cancellation = Cancellation()
    with office.busy():
        events = office.run("ada", "where is green?", cancellation=cancellation)
        assert isinstance(next(events), Accepted)
        assert isinstance(next(events), Waiting)
        cancellation.cancel()
        answer = last(events)
    assert answer.status is Status.STOPPED
    assert [message.role for message in office.history.list_messages("ada", answer.conversation_id)] == [
        Role.USER,
        Role.ASSISTANT,
    ]
    assert "where is green?" not in office.engine.questions


def test_full_line_fails_with_a_sentence_and_the_question_can_be_asked_again(office: Office) -> None:
    with office.busy():
        waiting = office.run("ada", "where is red?")
        assert isinstance(next(waiting), Accepted)
        assert isinstance(next(waiting), Waiting)
        refused = last(office.run("eve", "where is red?"))
    assert (refused.status, refused.text) == (
        Status.FAILED,
        "There are 2 questions waiting right now. Please try again in a minute.",
    )
    assert last(waiting).status is Status.COMPLETE
    again = last(office.run("eve", "", refused.conversation_id, retry_of=refused.parent_id))
    assert again.status is Status.COMPLETE


def test_one_person_cannot_fill_the_line(office: Office) -> None:
    with office.busy():
        refused = last(office.run("bob", "where is green?"))
    assert refused.text.startswith("You already have 1 question waiting, which is the limit.")


def test_what_asks_the_engine_nothing_does_not_wait(office: Office) -> None:
    answer = last(office.run("ada", "where is red?"))
    place = answer.conversation_id
    with office.busy():
        largest = Revision(answer.id, (Keep(BySize()),))
        seen = [*office.run("ada", "how many are there?", place), *office.run("ada", "", place, change=largest)]
    assert not any(isinstance(event, Waiting) for event in seen)
    assert [type(event) for event in seen].count(Done) == 2
