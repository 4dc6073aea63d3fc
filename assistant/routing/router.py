"""A turn's text -> what it means: a question about the marks that are there, or about the image."""

from assistant.intents import Ask, Intent, Segment
from assistant.routing.grammar import parse_follow_up


def route(text: str, *, has_answer: bool) -> Intent:
    """Return what `text` means.

    Args:
        text: what the person typed, not empty.
        has_answer: whether the image has been asked before in this conversation, so that "it" can refer to
            something (also to nothing having been found).
    """
    topic = parse_follow_up(text) if has_answer else None
    return Segment(question=text) if topic is None else Ask(topic=topic, question=text)
