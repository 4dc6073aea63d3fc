"""Where nothing was found, the answer goes on to name what is there, as choices to click."""

from pathlib import Path

import numpy as np
import pytest

from assistant.conversation import Status
from assistant.events import ChoicesOffered, Done, Event, Stage
from assistant.intents import Segment
from assistant.looking_around import COMMON_THINGS, describe_surroundings, look_around, offer
from assistant.turn_request import ChoiceTaken, TurnRequest
from assistant.turns import TurnRunner
from serving.cancellation import Cancellation
from serving.errors import CheckpointMissingError
from serving.grid import Grid
from serving.image_ref import ImageRef
from serving.mask import Mask
from serving.prediction import Prediction
from tests.assistant.pictures import write_picture
from tests.assistant.test_turns import OWNER, done, spoken, ticking_clock
from tests.fakes.engine import FakeEngine
from tests.fakes.history import InMemoryHistory

GRID = Grid(height=4, width=4)


@pytest.fixture
def image(tmp_path: Path) -> ImageRef:
    return write_picture(tmp_path)


class Eyes:
    """Sees things with the scores that it is told, and keeps what it was asked."""

    def __init__(self, **scores: float) -> None:
        self.scores = {name.replace("_", " "): score for name, score in scores.items()}
        self.asked: list[str] = []

    def ask(self, question: str) -> Prediction:
        self.asked.append(question)
        score = self.scores.get(question.removeprefix("all the "))
        pixels = np.full((4, 4), score is not None)
        logits = np.where(pixels, np.float32(1), np.float32(-1))
        return Prediction(Mask(pixels, GRID), logits, score or 0.9, score is not None, {}, "eyes")


def test_the_surest_things_are_named_first_and_at_most_three() -> None:
    eyes = Eyes(roads=0.7, buildings=0.8, ships=0.95, bridges=0.9)
    assert look_around(eyes.ask, budget_s=9.0, now=lambda: 0.0) == ("ships", "bridges", "buildings")


def test_what_the_model_is_not_sure_of_is_not_named() -> None:
    assert look_around(Eyes(roads=0.4).ask, budget_s=9.0, now=lambda: 0.0) == ()


def test_no_question_is_begun_after_the_time_is_up() -> None:
    ticks = iter(range(100))
    eyes = Eyes()
    look_around(eyes.ask, budget_s=2.0, now=lambda: float(next(ticks)))
    assert eyes.asked == [f"all the {thing}" for thing in COMMON_THINGS[:2]]


def test_sentences_and_choices_name_the_same_things() -> None:
    assert describe_surroundings(("ships",)) == "What I do see here: ships."
    assert describe_surroundings(("ships", "roads", "cars")) == "What I do see here: ships, roads and cars."
    assert [choice.intent for choice in offer(("ships",))] == [Segment("all the ships")]


def run(engine: FakeEngine, history: InMemoryHistory, request: TurnRequest) -> list[Event]:
    return list(TurnRunner(engine, history, ticking_clock(), look_around_s=60.0).run(request))


def test_an_answer_without_a_find_offers_what_is_there(image: ImageRef) -> None:
    engine, history = FakeEngine(), InMemoryHistory()
    events = run(engine, history, TurnRequest(OWNER, None, "where is nothing?", image))
    message = done(events)
    assert [event.name for event in events if isinstance(event, Stage)][-1] == "look_around"
    assert len(message.choices) == 3
    assert spoken(events) == message.text
    assert message.text.endswith("What I do see here: buildings, roads and trees.")
    assert any(isinstance(event, ChoicesOffered) for event in events)
    taken = TurnRequest(OWNER, message.conversation_id, "", None, choice=ChoiceTaken(message.id, 1))
    answer = done(run(engine, history, taken))
    assert answer.question == "all the buildings"
    assert answer.facts is not None
    assert answer.facts.pixel_count > 0


def test_what_was_found_needs_no_second_look(image: ImageRef) -> None:
    engine = FakeEngine()
    message = done(run(engine, InMemoryHistory(), TurnRequest(OWNER, None, "the red roof", image)))
    assert message.choices == ()
    assert engine.questions == ["the red roof"]


def test_no_seconds_no_second_look(image: ImageRef) -> None:
    engine = FakeEngine()
    events = list(
        TurnRunner(engine, InMemoryHistory(), ticking_clock()).run(TurnRequest(OWNER, None, "nothing", image))
    )
    assert done(events).choices == ()
    assert engine.questions == ["nothing"]


def test_a_failure_while_looking_around_leaves_the_answer_whole(image: ImageRef) -> None:
    engine, history = FakeEngine(), InMemoryHistory()
    answer = None
    for event in TurnRunner(engine, history, ticking_clock(), look_around_s=60.0).run(
        TurnRequest(OWNER, None, "nothing", image)
    ):
        if isinstance(event, Stage) and event.name == "measure":
            engine.failure = CheckpointMissingError(what="weights", remedy="Fetch them.")
        if isinstance(event, Done):
            answer = event.message
    assert answer is not None
    assert answer.status is Status.COMPLETE
    assert answer.text.startswith("Nothing in this image matches")
    assert answer.choices == ()


def test_stop_while_looking_around_keeps_the_answer(image: ImageRef) -> None:
    engine, history, cancellation = FakeEngine(), InMemoryHistory(), Cancellation()
    request = TurnRequest(OWNER, None, "nothing", image, cancellation=cancellation)
    events: list[Event] = []
    for event in TurnRunner(engine, history, ticking_clock(), look_around_s=60.0).run(request):
        events.append(event)
        if isinstance(event, Stage) and event.name == "look_around":
            cancellation.cancel()
    message = done(events)
    assert message.status is Status.COMPLETE
    assert message.choices == ()
