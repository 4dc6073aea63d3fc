import json
from pathlib import Path

import pytest

from assistant.intents import Clarify, Segment
from assistant.routing.languages import ENGLISH_ONLY, is_foreign
from assistant.routing.router import route
from evaluation.reading.routing import COMPOUND, PARTS, read_rows

REAL_QUESTIONS = Path(__file__).parents[4] / "shared" / "data" / "questions.jsonl"

FOREIGN = [
    "Wo sind die Gebäude?",
    "Zeige mir bitte alle Straßen",
    "Welche Felder würden zuerst überflutet?",
    "Où sont les bâtiments ?",
    "Combien de maisons y a-t-il dans cette image ?",
    "Marquez tous les bateaux",
    "¿Dónde están los edificios?",
    "Muéstrame todas las carreteras",
    "Onde estão os edifícios?",
    "Dove sono gli edifici?",
    "Waar zijn de gebouwen?",
    "Gdzie są budynki?",
    "Где корабли?",
    "Покажи все здания на снимке",
    "建筑物在哪里？",
    "哪里可以停飞机",
    "建物はどこですか",
    "건물은 어디에 있나요?",
    "أين المباني؟",
    "Πού είναι τα κτίρια;",
    "इमारतें कहाँ हैं?",
]
ENGLISH = [
    "Where are the buildings?",
    "ships",
    "the Champs-Élysées and the cafés along it",
    "Which château is nearest to Los Angeles?",
    "mark the crème façade of the building",
    "all of the El Niño damage",
    "find the 学校",
    "El Paso",
    "between Las Vegas and Los Angeles",
    "Where could a plane land?",
    "only the ships in the top left",
    "die casting plant",
    "Sind",
    "?",
    "123",
    "🚢",
    "",
]


@pytest.mark.parametrize("text", FOREIGN)
def test_a_foreign_question_is_answered_with_what_is_understood(text: str) -> None:
    assert route(text, has_answer=False) == Clarify(ENGLISH_ONLY)
    assert route(text, has_answer=True) == Clarify(ENGLISH_ONLY)


@pytest.mark.parametrize("text", ENGLISH)
def test_english_with_foreign_names_in_it_is_no_foreign_question(text: str) -> None:
    assert not is_foreign(text)
    assert route(text, has_answer=False) == Segment(text)


def test_no_utterance_of_the_corpus_is_taken_for_foreign() -> None:
    texts = [str(row["text"]) for part in (*PARTS, COMPOUND) for row in read_rows(part)]
    assert len(texts) > 400
    assert [text for text in texts if is_foreign(text)] == []


def test_no_question_of_the_data_is_taken_for_foreign() -> None:
    if not REAL_QUESTIONS.is_file():
        pytest.skip(f"there is no {REAL_QUESTIONS}")
    with REAL_QUESTIONS.open(encoding="utf-8") as lines:
        texts = {json.loads(line)["question"] for line in lines}
    assert [text for text in texts if is_foreign(text)] == []
