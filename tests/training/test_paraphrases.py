"""The wordings of our own mean one class each, and are not those that models are measured with."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from evaluation.packs.pack import Pack
from training.batches import collect_class_texts
from training.paraphrases import ClassWordings, list_texts, load_names, load_wordings
from training.samples import load_samples

REAL_PACK = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def wordings() -> dict[str, ClassWordings]:
    return load_wordings(["airplane", "farmland", "glacier", "ship"])


def test_every_text_is_a_whole_one(wordings: dict[str, ClassWordings]) -> None:
    assert list(wordings) == ["airplane", "farmland", "glacier", "ship"]
    for text in list_texts(wordings):
        assert text == " ".join(text.split())
        assert not set("{}_") & set(text), text


def test_a_class_is_named_in_many_ways_or_not_at_all(wordings: dict[str, ClassWordings]) -> None:
    for of_class in wordings.values():
        assert len(of_class.named) == len(set(of_class.named)) > 100
        assert len(of_class.implied) == len(set(of_class.implied)) >= 15
    names = ("airplane", "plane", "aircraft", "jet", "airliner")
    assert all(any(name in text.lower() for name in names) for text in wordings["airplane"].named)
    assert not any("airplane" in text.lower() for text in wordings["airplane"].implied)


def test_neighbouring_classes_share_no_frame(wordings: dict[str, ClassWordings]) -> None:
    bare = {name: {text.lower() for text in of_class.named} for name, of_class in wordings.items()}
    assert "airplane" in bare["airplane"] or "airplanes" in bare["airplane"]
    assert not bare["airplane"] & bare["ship"]


def test_half_of_what_is_drawn_names_the_class(wordings: dict[str, ClassWordings]) -> None:
    rng = np.random.default_rng(1)
    drawn = [wordings["ship"].draw(rng) for _ in range(400)]
    assert 0.4 < sum(text in wordings["ship"].implied for text in drawn) / 400 < 0.6
    assert ClassWordings(("Segment all the masts.",), ("every mast",), ()).draw(rng) in (
        "Segment all the masts.",
        "every mast",
    )


def test_a_quarter_of_what_is_drawn_asks_plainly(wordings: dict[str, ClassWordings]) -> None:
    rng = np.random.default_rng(2)
    plain = Counter(text for text in (wordings["ship"].draw(rng) for _ in range(800)) if text in wordings["ship"].plain)
    assert 0.2 < plain.total() / 800 < 0.3
    assert plain.keys() == set(wordings["ship"].plain), "in every name"


def test_every_name_is_asked_for_in_the_wording_that_the_assistant_chooses() -> None:
    for of_class in load_wordings(load_names()).values():
        for text in of_class.plain:
            assert text.startswith("Segment all the ")
    water = load_wordings(["water"])["water"].plain
    assert {"Segment all the lakes.", "Segment all the rivers.", "Segment all the water bodies."} <= set(water)


def test_a_class_without_names_has_no_wordings() -> None:
    assert load_wordings(["roof"]) == {}


def test_the_texts_hold_however_an_image_lies(wordings: dict[str, ClassWordings]) -> None:
    place = re.compile(r"\b(left (side|half|part)|right (side|half|part)|upper|lower|corner|quarter|nearest|closest)\b")
    assert [text for text in list_texts(wordings) if place.search(text.lower())] == []


@pytest.mark.skipif(not REAL_PACK.is_dir(), reason=f"the real pack is not at {REAL_PACK}")
def test_no_wording_is_one_that_models_are_measured_with() -> None:
    pack = Pack(REAL_PACK)
    classes = collect_class_texts(load_samples(pack, "train"))
    wordings = load_wordings(classes)
    assert wordings.keys() == classes.keys(), "every class of the pack has some"
    ours = {text.lower().rstrip(".?!") for text in list_texts(wordings)}
    learned = {text.lower().rstrip(".?!") for texts in classes.values() for text in texts}
    measured = Counter(
        question.question.lower().rstrip(".?!")
        for split in ("val", "test")
        for question in pack.select_questions(split)
    )
    assert not (ours - learned) & measured.keys()
