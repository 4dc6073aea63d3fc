"""How well it is told what a message is for: messages that nobody saw who wrote rules or what the reader learns from.

`corpus/purposes_heldout.jsonl` has messages to somebody who has just marked something, each with its purpose. Most
people do not say what they want in the words of a manual, so here the harm is counted too: a mask for what asked for
none.
"""

from collections import defaultdict

from assistant.intents import Ask, Clarify, Command, CommandKind, Intent, Refine, Segment, Topic
from assistant.routing.purposes import Purpose
from assistant.routing.replies import (
    ABOUT_ME,
    CORRECT_IT,
    NAME_SOMETHING,
    NOT_MEASURED,
    ONE_AT_A_TIME,
    USE_THE_BUTTONS,
    WHAT_I_DO,
)
from assistant.routing.router import route
from evaluation.reading.routing import read_rows, share

PURPOSES = "purposes_heldout"

_SENTENCES = {
    Purpose.CHAT: (WHAT_I_DO,),
    Purpose.ABOUT: (ABOUT_ME, WHAT_I_DO),
    Purpose.DESCRIBE: (NAME_SOMETHING,),
    Purpose.BUTTON: (USE_THE_BUTTONS, ONE_AT_A_TIME),
    Purpose.UNMEASURED: (NOT_MEASURED,),
    Purpose.WRONG: (CORRECT_IT,),
}
_TOPICS = frozenset(Purpose(topic.value) for topic in Topic)
_MOVES = {
    Purpose.UNDO: CommandKind.UNDO,
    Purpose.REDO: CommandKind.REDO,
    Purpose.RESET: CommandKind.RESET,
    Purpose.FIRST: CommandKind.GO_BACK,
}


def measure_purposes() -> dict[str, dict[str, float]]:
    """Return for each purpose, and for all but new questions together, counts of messages and shares of them, 0..1.

    "answered" is what was wished, or a question back that offers it; "marked" was put to the image, which of new
    questions is what was wished.
    """
    answered: dict[str, list[bool]] = defaultdict(list)
    marked: dict[str, list[bool]] = defaultdict(list)
    for row in read_rows(PURPOSES):
        purpose = Purpose(str(row["purpose"]))
        intent = route(str(row["text"]), has_answer=True, asked=str(row["asked"]))
        for name in (purpose.value, *(() if purpose is Purpose.NEW else ("all others",))):
            answered[name].append(serves(intent, purpose))
            marked[name].append(isinstance(intent, Segment))
    return {
        name: {"count": len(claims), "answered": share(claims), "marked": share(marked[name])}
        for name, claims in answered.items()
    }


def serves(intent: Intent, purpose: Purpose) -> bool:
    """Return whether an intent is what a message of that purpose wishes, or offers it."""
    match intent:
        case Segment():
            return purpose is Purpose.NEW
        case Ask(topic=topic):
            return topic.value == purpose.value
        case Command(kind=kind):
            return _MOVES.get(purpose) is kind
        case Refine():
            # "How many are near the road?" leaves those, and tells their number.
            return purpose in (Purpose.REFINE, Purpose.COUNT, Purpose.AREA, Purpose.POSITION)
        case Clarify(sentence=sentence, choices=choices):
            if sentence in _SENTENCES.get(purpose, ()):
                return True
            offered = [choice.intent for choice in choices]
            if purpose in _MOVES or purpose in _TOPICS:
                return any(serves(one, purpose) for one in offered)
            return purpose in (Purpose.REFINE, Purpose.WRONG) and any(isinstance(one, Refine) for one in offered)
        case _:
            return False
