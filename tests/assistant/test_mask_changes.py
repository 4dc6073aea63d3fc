from pathlib import Path

import pytest

from assistant.changes import Change, Painting, Pointing, Revision, describe_change
from assistant.conversation import Message
from assistant.events import Done, Failed
from assistant.making import Painted, Pointed
from assistant.masks.strokes import Stroke
from assistant.operations import BySize, FillHoles, Keep, Ranks, Subtract, Threshold
from assistant.turn_request import TurnRequest
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

    def title(self) -> str:
        return self.history.get_conversation(OWNER, str(self.conversation_id)).title

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


def test_the_refiner_is_told_of_all_clicks_since_words_were_last_said(talk: HandTalk) -> None:
    places = [
        Click(20.0, 25.0, is_positive=True),
        Click(3.0, 3.0, is_positive=False),
        Click(20.0, 15.0, is_positive=True),
    ]
    answer = talk.say("red boxes")
    for click in places:
        answer = talk.change(Pointing(answer.id, (click,)))
    boxed = talk.change(Pointing(answer.id, (), Box(28.0, 2.0, 38.0, 10.0)))
    assert [clicks for clicks, _ in talk.engine.refinements] == [
        tuple(places[:1]),
        tuple(places[:2]),
        tuple(places),
        tuple(places),
    ]
    assert boxed.making == Pointed((), Box(28.0, 2.0, 38.0, 10.0), tuple(places))
    talk.change(Pointing(boxed.id, (places[0],)))
    # What the box marked is in the mask; told again it would undo what is clicked in it later. A click stands for it.
    told, box = talk.engine.refinements[-1]
    assert box is None
    assert (*told[:3], told[4]) == (*places, places[0])
    assert told[3].is_positive
    assert 28 < told[3].x < 38
    assert 2 < told[3].y < 10
    refined = talk.say("only the largest")
    talk.change(Pointing(refined.id, (places[2],)))
    assert talk.engine.refinements[-1] == ((places[2],), None)


def test_a_click_that_takes_back_an_earlier_one_is_told_alone(talk: HandTalk) -> None:
    first = talk.say("red boxes")
    added = talk.change(Pointing(first.id, (Click(20.0, 25.0, is_positive=True),)))
    taken_back = Click(20.4, 25.6, is_positive=False)
    removed = talk.change(Pointing(added.id, (taken_back,)))
    assert talk.engine.refinements[-1] == ((taken_back,), None)
    assert talk.marked(removed) == 96


def test_after_undo_the_click_that_was_taken_back_is_not_told(talk: HandTalk) -> None:
    first = talk.say("red boxes")
    kept, undone, new = (Click(x, 25.0, is_positive=True) for x in (20.0, 3.0, 35.0))
    added = talk.change(Pointing(first.id, (kept,)))
    talk.change(Pointing(added.id, (undone,)))
    talk.history.move_pointer(OWNER, str(talk.conversation_id), added.id)
    talk.change(Pointing(added.id, (new,)))
    assert talk.engine.refinements[-1][0] == (kept, new)


def test_the_brush_marks_and_erases_exactly_what_it_went_over(talk: HandTalk) -> None:
    first = talk.say("red boxes")
    line = ((5.5, 27.5), (34.5, 27.5))
    added = talk.change(Painting(first.id, (Stroke(line, 0.5, is_adding=True),)))
    assert (talk.marked(added), added.operations) == (96 + 30, ())
    assert "30 pixels added" in added.text
    assert added.making == Painted((Stroke(line, 0.5, is_adding=True),))
    erased = talk.change(Painting(added.id, (Stroke(line, 0.5, is_adding=False),)))
    assert talk.marked(erased) == 96
    assert talk.engine.refinements == []


def test_no_threshold_takes_away_what_was_painted(talk: HandTalk) -> None:
    first = talk.say("red boxes")
    painted = talk.change(Painting(first.id, (Stroke(((5.5, 27.5), (34.5, 27.5)), 0.5, is_adding=True),)))
    assert talk.marked(talk.change(Revision(painted.id, (Threshold(0.99),)))) == 30


def test_clicks_before_the_brush_are_not_told_after_it(talk: HandTalk) -> None:
    first = talk.say("red boxes")
    clicked = talk.change(Pointing(first.id, (Click(20.0, 25.0, is_positive=True),)))
    erased = talk.change(Painting(clicked.id, (Stroke(((20.0, 25.0),), 3.0, is_adding=False),)))
    later = Click(3.0, 3.0, is_positive=False)
    talk.change(Pointing(erased.id, (later,)))
    assert talk.engine.refinements[-1][0] == (later,)


def test_a_brush_beside_the_image_is_a_sentence_and_changes_nothing(talk: HandTalk) -> None:
    first = talk.say("red boxes")
    ended = talk.run(Painting(first.id, (Stroke(((400.0, 2.0),), 3.0, is_adding=True),)))
    assert isinstance(ended, Failed)
    assert "did not touch the image, which is 40 × 30 pixels" in ended.sentence


@pytest.mark.parametrize(
    ("clicks", "box", "strokes", "marked"),
    [
        ((Click(3.0, 3.0, is_positive=True),), None, (), 80),
        ((), Box(28.0, 2.0, 38.0, 10.0), (), 16),
        ((), None, (Stroke(((5.5, 27.5), (34.5, 27.5)), 0.5, is_adding=True),), 30),
    ],
)
def test_an_image_that_was_asked_nothing_can_be_pointed_at_and_painted_on(
    talk: HandTalk, clicks: tuple[Click, ...], box: Box | None, strokes: tuple[Stroke, ...], marked: int
) -> None:
    bare = talk.add_image()
    first = talk.change(Painting(bare.id, strokes) if strokes else Pointing(bare.id, clicks, box))
    assert talk.marked(first) == marked
    assert (first.question, first.mask_parents, first.image) == (None, (), bare.image)
    assert talk.engine.questions == []
    grown = talk.say("grow it by 1 pixel")
    assert talk.marked(grown) > marked


def test_an_image_without_an_answer_has_no_steps_to_set(talk: HandTalk) -> None:
    bare = talk.add_image()
    assert isinstance(talk.run(Revision(bare.id, ())), Failed)


def test_a_mask_made_by_hand_names_no_conversation(talk: HandTalk) -> None:
    bare = talk.add_image()
    talk.change(Pointing(bare.id, (Click(3.0, 3.0, is_positive=True),)))
    assert talk.title() == "scene.png"
    talk.say("the red boxes in the top half")
    assert talk.title() == "the red boxes in the top half"


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
        (Painting("a", (Stroke(((1, 2),), 3, is_adding=False),)), "Remove what the brush went over"),
    ],
)
def test_what_was_done_by_hand_is_said_in_words(change: Change, words: str) -> None:
    assert describe_change(change) == words
