"""Intents and choices as JSON objects, and back; operations as `assistant.operation_json` writes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.intents import (
    Ask,
    Choice,
    Clarify,
    Command,
    CommandKind,
    Compare,
    Intent,
    Pick,
    Refine,
    Segment,
    ShowClosest,
    Topic,
)
from assistant.operation_json import from_rows, to_rows

Row = dict[str, Any]


def intent_to_row(intent: Intent) -> Row:
    """Return an intent as an object ready for `json.dumps`; the words that it comes from are left out."""
    match intent:
        case Segment():
            return {"intent": "segment"}
        case ShowClosest(question=question):
            return {"intent": "show_closest", "question": question}
        case Ask(topic=topic):
            return {"intent": "ask", "topic": str(topic)}
        case Refine(operations=operations):
            return {"intent": "refine", "operations": to_rows(operations)}
        case Compare():
            row: Row = {"intent": "compare", "fates": list(map(str, intent.fates))}
            named = {"thing": intent.thing, "earlier": intent.earlier, "later": intent.later}
            return row | {name: value for name, value in named.items() if value is not None}
        case Pick(fates=fates):
            return {"intent": "pick", "fates": list(map(str, fates))}
        case Clarify():
            return {"intent": "clarify"}
        case Command(kind=kind, steps=steps, answer=answer):
            row = {"intent": "command", "command": str(kind)}
            if kind in ("undo", "redo"):
                row["steps"] = steps
            return row if answer is None else {**row, "answer": answer}


def choices_to_rows(choices: Sequence[Choice]) -> list[Row]:
    """Return choices as objects with their words as "text"."""
    return [{"text": choice.text, **intent_to_row(choice.intent)} for choice in choices]


def choices_from_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[Choice, ...]:
    """Return the choices that `choices_to_rows` wrote.

    Raises:
        OperationUnreadableError: a choice's operations cannot be read.
        ValueError: another kind of intent, which no choice has.
    """
    return tuple(Choice(row["text"], _read_intent(row)) for row in rows)


def _read_intent(row: Mapping[str, Any]) -> Segment | ShowClosest | Ask | Refine | Command:
    match row["intent"]:
        case "segment":
            return Segment(question=row["text"])
        case "show_closest":
            return ShowClosest(row["question"])
        case "ask":
            return Ask(Topic(row["topic"]), row["text"])
        case "refine":
            return Refine(from_rows(row["operations"]), row["text"])
        case "command":
            return Command(CommandKind(row["command"]), steps=row.get("steps", 1), answer=row.get("answer"))
        case other:
            raise ValueError(f"{other} is no choice")
