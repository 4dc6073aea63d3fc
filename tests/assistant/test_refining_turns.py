from pathlib import Path

import numpy as np
import pytest

from assistant.conversation import Message, NewMessage, Role
from assistant.events import Done, Event, Failed, MaskReady, Stage, TextDelta
from assistant.turn_request import TurnRequest
from assistant.turns import TurnRunner
from serving.image_ref import ImageRef
from tests.assistant.pictures import write_picture
from tests.assistant.test_turns import ticking_clock
from tests.fakes.engine import FakeEngine
from tests.fakes.history import InMemoryHistory

OWNER = "ada"
# A large red box at the top left, a small one at the right, and a blue strip at the bottom.
BOXES = (("red", (2, 2, 12, 10)), ("red", (30, 4, 34, 8)), ("blue", (0, 24, 40, 27)))


class Talk:
    """One conversation about one picture."""

    def __init__(self, image: ImageRef) -> None:
        self.engine = FakeEngine()
        self.history = InMemoryHistory()
        self.runner = TurnRunner(self.engine, self.history, ticking_clock())
        self.image: ImageRef | None = image
        self.conversation_id: str | None = None
        self.events: list[Event] = []

    def say(self, text: str, *, point: tuple[float, float] | None = None, image: ImageRef | None = None) -> Message:
        request = TurnRequest(OWNER, self.conversation_id, text, image or self.image, point_xy_px=point)
        self.events = list(self.runner.run(request))
        last = self.events[-1]
        assert isinstance(last, Done), last
        self.conversation_id = last.message.conversation_id
        # From here on the conversation's latest image counts.
        self.image = None
        return last.message

    def add_image(self, image: ImageRef | None = None) -> Message:
        """Keep an image that is asked nothing yet, in a conversation called after it where there is none."""
        added = image or self.image
        assert added is not None
        self.image = None
        if self.conversation_id is None:
            self.conversation_id = self.history.create_conversation(OWNER, added.name).id
        return self.history.append_message(OWNER, self.conversation_id, NewMessage(Role.USER, "", image=added))

    def fail(self, text: str) -> Failed:
        self.events = list(self.runner.run(TurnRequest(OWNER, self.conversation_id, text, self.image)))
        last = self.events[-1]
        assert isinstance(last, Failed), last
        return last

    def marked(self, message: Message) -> int:
        return self.history.load_mask(OWNER, message.id).pixel_count


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(write_picture(tmp_path, boxes=BOXES))


def test_a_compound_question_asks_for_the_class_and_keeps_what_it_says(talk: Talk) -> None:
    message = talk.say("the smallest red box")
    assert talk.engine.questions == ["Segment all the red boxes."]
    assert talk.marked(message) == 16
    assert message.question == "the smallest red box"
    assert message.text.startswith("Marked all red boxes, then: only the smallest.")


def test_a_compound_question_about_another_thing_asks_for_both(talk: Talk) -> None:
    message = talk.say("the red boxes within 15 pixels of the blue strip")
    assert talk.engine.questions == ["Segment all the red boxes.", "Segment all the blue strips."]
    assert talk.marked(message) == 80
    assert "those within 15 pixels of the blue strip" in message.text


def test_a_refinement_changes_the_mask_without_asking_the_model(talk: Talk) -> None:
    talk.say("red boxes")
    message = talk.say("only the largest")
    assert len(talk.engine.questions) == 1
    assert talk.marked(message) == 80
    assert message.text.startswith("Changed what was marked: only the largest.")
    assert [event.name for event in talk.events if isinstance(event, Stage)] == ["refine", "measure"]
    ready = [event for event in talk.events if isinstance(event, MaskReady)]
    assert [event.mask_digest for event in ready] == [message.mask_digest]
    assert "".join(event.text for event in talk.events if isinstance(event, TextDelta)) == message.text


def test_refinements_build_on_each_other(talk: Talk) -> None:
    talk.say("red boxes")
    talk.say("and the blue strip too")
    assert talk.engine.questions[-1] == "Segment all the blue strips."
    message = talk.say("remove the smallest")
    assert message.facts is not None
    assert (message.facts.count, message.facts.pixel_count) == (2, 200)
    assert message.question == "red boxes, and the blue strip too, remove the smallest"


def test_the_earlier_mask_is_still_there(talk: Talk) -> None:
    first = talk.say("red boxes")
    before = talk.history.load_mask(OWNER, first.id).pixels.copy()
    talk.say("only the largest")
    np.testing.assert_array_equal(talk.history.load_mask(OWNER, first.id).pixels, before)


def test_a_click_says_which_one(talk: Talk) -> None:
    talk.say("red boxes")
    message = talk.say("remove that one", point=(31.0, 6.0))
    assert talk.marked(message) == 80


def test_pointing_without_a_click_is_asked_back_and_changes_nothing(talk: Talk) -> None:
    talk.say("red boxes")
    message = talk.say("remove that one")
    assert message.text.startswith("Which one do you mean?")
    assert (message.mask_digest, message.facts) == (None, None)
    assert talk.marked(talk.say("only the largest")) == 80


def test_ones_are_called_by_what_was_asked_for(talk: Talk) -> None:
    talk.say("the boxes in the top half")
    talk.say("only the blue ones")
    assert talk.engine.questions[-1] == "Segment all the blue boxes."


def test_nothing_left_is_said_and_no_mask_is_kept(talk: Talk) -> None:
    talk.say("red boxes")
    message = talk.say("only the ones larger than 500 pixels")
    assert "Nothing is left of what was marked." in message.text
    assert message.mask_digest is None
    assert message.facts is not None
    assert message.facts.pixel_count == 0


def test_what_was_not_found_is_said(talk: Talk) -> None:
    talk.say("red boxes")
    message = talk.say("without the green lawn")
    assert "I did not find “the green lawn” in this image" in message.text


def test_a_refinement_can_start_from_nothing(talk: Talk) -> None:
    talk.say("green lawns")
    message = talk.say("add the blue strip")
    assert talk.marked(message) == 120


def test_metres_without_a_scale_end_the_turn_with_what_to_do(talk: Talk) -> None:
    talk.say("red boxes")
    assert "Please give pixels instead" in talk.fail("grow it by 5 m").sentence
    assert talk.marked(talk.say("only the largest")) == 80


def test_metres_are_used_where_the_image_has_a_scale(tmp_path: Path) -> None:
    talk = Talk(write_picture(tmp_path, boxes=(("red", (10, 10, 11, 11)),), gsd_m=(1.0, 0.5)))
    talk.say("red boxes")
    assert talk.marked(talk.say("grow it by 1 m")) == 7


def test_north_is_up_in_a_plain_picture_and_the_answer_says_so(talk: Talk) -> None:
    talk.say("red boxes")
    message = talk.say("only those north of the blue strip")
    assert talk.marked(message) == 96
    assert "North is taken to be up, because this image carries no georeference." in message.text


def test_the_same_is_done_in_another_image(talk: Talk, tmp_path: Path) -> None:
    other = write_picture(
        tmp_path, name="other.png", boxes=(("red", (0, 0, 3, 3)), ("red", (10, 10, 20, 20)), ("blue", (30, 0, 32, 2)))
    )
    first = talk.image
    talk.say("red boxes")
    talk.say("only the largest")
    talk.say("blue boxes", image=other)
    talk.say("how many are there?", image=first)
    message = talk.say("now the same in the second image", image=first)
    assert message.image == other
    assert talk.marked(message) == 100
    assert message.question == "red boxes, only the largest"


def test_an_image_that_was_never_added_is_named_as_missing(talk: Talk) -> None:
    talk.say("red boxes")
    assert "This conversation has one image" in talk.fail("now the same in the third image").sentence


def test_facts_of_a_refined_mask_answer_the_next_question(talk: Talk) -> None:
    talk.say("red boxes")
    talk.say("only the largest")
    assert "One area is marked." in talk.say("how many are there?").text
    assert "One area is marked" in talk.say("list them").text
