from pathlib import Path

import pytest

from assistant.changes import Change, Pointing, Revision, describe_change
from assistant.conversation import Message
from assistant.events import Done, Failed
from assistant.operations import BySize, FillHoles, Keep, Ranks, Subtract, Threshold
from assistant.turns import TurnRequest
from serving.clicks import Box, Click
from tests.assistant.pictures import write_picture
from tests.assistant.test_refining_turns import BOXES, OWNER, Talk

LARGEST = Keep(BySize())
SMALLEST = Keep(BySize(smallest=True))


class HandTalk(Talk):
    """A conversation in which masks are changed by hand too."""

    def change(self, change: Change) -> Message:
        last = self.run(change)
        assert isinstance(last, Done), last
        return last.message

    def run(self, change: Change) -> Done | Failed:
        self.events = list(self.runner.run(TurnRequest(OWNER, self.conversation_id, "", None, change=change)))
        last = self.events[-1]
        assert isinstance(last, Done | Failed)
        return last


@pytest.fixture
def talk(tmp_path: Path) -> HandTalk:
    return HandTalk(write_picture(tmp_path, boxes=BOXES))


def test_answers_keep_every_step_from_the_models_mask_on(talk: HandTalk) -> None:
    talk.say("the red boxes in the top half")
    assert len(talk.say("only the largest").operations) == 2


def test_removed_step_gives_the_mask_that_there_would_be_without_it(talk: HandTalk) -> None:
    talk.say("red boxes")
    refined = talk.say("only the largest")
    again = talk.change(Revision(refined.id, ()))
    assert (talk.marked(again), again.operations) == (96, ())
    assert len(talk.engine.questions) == 1


def test_step_that_left_nothing_can_be_taken_back(talk: HandTalk) -> None:
    talk.say("red boxes")
    nothing = talk.say("only the ones larger than 500 pixels")
    assert nothing.mask_digest is None
    assert talk.marked(talk.change(Revision(nothing.id, (SMALLEST,)))) == 16


def test_steps_of_a_compound_question_can_be_changed(talk: HandTalk) -> None:
    first = talk.say("the smallest red box")
    assert talk.marked(talk.change(Revision(first.id, (LARGEST,)))) == 80


def test_a_step_that_names_a_thing_asks_the_model_for_it(talk: HandTalk) -> None:
    first = talk.say("red boxes")
    changed = talk.change(Revision(first.id, (Subtract("the blue strip"), LARGEST)))
    assert talk.engine.questions[-1] == "Segment all the blue strips."
    assert talk.marked(changed) == 80


def test_threshold_comes_from_the_confidence_map_and_keeps_the_later_steps(talk: HandTalk) -> None:
    talk.say("red boxes")
    refined = talk.say("only the largest")
    changed = talk.change(Revision(refined.id, (Threshold(0.9), *refined.operations)))
    assert (talk.marked(changed), changed.operations) == (80, (Threshold(0.9), LARGEST))
    emptied = talk.change(Revision(changed.id, (Threshold(0.99),)))
    assert emptied.mask_digest is None
    assert "Nothing is left" in emptied.text


def test_what_was_done_by_hand_is_no_question_to_the_image(talk: HandTalk) -> None:
    first = talk.say("red boxes")
    talk.change(Revision(first.id, (LARGEST,)))
    message = talk.say("remove the smallest")
    assert message.question == "red boxes, remove the smallest"
    assert message.operations[0] == LARGEST


def test_click_adds_and_removes_and_begins_new_steps(talk: HandTalk) -> None:
    first = talk.say("red boxes")
    added = talk.change(Pointing(first.id, (Click(20.0, 25.0, is_positive=True),)))
    assert talk.marked(added) == 96 + 120
    removed = talk.change(Pointing(added.id, (Click(3.0, 3.0, is_positive=False),)))
    assert talk.marked(removed) == 16 + 120
    assert "80 pixels removed" in removed.text
    assert talk.marked(talk.change(Revision(removed.id, (LARGEST,)))) == 120


def test_box_marks_what_is_in_it(talk: HandTalk) -> None:
    empty = talk.say("green lawns")
    assert talk.marked(talk.change(Pointing(empty.id, (), Box(28.0, 2.0, 38.0, 10.0)))) == 16


def test_click_beside_the_image_is_a_sentence_and_changes_nothing(talk: HandTalk) -> None:
    first = talk.say("red boxes")
    ended = talk.run(Pointing(first.id, (Click(400.0, 2.0, is_positive=True),)))
    assert isinstance(ended, Failed)
    assert ended.reference is None


def test_answer_of_another_conversation_is_not_changed_here(talk: HandTalk, tmp_path: Path) -> None:
    first = talk.say("red boxes")
    talk.conversation_id = None
    talk.say("red boxes", image=write_picture(tmp_path, name="other.png", boxes=BOXES))
    assert isinstance(talk.run(Revision(first.id, ())), Failed)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Revision("a", ()), "Without any steps"),
        (Revision("a", (Keep(BySize(Ranks(count=2))), FillHoles())), "Only the two largest, then holes filled"),
        (Pointing("a", (Click(3.4, 8.0, is_positive=True),)), "Add what is at 3, 8"),
        (
            Pointing("a", (Click(1, 2, is_positive=False), Click(3, 4, is_positive=False)), Box(0, 1, 8, 9)),
            "Remove what is at 1, 2 and 3, 4; Mark what is in the box 0, 1 – 8, 9",
        ),
    ],
)
def test_what_was_done_by_hand_is_said_in_words(change: Change, words: str) -> None:
    assert describe_change(change) == words
