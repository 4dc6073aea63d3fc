"""Moves are laws about a branch: redo takes back undo, and no move leaves the branch."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import Message
from assistant.conversation_tree import ConversationTree
from assistant.errors import AnswerNotInConversationError, NothingToRedoError, NothingToUndoError
from assistant.intents import Command, CommandKind
from assistant.moves import Steps, count_steps, plan_move
from tests.fakes.messages import FACTS, build_answer, build_question

START = datetime(2030, 1, 1, tzinfo=UTC)


def build_tree(*kinds: str) -> ConversationTree:
    """One branch: "q" is a question, "m" an answer about the image, "w" an answer in words; the pointer at its end."""
    messages: list[Message] = []
    for number, kind in enumerate("".join(kinds)):
        made = build_question("where?") if kind == "q" else build_answer("there", facts=FACTS if kind == "m" else None)
        parent = messages[-1].id if messages else None
        messages.append(replace(made, id=str(number), parent_id=parent, created_at=START + timedelta(seconds=number)))
    end = messages[-1].id if messages else None
    return ConversationTree(tuple(messages), end, end)


def move(tree: ConversationTree, kind: CommandKind, steps: int = 1, answer: int | None = None) -> ConversationTree:
    target = plan_move(tree, Command(kind, steps, answer)).message_id
    return replace(tree, pointer_id=target, tip_id=tree.find_tip(target))


TREES = st.lists(st.sampled_from(["qm", "qw"]), min_size=1, max_size=8).map(lambda kinds: build_tree("qm", *kinds))


@given(tree=TREES, data=st.data())
def test_redo_takes_back_as_many_undos(tree: ConversationTree, data: st.DataObject) -> None:
    steps = data.draw(st.integers(1, count_steps(tree).back))
    undone = move(tree, CommandKind.UNDO, steps)
    assert count_steps(undone) == Steps(back=count_steps(tree).back - steps, forward=steps)
    assert move(undone, CommandKind.REDO, steps) == tree


@given(tree=TREES, steps=st.integers(9, 99))
def test_more_steps_than_there_are_go_as_far_as_there_are_any(tree: ConversationTree, steps: int) -> None:
    undone = move(tree, CommandKind.UNDO, steps)
    assert undone.pointer_id is None
    assert move(undone, CommandKind.REDO, steps) == tree


@given(tree=TREES, data=st.data())
def test_an_answer_is_the_same_from_the_front_and_from_the_back(tree: ConversationTree, data: st.DataObject) -> None:
    count = count_steps(tree).back
    number = data.draw(st.integers(1, count))
    forwards = move(tree, CommandKind.GO_BACK, answer=number)
    assert count_steps(forwards).back == number
    assert forwards == move(tree, CommandKind.GO_BACK, answer=number - count - 1)


def test_starting_over_stops_at_what_was_there_before_the_first_question() -> None:
    tree = build_tree("wqmqm")  # the greeting of an image that was added alone
    assert move(tree, CommandKind.RESET).pointer_id == "0"


@pytest.mark.parametrize(
    ("kinds", "command", "error"),
    [
        ("qw", Command(CommandKind.UNDO), NothingToUndoError),
        ("qw", Command(CommandKind.RESET), NothingToUndoError),
        ("qm", Command(CommandKind.REDO), NothingToRedoError),
        ("qm", Command(CommandKind.GO_BACK, answer=2), AnswerNotInConversationError),
        ("qm", Command(CommandKind.GO_BACK, answer=-2), AnswerNotInConversationError),
        ("", Command(CommandKind.UNDO), NothingToUndoError),
    ],
)
def test_a_move_to_nowhere_is_refused(kinds: str, command: Command, error: type[Exception]) -> None:
    with pytest.raises(error):
        plan_move(build_tree(kinds), command)
