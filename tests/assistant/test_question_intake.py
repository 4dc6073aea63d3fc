"""A question goes after the pointer, in place of an edited one, or, asked anew, nowhere a second time."""

from pathlib import Path

import pytest

from assistant.errors import MessageNotFoundError
from assistant.question_intake import QuestionIntake
from assistant.turn_request import TurnRequest
from serving.errors import QuestionTooLongError
from serving.image_ref import ImageRef
from tests.assistant.pictures import write_picture
from tests.fakes.history import InMemoryHistory

OWNER = "somebody"


@pytest.fixture
def history() -> InMemoryHistory:
    return InMemoryHistory()


@pytest.fixture
def intake(history: InMemoryHistory) -> QuestionIntake:
    return QuestionIntake(history, longest_question=40)


@pytest.fixture
def image(tmp_path: Path) -> ImageRef:
    return write_picture(tmp_path)


def test_the_first_question_starts_a_conversation_that_is_named_after_it(
    history: InMemoryHistory, intake: QuestionIntake, image: ImageRef
) -> None:
    earlier, question = intake.accept(TurnRequest(OWNER, None, "Where are the ships?", image), ())
    assert earlier == ()
    assert history.get_conversation(OWNER, question.conversation_id).title == "Where are the ships?"


def test_a_later_question_is_about_the_image_before(intake: QuestionIntake, image: ImageRef) -> None:
    _, first = intake.accept(TurnRequest(OWNER, None, "Where are the ships?", image), ())
    earlier, second = intake.accept(TurnRequest(OWNER, first.conversation_id, "And the piers?", None), ())
    assert [message.id for message in earlier] == [first.id]
    assert (second.image, second.parent_id) == (image, first.id)


def test_an_edited_question_begins_a_branch_with_its_image(intake: QuestionIntake, image: ImageRef) -> None:
    _, first = intake.accept(TurnRequest(OWNER, None, "Where are the ships?", image), ())
    request = TurnRequest(OWNER, first.conversation_id, "Where are the piers?", None, edit_of=first.id)
    earlier, edited = intake.accept(request, ())
    assert list(earlier) == []
    assert (edited.image, edited.parent_id) == (image, first.parent_id)


def test_a_retry_is_not_stored_again(history: InMemoryHistory, intake: QuestionIntake, image: ImageRef) -> None:
    _, first = intake.accept(TurnRequest(OWNER, None, "Where are the ships?", image), ())
    request = TurnRequest(OWNER, first.conversation_id, "", None, retry_of=first.id)
    _, again = intake.accept(request, ())
    assert again == first
    assert len(history.list_messages(OWNER, first.conversation_id)) == 1


def test_nobody_asks_anew_what_another_asked(intake: QuestionIntake, image: ImageRef) -> None:
    _, first = intake.accept(TurnRequest(OWNER, None, "Where are the ships?", image), ())
    with pytest.raises(MessageNotFoundError):
        intake.accept(TurnRequest("somebody else", None, "", None, retry_of=first.id), ())


def test_a_question_that_is_refused_leaves_nothing_behind(
    history: InMemoryHistory, intake: QuestionIntake, image: ImageRef
) -> None:
    with pytest.raises(QuestionTooLongError):
        intake.accept(TurnRequest(OWNER, None, "Where " * 20, image), ())
    assert list(history.list_conversations(OWNER)) == []
