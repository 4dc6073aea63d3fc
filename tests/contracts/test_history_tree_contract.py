"""Every history keeps all branches of a conversation, and knows its way back to each."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from assistant.conversation import Message, NewMessage, Role
from assistant.errors import ConversationNotFoundError, MessageNotFoundError
from assistant.interfaces import History
from tests.fakes.history import InMemoryHistory
from tests.fakes.stores import TickingClock, open_store

ANN, BEN = "ann", "ben"


class Talk:
    """One conversation of Ann's."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.id = history.create_conversation(ANN, "fields").id

    def say(self, *texts: str) -> list[Message]:
        return [self.history.append_message(ANN, self.id, NewMessage(Role.USER, text)) for text in texts]

    def move(self, message: Message | None) -> None:
        self.history.move_pointer(ANN, self.id, None if message is None else message.id)

    def shown(self) -> str:
        return texts_of(self.history.list_messages(ANN, self.id))

    def tip(self) -> str | None:
        tree = self.history.load_tree(ANN, self.id)
        return None if tree.tip_id is None else tree.get_message(tree.tip_id).text


def texts_of(messages: Sequence[Message]) -> str:
    return "".join(message.text for message in messages)


@pytest.fixture(params=["in memory", "SQL"])
def talk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Talk]:
    with open_store(tmp_path) as store:
        in_memory: History = InMemoryHistory(TickingClock())
        real: History = store.history
        yield Talk(real if request.param == "SQL" else in_memory)


def test_an_empty_conversation_has_an_empty_tree(talk: Talk) -> None:
    tree = talk.history.load_tree(ANN, talk.id)
    assert (tree.messages, tree.pointer_id, tree.tip_id, list(tree.leaves)) == ((), None, None, [])


def test_going_back_hides_what_follows_and_loses_nothing(talk: Talk) -> None:
    first, *_ = talk.say("a", "b", "c")
    talk.move(first)
    assert talk.shown() == "a"
    tree = talk.history.load_tree(ANN, talk.id)
    assert (texts_of(tree.messages), tree.pointer_id, talk.tip()) == ("abc", first.id, "c")
    talk.move(tree.get_message(str(tree.tip_id)))
    assert talk.shown() == "abc"


def test_going_on_from_an_earlier_message_makes_a_branch(talk: Talk) -> None:
    first, second, _ = talk.say("a", "b", "c")
    talk.move(first)
    (branch,) = talk.say("d")
    assert (talk.shown(), branch.parent_id, talk.tip()) == ("ad", first.id, "d")
    tree = talk.history.load_tree(ANN, talk.id)
    assert texts_of(tree.children_of(first.id)) == "bd"
    assert texts_of(tree.siblings_of(branch.id)) == "bd"
    assert texts_of(tree.leaves) == "cd"
    assert texts_of(tree.path_to(second.id)) == "ab"
    assert talk.history.get_message(ANN, second.id) == second


def test_beginning_anew_makes_a_second_first_message(talk: Talk) -> None:
    talk.say("a", "b")
    talk.move(None)
    assert (talk.shown(), talk.tip()) == ("", "b")
    (anew,) = talk.say("c")
    assert anew.parent_id is None
    assert talk.shown() == "c"
    assert texts_of(talk.history.load_tree(ANN, talk.id).children_of(None)) == "ac"


def test_the_tip_stays_on_the_branch_that_is_gone_back_on(talk: Talk) -> None:
    first, _, third = talk.say("a", "b", "c")
    talk.move(first)
    talk.say("d", "e")
    talk.move(third)
    assert (talk.shown(), talk.tip()) == ("abc", "c")
    talk.move(first)  # both branches begin here; the newer one is not the one that we came from
    assert talk.tip() == "c"


def test_moving_into_another_branch_takes_its_newest_end(talk: Talk) -> None:
    _, second, _ = talk.say("a", "b", "c")
    talk.move(second)
    talk.say("d")
    talk.move(None)
    talk.say("x")
    talk.move(second)
    assert (talk.shown(), talk.tip()) == ("ab", "d")


def test_a_move_is_a_use_of_the_conversation(talk: Talk) -> None:
    first, _ = talk.say("a", "b")
    other = talk.history.create_conversation(ANN, "other")
    assert talk.history.list_conversations(ANN)[0].id == other.id
    talk.move(first)
    assert talk.history.list_conversations(ANN)[0].id == talk.id
    assert talk.history.get_conversation(ANN, talk.id).message_count == 2


def test_the_pointer_moves_to_messages_of_its_own_conversation_alone(talk: Talk) -> None:
    (mine,) = talk.say("a")
    other = talk.history.create_conversation(ANN, "other")
    for message_id in (mine.id, "f" * 32):
        with pytest.raises(MessageNotFoundError):
            talk.history.move_pointer(ANN, other.id, message_id)
    assert list(talk.history.list_messages(ANN, other.id)) == []


def test_another_owner_neither_sees_the_tree_nor_moves_its_pointer(talk: Talk) -> None:
    first, _ = talk.say("a", "b")
    with pytest.raises(ConversationNotFoundError):
        talk.history.load_tree(BEN, talk.id)
    with pytest.raises(ConversationNotFoundError):
        talk.history.move_pointer(BEN, talk.id, first.id)
    assert talk.shown() == "ab"


def test_a_conversation_with_branches_can_be_deleted(talk: Talk) -> None:
    first, second = talk.say("a", "b")
    talk.move(first)
    talk.say("c")
    talk.move(first)
    talk.history.delete_conversation(ANN, talk.id)
    with pytest.raises(MessageNotFoundError):
        talk.history.get_message(ANN, second.id)
