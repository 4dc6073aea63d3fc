"""Where a mask comes from: the answers that it was made from, back to the one that was made from none."""

from collections.abc import Iterator

from assistant.conversation import Message
from assistant.interfaces import History
from assistant.making import Compared, Picked


def trace_back(history: History, owner: str, answer: Message) -> Iterator[Message]:
    """Yield `answer`, the answer whose mask it was made from, and so on; the last was made from no other."""
    yield answer
    while answer.mask_parents:
        answer = history.get_message(owner, answer.mask_parents[0])
        yield answer


def find_comparison(history: History, owner: str, answer: Message | None) -> Message | None:
    """Return the comparison of two images that a mask comes from, or that `answer` is; None where there is none."""
    if answer is None:
        return None
    return next((one for one in trace_back(history, owner, answer) if one.comparison_digest is not None), None)


def find_beginning(history: History, owner: str, answer: Message) -> Message | None:
    """Return the answer whose mask, in place of a confidence map, is what the steps of `answer` begin with.

    None where they begin with what the model had marked.
    """
    is_beginning = (one for one in trace_back(history, owner, answer) if isinstance(one.making, Compared | Picked))
    return next(is_beginning, None)


def name_compared(answer: Message) -> str:
    """Return the thing that an answer with a comparison is about, as a person called it."""
    return answer.making.thing if isinstance(answer.making, Compared) else ""
