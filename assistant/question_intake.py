"""Where a turn's question goes: into which conversation, after which message, about which image; and its title."""

from collections.abc import Sequence
from dataclasses import replace

from assistant.changes import describe_change
from assistant.conversation import Message, NewMessage, Role
from assistant.errors import MessageNotFoundError
from assistant.intents import Choice
from assistant.interfaces import History
from assistant.questions import check_question, title_conversation
from assistant.refining import find_image
from assistant.turn_request import TurnRequest
from serving.image_ref import ImageRef


class QuestionIntake:
    """Checks and stores the questions of turns; keeps nothing between them.

    Args:
        history: where they go.
        longest_question: characters that a question may have.
    """

    def __init__(self, history: History, *, longest_question: int) -> None:
        self._history = history
        self._longest_question = longest_question

    def accept(self, request: TurnRequest, chosen: tuple[Choice, ...]) -> tuple[Sequence[Message], Message]:
        """Return the messages before the question, and the question, stored.

        Args:
            request: what is asked; a retry's question is found instead, and not stored again.
            chosen: the choice that it takes, if any.

        Raises:
            QuestionError: the question is empty or too long.
            MessageNotFoundError: what it follows, edits or repeats is not this person's.
        """
        if request.retry_of is not None:
            return self._find_question(request, request.retry_of)
        text = request.text if request.change is None else describe_change(request.change)
        text = check_question(text, longest=self._longest_question)
        earlier: Sequence[Message] = ()
        image = request.image
        conversation_id = request.conversation_id
        if conversation_id is None:
            conversation_id = self._history.create_conversation(request.owner, title_conversation(text)).id
        else:
            image = self._branch(request, conversation_id) or image
            tree = self._history.load_tree(request.owner, conversation_id)
            earlier = tree.path_to(tree.pointer_id)
            # Before the first question the image is that of the branch which was left.
            image = image or find_image(earlier) or find_image(tree.path_to(tree.tip_id))
            if request.change is None:
                self._name_after_first_question(request.owner, conversation_id, earlier, text)
        if request.change is not None:
            image = self._history.get_message(request.owner, request.change.answer_id).image
        # The message that a change by hand is about says that its words are no question.
        parents = () if request.change is None else (request.change.answer_id,)
        message = NewMessage(role=Role.USER, text=text, image=image, mask_parents=parents, choices=chosen)
        return earlier, self._history.append_message(request.owner, conversation_id, message)

    def _branch(self, request: TurnRequest, conversation_id: str) -> ImageRef | None:
        """Move the pointer to where the question goes, and return the image of the question that is edited."""
        if request.edit_of is not None:
            edited = self._history.get_message(request.owner, request.edit_of)
            if edited.role is not Role.USER or edited.conversation_id != conversation_id:
                raise MessageNotFoundError
            self._history.move_pointer(request.owner, conversation_id, edited.parent_id)
            return request.image or edited.image
        if request.branch_from is not None:
            self._history.move_pointer(request.owner, conversation_id, request.branch_from)
        return request.image

    def _name_after_first_question(
        self, owner: str, conversation_id: str, earlier: Sequence[Message], text: str
    ) -> None:
        """Give a conversation that is still called by its image's name the name of its first question."""
        if any(message.role is Role.USER and message.text and not message.mask_parents for message in earlier):
            return
        title = self._history.get_conversation(owner, conversation_id).title
        if title in {message.image.name for message in earlier if message.image is not None}:
            self._history.rename_conversation(owner, conversation_id, title_conversation(text))

    def _find_question(self, request: TurnRequest, message_id: str) -> tuple[Sequence[Message], Message]:
        question = self._history.get_message(request.owner, message_id)
        if question.role is not Role.USER or request.conversation_id not in (None, question.conversation_id):
            raise MessageNotFoundError
        messages = self._history.list_messages(request.owner, question.conversation_id)
        position = next((index for index, message in enumerate(messages) if message.id == question.id), None)
        if position is None:
            raise MessageNotFoundError
        # Only what came before counts: a question that was put to the image is put to the image again, although
        # there is an answer now.
        image = question.image or request.image
        return messages[:position], replace(question, image=image)
