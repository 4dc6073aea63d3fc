"""Undo, redo, start over and go back: where the pointer goes, counted in answers to questions about an image."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.conversation import Message, Role
from assistant.conversation_tree import ConversationTree
from assistant.errors import AnswerNotInConversationError, NothingToRedoError, NothingToUndoError
from assistant.intents import Command, CommandKind


@dataclass(frozen=True)
class Move:
    """Where the pointer goes.

    Attributes:
        message_id: the last message that is seen afterwards; None where none is.
        sentence: what was done, for the person.
    """

    message_id: str | None
    sentence: str


@dataclass(frozen=True)
class Steps:
    """How many answers can be stepped over.

    Attributes:
        back: by undo.
        forward: by redo.
    """

    back: int
    forward: int


def count_steps(tree: ConversationTree) -> Steps:
    """Return how often undo and redo work from where the pointer is."""
    back = len(find_answers(tree.path_to(tree.pointer_id)))
    return Steps(back=back, forward=len(find_answers(tree.path_to(tree.tip_id))) - back)


def plan_move(tree: ConversationTree, command: Command) -> Move:
    """Return where `command` takes the pointer; more steps than there are go as far as there are any.

    Raises:
        NothingToUndoError: there is no answer to go back from.
        NothingToRedoError: nothing was undone on this branch.
        AnswerNotInConversationError: the branch has fewer answers than the one that is meant.
    """
    branch = tree.path_to(tree.tip_id)
    answers = find_answers(branch)
    done = count_steps(tree).back
    match command.kind:
        case CommandKind.REDO:
            if done == len(answers):
                raise NothingToRedoError
            wanted = min(done + command.steps, len(answers))
        case CommandKind.UNDO:
            if done == 0:
                raise NothingToUndoError
            wanted = max(done - command.steps, 0)
        case CommandKind.RESET:
            if done == 0:
                raise NothingToUndoError
            wanted = 0
        case CommandKind.GO_BACK:
            number = command.answer or 1
            wanted = number if number > 0 else len(answers) + 1 + number
            if not 1 <= wanted <= len(answers):
                raise AnswerNotInConversationError(count=len(answers))
    if wanted == 0:
        return Move(_before_first_question(branch), "Back to the beginning: nothing is marked.")
    # What was said after the last answer is seen again together with it.
    target = branch[-1] if wanted == len(answers) else answers[wanted - 1]
    return Move(target.id, f"{'Back to' if wanted < done else 'This is'} answer {wanted} of {len(answers)}.")


def find_answers(path: Sequence[Message]) -> Sequence[Message]:
    """Return the answers to questions about an image among messages, marked or not."""
    return [message for message in path if message.role is Role.ASSISTANT and message.facts is not None]


def _before_first_question(branch: Sequence[Message]) -> str | None:
    first = next(message for message in branch if message.role is Role.USER and message.text)
    return first.parent_id
