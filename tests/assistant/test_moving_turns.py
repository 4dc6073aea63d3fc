"""Undo, redo, going back, starting over and branching, as turns of a conversation."""

from pathlib import Path
from typing import Any

import pytest

from assistant.changes import Pointing, Revision
from assistant.conversation import Message
from assistant.events import Done, Event, Failed, Moved
from assistant.intents import Command, CommandKind
from assistant.making import Asked, Pointed, Refined, Revised
from assistant.moves import Steps, count_steps
from assistant.operations import BySize, Keep
from assistant.turn_request import TurnRequest
from serving.clicks import Click
from tests.assistant.pictures import write_picture
from tests.assistant.test_refining_turns import BOXES, OWNER, Talk

LARGEST = Keep(BySize())


class BranchTalk(Talk):
    """A conversation that is gone back in."""

    def turn(self, text: str = "", **fields: Any) -> Event:
        self.events = list(self.runner.run(TurnRequest(OWNER, self.conversation_id, text, None, **fields)))
        return self.events[-1]

    def go(self, text: str) -> Message | None:
        moved = self.turn(text)
        assert isinstance(moved, Moved), moved
        assert self.events == [moved]
        return moved.message

    def ask(self, text: str, **fields: Any) -> Message:
        done = self.turn(text, **fields)
        assert isinstance(done, Done), done
        return done.message

    def shown(self) -> list[str]:
        return [
            message.text
            for message in self.history.list_messages(OWNER, str(self.conversation_id))
            if message.role == "user"
        ]

    def steps(self) -> Steps:
        return count_steps(self.history.load_tree(OWNER, str(self.conversation_id)))

    def count(self) -> int:
        return self.history.get_conversation(OWNER, str(self.conversation_id)).message_count


@pytest.fixture
def talk(tmp_path: Path) -> BranchTalk:
    return BranchTalk(write_picture(tmp_path, boxes=BOXES))


def test_undo_goes_back_one_answer_and_stores_nothing(talk: BranchTalk) -> None:
    first = talk.say("red boxes")
    talk.say("only the largest")
    before = talk.count()
    assert talk.go("undo that") == first
    assert talk.shown() == ["red boxes"]
    assert (talk.count(), talk.steps()) == (before, Steps(back=1, forward=1))


def test_the_next_wish_is_about_the_mask_that_was_gone_back_to(talk: BranchTalk) -> None:
    talk.say("red boxes")
    talk.say("only the largest")
    talk.go("undo")
    assert talk.marked(talk.ask("only the smallest")) == 16
    assert talk.shown() == ["red boxes", "only the smallest"]
    assert talk.steps().forward == 0


def test_redo_takes_the_undone_answers_again_and_what_was_said_after_them(talk: BranchTalk) -> None:
    talk.say("red boxes")
    talk.say("only the largest")
    last = talk.say("how many are there?")
    talk.go("undo twice")
    assert talk.shown() == []
    talk.go("redo")
    assert talk.shown() == ["red boxes"]
    assert talk.go("redo") == last
    assert talk.shown() == ["red boxes", "only the largest", "how many are there?"]


def test_going_back_to_a_number_counts_the_answers_of_the_branch(talk: BranchTalk) -> None:
    first = talk.say("red boxes")
    talk.say("how many are there?")
    second = talk.say("only the largest")
    talk.say("fill the holes")
    assert talk.go("go back to the first") == first
    assert talk.go("go back to the second one") == second
    assert talk.steps() == Steps(back=2, forward=1)


def test_starting_over_keeps_the_image_and_the_way_back(talk: BranchTalk) -> None:
    talk.say("red boxes")
    last = talk.say("only the largest")
    assert talk.go("start over") is None
    assert talk.marked(talk.ask("blue boxes")) == 120
    assert talk.shown() == ["blue boxes"]
    tree = talk.history.load_tree(OWNER, last.conversation_id)
    assert next(leaf.text for leaf in tree.leaves) == last.text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("redo", "nothing to redo"), ("go back to the ninth answer", "There is one answer here, and not the one")],
)
def test_a_move_to_nowhere_is_a_sentence_and_stores_nothing(talk: BranchTalk, words: str, sentence: str) -> None:
    talk.say("red boxes")
    before = talk.count()
    failed = talk.turn(words)
    assert isinstance(failed, Failed)
    assert (failed.message, failed.reference, talk.count()) == (None, None, before)
    assert sentence in failed.sentence


def test_undo_at_the_beginning_keeps_the_way_forward(talk: BranchTalk) -> None:
    talk.say("red boxes")
    talk.go("undo")
    assert isinstance(talk.turn("undo"), Failed)
    assert talk.go("redo") is not None


def test_a_move_by_button_does_as_the_words_do(talk: BranchTalk) -> None:
    first = talk.say("red boxes")
    talk.say("only the largest")
    moved = talk.turn(move=Command(CommandKind.UNDO))
    assert isinstance(moved, Moved)
    assert moved.message == first
    assert moved.sentence == "Back to answer 1 of 2."


def test_a_move_without_a_conversation_is_a_sentence(talk: BranchTalk) -> None:
    assert isinstance(talk.turn(move=Command(CommandKind.UNDO)), Failed)


def test_editing_an_earlier_question_makes_a_branch_beside_it(talk: BranchTalk) -> None:
    first = talk.say("red boxes")
    talk.say("only the largest")
    edited = talk.ask("blue boxes", edit_of=first.parent_id)
    assert talk.marked(edited) == 120
    assert talk.shown() == ["blue boxes"]
    tree = talk.history.load_tree(OWNER, edited.conversation_id)
    assert [question.text for question in tree.siblings_of(str(edited.parent_id))] == ["red boxes", "blue boxes"]


def test_branching_from_an_answer_goes_on_from_its_mask(talk: BranchTalk) -> None:
    first = talk.say("red boxes")
    talk.say("only the largest")
    branch = talk.ask("only the smallest", branch_from=first.id)
    assert (talk.marked(branch), branch.mask_parents) == (16, (first.id,))


@pytest.mark.parametrize("field", ["edit_of", "branch_from"])
def test_a_branch_begins_at_a_message_of_this_conversation(talk: BranchTalk, field: str) -> None:
    elsewhere = talk.say("red boxes")
    talk.conversation_id = talk.history.create_conversation(OWNER, "other").id
    assert isinstance(talk.turn("blue boxes", **{field: elsewhere.parent_id}), Failed)
    assert talk.count() == 0


def test_a_refused_question_moves_nothing(talk: BranchTalk) -> None:
    first = talk.say("red boxes")
    talk.say("only the largest")
    assert isinstance(talk.turn("  ", branch_from=first.id), Failed)
    assert talk.shown() == ["red boxes", "only the largest"]


def test_every_mask_says_how_it_was_made_and_from_what(talk: BranchTalk) -> None:
    first = talk.say("red boxes")
    refined = talk.say("only the largest")
    click = Click(20.0, 25.0, is_positive=True)
    pointed = talk.ask("", change=Pointing(refined.id, (click,)))
    revised = talk.ask("", change=Revision(refined.id, ()))
    assert [message.making for message in (first, refined, pointed, revised)] == [
        Asked("Segment all the red boxes.", ()),
        Refined((LARGEST,)),
        Pointed((click,)),
        Revised(()),
    ]
    assert [message.mask_parents for message in (first, refined, pointed, revised)] == [
        (),
        (first.id,),
        (refined.id,),
        (refined.id,),
    ]
