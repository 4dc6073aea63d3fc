import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from assistant.conversation import Message, NewMessage, Role, Status
from assistant.events import Accepted, Done, Event, Failed, MaskReady, Stage, TextDelta
from assistant.planning import to_confidence
from assistant.questions import LONGEST_QUESTION
from assistant.turn_request import TurnRequest
from assistant.turns import TurnRunner
from serving.cancellation import Cancellation
from serving.errors import CheckpointMissingError
from serving.image_ref import ImageRef
from tests.assistant.pictures import write_picture
from tests.fakes.engine import SCORE_FOUND, FakeEngine
from tests.fakes.history import InMemoryHistory

WAIT_S = 10.0
OWNER = "ada"


def ticking_clock() -> Callable[[], datetime]:
    """Build a clock that moves on by a second at each look."""
    now = [datetime(2026, 1, 1, tzinfo=UTC)]

    def tick() -> datetime:
        now[0] += timedelta(seconds=1)
        return now[0]

    return tick


class Bench:
    """A runner with its fakes."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.history = InMemoryHistory()
        self.runner = TurnRunner(self.engine, self.history, ticking_clock())

    def ask(
        self,
        text: str,
        image: ImageRef | None = None,
        *,
        conversation_id: str | None = None,
        retry_of: str | None = None,
        owner: str = OWNER,
    ) -> list[Event]:
        return list(self.runner.run(TurnRequest(owner, conversation_id, text, image, retry_of=retry_of)))

    def messages(self, conversation_id: str) -> list[Message]:
        return list(self.history.list_messages(OWNER, conversation_id))


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def image(tmp_path: Path) -> ImageRef:
    return write_picture(tmp_path, gsd_m=(0.5, 0.5))


def done(events: list[Event]) -> Message:
    assert isinstance(events[-1], Done), events[-1]
    return events[-1].message


def failed(events: list[Event]) -> Failed:
    assert isinstance(events[-1], Failed), events[-1]
    return events[-1]


def spoken(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def kinds(events: list[Event]) -> list[str]:
    """The sequence of kinds of events, with repetitions and the number of text pieces left out."""
    names = [event.name if isinstance(event, Stage) else type(event).__name__ for event in events]
    return [name for position, name in enumerate(names) if position == 0 or name != names[position - 1]]


def test_a_question_is_accepted_staged_masked_said_and_done(bench: Bench, image: ImageRef) -> None:
    events = bench.ask("where are the roofs?", image)
    assert kinds(events) == [
        "Accepted", "read", "encode", "language", "decode", "measure", "MaskReady", "TextDelta", "Done",
    ]  # fmt: skip


def test_the_answer_carries_mask_facts_score_and_times(bench: Bench, image: ImageRef) -> None:
    message = done(bench.ask("where are the roofs?", image))
    assert message.status is Status.COMPLETE
    assert message.question == "where are the roofs?"
    assert message.score == SCORE_FOUND
    assert message.model_digest == bench.engine.model_digest
    assert message.image == image
    assert message.seconds["decode"] == 0.03
    assert message.seconds["measure"] == 1.0
    assert message.facts is not None
    assert (message.facts.pixel_count, message.facts.count, message.facts.area_m2) == (48, 1, 12.0)
    expected = np.zeros((30, 40), dtype=np.bool_)
    expected[2:8, 2:10] = True
    np.testing.assert_array_equal(bench.history.load_mask(OWNER, message.id).pixels, expected)


def test_the_text_on_the_way_is_the_text_that_is_stored(bench: Bench, image: ImageRef) -> None:
    events = bench.ask("where are the roofs?", image)
    assert spoken(events) == done(events).text
    assert "12 m²" in spoken(events)


def test_the_mask_event_names_the_stored_mask(bench: Bench, image: ImageRef) -> None:
    events = bench.ask("where are the roofs?", image)
    (ready,) = [event for event in events if isinstance(event, MaskReady)]
    assert ready == MaskReady(mask_digest=str(done(events).mask_digest), question="where are the roofs?")


def test_a_new_conversation_is_named_after_its_first_question(bench: Bench, image: ImageRef) -> None:
    message = done(bench.ask("  where are\nthe roofs?  ", image))
    bench.ask("and the blue ones?", conversation_id=message.conversation_id)
    assert bench.history.get_conversation(OWNER, message.conversation_id).title == "where are the roofs?"


@pytest.mark.parametrize(
    ("title", "expected"), [("scene.png", "where are the roofs?"), ("Bolzano, spring", "Bolzano, spring")]
)
def test_a_conversation_called_by_its_image_is_named_after_the_question_unless_renamed(
    bench: Bench, image: ImageRef, title: str, expected: str
) -> None:
    conversation_id = bench.history.create_conversation(OWNER, title).id
    bench.history.append_message(OWNER, conversation_id, NewMessage(Role.USER, "", image=image))
    bench.ask("where are the roofs?", conversation_id=conversation_id)
    bench.ask("where are the red cars?", conversation_id=conversation_id)
    assert bench.history.get_conversation(OWNER, conversation_id).title == expected


def test_a_later_question_without_an_image_is_about_the_last_one(bench: Bench, image: ImageRef) -> None:
    first = done(bench.ask("where are the roofs?", image))
    second = done(bench.ask("where are the red cars?", conversation_id=first.conversation_id))
    assert second.image == image
    assert [message.role for message in bench.messages(first.conversation_id)] == [
        Role.USER, Role.ASSISTANT, Role.USER, Role.ASSISTANT,
    ]  # fmt: skip


def test_a_second_question_on_an_image_skips_the_encoder(bench: Bench, image: ImageRef) -> None:
    first = done(bench.ask("where are the roofs?", image))
    events = bench.ask("where are the red cars?", conversation_id=first.conversation_id)
    assert kinds(events)[:4] == ["Accepted", "read", "language", "decode"]


def test_nothing_found_is_said_and_no_mask_is_stored(bench: Bench, image: ImageRef) -> None:
    events = bench.ask("where is the blue pool?", image)
    message = done(events)
    assert "MaskReady" not in kinds(events)
    assert (message.mask_digest, message.confidence_digest) == (None, None)
    assert message.facts is not None
    assert message.facts.pixel_count == 0
    assert "“where is the blue pool?”" in message.text


def test_a_follow_up_is_answered_from_the_facts_without_the_engine(bench: Bench, image: ImageRef) -> None:
    first = done(bench.ask("where are the roofs?", image))
    events = bench.ask("how big is it?", conversation_id=first.conversation_id)
    assert kinds(events) == ["Accepted", "TextDelta", "Done"]
    assert "12 m²" in done(events).text
    assert bench.engine.questions == ["Segment all the roofs."]
    assert (done(events).mask_digest, done(events).facts) == (None, None)


def test_two_follow_ups_refer_to_the_same_answer(bench: Bench, image: ImageRef) -> None:
    first = done(bench.ask("where are the roofs?", image))
    bench.ask("how many are there?", conversation_id=first.conversation_id)
    assert "top left" in spoken(bench.ask("where is it?", conversation_id=first.conversation_id))


def test_a_follow_up_on_nothing_found_says_so(bench: Bench, image: ImageRef) -> None:
    first = done(bench.ask("where is the blue pool?", image))
    assert spoken(bench.ask("how big is it?", conversation_id=first.conversation_id)).startswith("Nothing is marked")


def test_a_follow_up_refers_to_the_answer_about_its_own_image(bench: Bench, image: ImageRef, tmp_path: Path) -> None:
    other = write_picture(tmp_path, name="other.png", boxes=(("red", (30, 20, 40, 30)),))
    first = done(bench.ask("where are the roofs?", image))
    bench.ask("where are the roofs?", other, conversation_id=first.conversation_id)
    assert "bottom right" in spoken(bench.ask("where is it?", conversation_id=first.conversation_id))
    assert "top left" in spoken(bench.ask("where is it?", image, conversation_id=first.conversation_id))


@pytest.mark.parametrize("text", ["where is it?", "the same here", "how many are there?"])
def test_a_follow_up_on_a_new_image_finds_the_same_there(
    bench: Bench, image: ImageRef, tmp_path: Path, text: str
) -> None:
    other = write_picture(tmp_path, name="other.png", boxes=(("red", (30, 20, 40, 30)),))
    first = done(bench.ask("where are the roofs?", image))
    events = bench.ask(text, other, conversation_id=first.conversation_id)
    assert "MaskReady" in kinds(events)
    assert bench.engine.questions == ["Segment all the roofs."] * 2
    assert done(events).image == other
    assert done(events).question == "where are the roofs?"


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x07", "\ud800"])
def test_an_empty_question_is_refused_and_nothing_is_stored(bench: Bench, image: ImageRef, text: str) -> None:
    (event,) = bench.ask(text, image)
    assert event == Failed("Please type a question about the image, for example: where are the airplanes?", None, None)
    assert bench.history.list_conversations(OWNER) == []


def test_a_question_over_the_limit_is_refused_with_the_numbers(bench: Bench, image: ImageRef) -> None:
    (event,) = bench.ask("x" * 100_000, image)
    assert isinstance(event, Failed)
    assert "100,000" in event.sentence
    assert "2,000" in event.sentence
    assert bench.history.list_conversations(OWNER) == []


def test_a_question_of_just_the_limit_is_answered(bench: Bench, image: ImageRef) -> None:
    assert done(bench.ask("x" * LONGEST_QUESTION, image)).status is Status.COMPLETE


def test_characters_that_cannot_be_stored_are_dropped_from_the_question(bench: Bench, image: ImageRef) -> None:
    bench.ask("where could a boat\x00 \ud800moor?", image)
    assert bench.engine.questions == ["where could a boat   moor?"]


def test_markup_in_a_question_stays_text(bench: Bench, image: ImageRef) -> None:
    question = "<img src=x onerror=alert(1)> blue"
    events = bench.ask(question, image)
    assert isinstance(events[0], Accepted)
    assert events[0].message.text == question
    assert f"“{question}”" in done(events).text


def test_a_question_before_any_image_is_kept_and_asks_for_one(bench: Bench) -> None:
    events = bench.ask("where are the roofs?")
    ended = failed(events)
    assert ended.sentence.startswith("Please add an image first")
    assert ended.message is not None
    stored = bench.messages(ended.message.conversation_id)
    assert [(message.text, message.status) for message in stored] == [
        ("where are the roofs?", Status.COMPLETE),
        (ended.sentence, Status.FAILED),
    ]


def test_an_error_of_ours_is_said_in_its_own_words_and_stored(bench: Bench, image: ImageRef) -> None:
    bench.engine.failure = CheckpointMissingError(what="mask decoder", remedy="Run `segearth doctor`.")
    ended = failed(bench.ask("where are the roofs?", image))
    assert ended.sentence == "The weights are missing: mask decoder. Run `segearth doctor`."
    assert ended.reference is None
    assert ended.message is not None
    assert (ended.message.status, ended.message.text) == (Status.FAILED, ended.sentence)


def test_any_other_error_gets_a_reference_that_is_in_the_log(bench: Bench, image: ImageRef) -> None:
    bench.engine.failure = ZeroDivisionError("secret/path")
    with capture_logs() as logs:
        ended = failed(bench.ask("where are the roofs?", image))
    assert ended.reference is not None
    assert ended.reference in ended.sentence
    assert "secret" not in ended.sentence
    assert ended.message is not None
    assert ended.message.status is Status.FAILED
    (entry,) = [entry for entry in logs if entry["event"] == "turn_failed"]
    assert (entry["reference"], entry["image_digest"]) == (ended.reference, image.digest)
    assert entry["exc_info"]


def test_a_broken_history_ends_in_one_failure_without_a_message(bench: Bench, image: ImageRef) -> None:
    bench.history.failure = OSError("disk full")
    (event,) = bench.ask("where are the roofs?", image)
    assert isinstance(event, Failed)
    assert event.message is None


def test_a_history_that_breaks_on_the_way_still_ends_in_a_failure(bench: Bench, image: ImageRef) -> None:
    events: list[Event] = []
    for event in bench.runner.run(TurnRequest(OWNER, None, "where are the roofs?", image)):
        events.append(event)
        if event == Stage("decode", "Drawing the mask"):
            bench.history.failure = OSError("disk full")
    assert failed(events).message is None


def test_a_conversation_of_somebody_else_does_not_exist(bench: Bench, image: ImageRef) -> None:
    first = done(bench.ask("where are the roofs?", image))
    ended = failed(bench.ask("where?", image, conversation_id=first.conversation_id, owner="eve"))
    assert ended.sentence.startswith("This conversation is not here any more")
    assert len(bench.messages(first.conversation_id)) == 2


def test_the_turn_after_a_failure_works(bench: Bench, image: ImageRef) -> None:
    bench.engine.failure = ZeroDivisionError()
    ended = failed(bench.ask("where are the roofs?", image))
    assert ended.message is not None
    bench.engine.failure = None
    again = bench.ask("where are the roofs?", conversation_id=ended.message.conversation_id)
    assert done(again).status is Status.COMPLETE


def test_stages_stream_while_the_engine_works(bench: Bench, image: ImageRef) -> None:
    bench.engine.gate = threading.Event()
    events = bench.runner.run(TurnRequest(OWNER, None, "where are the roofs?", image))
    seen = [next(events) for _ in range(4)]
    assert seen[-1] == Stage("language", "Reading the question")
    assert bench.engine.questions == []
    bench.engine.gate.set()
    assert isinstance(list(events)[-1], Done)


def test_stop_ends_the_turn_and_the_work_and_is_stored(bench: Bench, image: ImageRef) -> None:
    bench.engine.gate = threading.Event()
    cancellation = Cancellation()
    events: list[Event] = []
    for event in bench.runner.run(TurnRequest(OWNER, None, "where are the roofs?", image, cancellation)):
        events.append(event)
        if isinstance(event, Stage) and event.name == "language":
            cancellation.cancel()
    ended = failed(events)
    assert ended.message is not None
    assert ended.message.status is Status.STOPPED
    assert ended.reference is None
    assert bench.engine.cancelled.wait(WAIT_S)


def test_stop_while_measuring_still_keeps_the_answer_back(bench: Bench, image: ImageRef) -> None:
    cancellation = Cancellation()
    events: list[Event] = []
    for event in bench.runner.run(TurnRequest(OWNER, None, "where are the roofs?", image, cancellation)):
        events.append(event)
        if isinstance(event, Stage) and event.name == "measure":
            cancellation.cancel()
    ended = failed(events)
    assert "MaskReady" not in kinds(events)
    assert ended.message is not None
    assert (ended.message.status, ended.message.mask_digest) == (Status.STOPPED, None)


def test_leaving_a_turn_stops_its_work_and_stores_that_it_was_stopped(bench: Bench, image: ImageRef) -> None:
    bench.engine.gate = threading.Event()
    events = bench.runner.run(TurnRequest(OWNER, None, "where are the roofs?", image))
    accepted = next(events)
    assert isinstance(accepted, Accepted)
    next(events)
    assert bench.engine.waiting.wait(WAIT_S)
    events.close()
    assert bench.engine.cancelled.wait(WAIT_S)
    stored = bench.messages(accepted.message.conversation_id)
    assert [message.status for message in stored] == [Status.COMPLETE, Status.STOPPED]


def test_leaving_once_the_mask_is_there_keeps_the_whole_answer(bench: Bench, image: ImageRef) -> None:
    events = bench.runner.run(TurnRequest(OWNER, None, "where are the roofs?", image))
    accepted = next(events)
    assert isinstance(accepted, Accepted)
    for event in events:
        if isinstance(event, MaskReady):
            break
    events.close()
    answer = bench.messages(accepted.message.conversation_id)[-1]
    assert answer.status is Status.COMPLETE
    assert bench.history.load_mask(OWNER, answer.id).pixel_count == 48


def test_leaving_after_the_end_stores_nothing_twice(bench: Bench, image: ImageRef) -> None:
    events = bench.runner.run(TurnRequest(OWNER, None, "where are the roofs?", image))
    message: Message | None = None
    for event in events:
        if isinstance(event, Done):
            message = event.message
            break
    events.close()
    assert message is not None
    assert len(bench.messages(message.conversation_id)) == 2


def test_a_retry_answers_again_without_storing_the_question_twice(bench: Bench, image: ImageRef) -> None:
    bench.engine.failure = ZeroDivisionError()
    events = bench.ask("where are the roofs?", image)
    assert isinstance(events[0], Accepted)
    question = events[0].message
    bench.engine.failure = None
    answer = done(bench.ask("", conversation_id=question.conversation_id, retry_of=question.id))
    assert answer.question == "where are the roofs?"
    assert [message.status for message in bench.messages(question.conversation_id)] == [
        Status.COMPLETE, Status.FAILED, Status.COMPLETE,
    ]  # fmt: skip


def test_a_retry_means_what_the_question_meant_the_first_time(bench: Bench, image: ImageRef) -> None:
    # Nothing was marked before it, so it was put to the image; its own answer must not change that.
    events = bench.ask("without the red roofs", image)
    assert isinstance(events[0], Accepted)
    again = bench.ask("", conversation_id=events[0].message.conversation_id, retry_of=events[0].message.id)
    assert "MaskReady" in kinds(again)
    assert bench.engine.questions[0] == bench.engine.questions[1]


def test_a_retry_of_somebody_elses_question_is_refused(bench: Bench, image: ImageRef) -> None:
    events = bench.ask("where are the roofs?", image)
    assert isinstance(events[0], Accepted)
    ended = failed(bench.ask("", retry_of=events[0].message.id, owner="eve"))
    assert ended.sentence.startswith("This message is not here any more")
    assert ended.message is None


def test_only_a_question_can_be_retried(bench: Bench, image: ImageRef) -> None:
    answer = done(bench.ask("where are the roofs?", image))
    assert failed(bench.ask("", retry_of=answer.id)).sentence.startswith("This message is not here any more")


def test_a_retry_in_another_conversation_is_refused(bench: Bench, image: ImageRef) -> None:
    first = bench.ask("where are the roofs?", image)
    other = done(bench.ask("where are the roofs?", image))
    assert isinstance(first[0], Accepted)
    events = bench.ask("", conversation_id=other.conversation_id, retry_of=first[0].message.id)
    assert failed(events).sentence.startswith("This message is not here any more")


def test_confidence_is_the_probability_in_255ths() -> None:
    logits = np.array([[-100.0, 0.0, 100.0, np.log(3.0)]], dtype=np.float32)
    confidence = to_confidence(logits)
    assert confidence.dtype == np.uint8
    assert confidence.tolist() == [[0, 128, 255, 191]]
