import json

import pytest

from assistant.intent_json import choices_from_rows, choices_to_rows, intent_to_row
from assistant.intents import Ask, Choice, Clarify, Command, CommandKind, Refine, Segment, ShowClosest, Topic
from assistant.operations import BySize, Grow, Keep, Length

CHOICES = (
    Choice("keep only the largest", Refine((Keep(BySize()), Grow(Length(2.0))), "keep only the largest")),
    Choice("how big is it?", Ask(Topic.AREA, "how big is it?")),
    Choice("undo twice", Command(CommandKind.UNDO, steps=2)),
    Choice("back to the first", Command(CommandKind.GO_BACK, answer=1)),
    Choice("it looks 🚢", Segment("it looks 🚢")),
    Choice("Show what comes closest", ShowClosest("lakes 🚢")),
)


def test_choices_come_back_from_json_as_they_were() -> None:
    assert choices_from_rows(json.loads(json.dumps(choices_to_rows(CHOICES)))) == CHOICES


def test_an_intent_is_written_without_its_words() -> None:
    assert intent_to_row(CHOICES[2].intent) == {"intent": "command", "command": "undo", "steps": 2}
    assert intent_to_row(CHOICES[3].intent) == {"intent": "command", "command": "go_back", "answer": 1}
    assert intent_to_row(Clarify("what?")) == {"intent": "clarify"}


def test_a_choice_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="sing is no choice"):
        choices_from_rows([{"text": "la", "intent": "sing"}])
