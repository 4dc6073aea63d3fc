"""What the reader of free wordings learns from is filled and marked right, and is not what it is measured with."""

import random
from pathlib import Path

from safetensors.numpy import load_file

from assistant.routing import learned_reading
from assistant.routing.reading_features import ANCHOR, KINDS, THING
from evaluation.reading.purposes import PURPOSES
from evaluation.reading.routing import FREE, read_rows
from training.reading.examples import Frames, build_examples, load_frames
from training.reading.fitting import fit_reading
from training.reading.purpose_fitting import draw_new_questions, fit_purposes, load_messages

SHIPPED = Path(learned_reading.__file__).with_name("learned_reading.safetensors")


def test_names_are_marked_where_they_were_filled_in() -> None:
    frames = Frames(
        {"close": ["the {s} that a {b} hides"]}, ["what is left?"], [("water tower", "water towers"), ("pier", "piers")]
    )
    filled, none = build_examples(frames, random.Random(0), fillings=1)
    assert filled.parts is not None
    names = {
        part: " ".join(word for word, of in zip(filled.words, filled.parts, strict=True) if of == part)
        for part in (THING, ANCHOR)
    }
    assert set(names.values()) == {"water tower", "pier"}
    assert (none.kind, none.words, none.parts) == ("none", ("what", "is", "left"), None)


def test_a_frame_is_also_learned_as_it_is_said_of_the_mirrored_picture() -> None:
    frames = load_frames()
    assert set(frames.of_kind) == set(KINDS) - {"none"}
    assert "Mark the leftmost {s}." in frames.of_kind["left"]
    assert "Mark the rightmost {s}." in frames.of_kind["right"]
    assert not any("from the right" in frame for frame in frames.of_kind["nth"]), "an order from the left stays one"


def test_what_is_measured_with_was_not_learned_from() -> None:
    frames = load_frames()
    learned = {text.lower().rstrip(".?!") for text in frames.none}
    rng = random.Random(0)
    learned |= {" ".join(one.words) for one in build_examples(frames, rng, fillings=1)}
    measured = {str(row["text"]).lower().rstrip(".?!") for row in read_rows(FREE)}
    assert len(measured) > 200
    assert not learned & measured


def test_no_message_that_is_measured_with_was_learned_from() -> None:
    learned = {text.lower().rstrip(".?! ") for text, _ in [*load_messages(), *draw_new_questions(random.Random(1))]}
    measured = {str(row["text"]).lower().rstrip(".?! ") for row in read_rows(PURPOSES)}
    assert len(measured) > 300
    assert not learned & measured


def test_the_table_of_purposes_that_ships_is_that_which_the_command_makes(tmp_path: Path) -> None:
    fit_purposes(tmp_path / "purposes.safetensors")
    shipped = load_file(SHIPPED.with_name("purposes.safetensors"))["rows"]
    made = load_file(tmp_path / "purposes.safetensors")["rows"]
    assert made.shape == shipped.shape
    assert abs(made.astype("float32") - shipped.astype("float32")).mean() < 0.01, "rounding apart"


def test_the_tables_that_ship_are_those_that_the_command_makes(tmp_path: Path) -> None:
    fit_reading(tmp_path / "reading.safetensors")
    made, shipped = load_file(tmp_path / "reading.safetensors"), load_file(SHIPPED)
    for name, table in shipped.items():
        assert made[name].shape == table.shape
        assert abs(made[name].astype("float32") - table.astype("float32")).mean() < 0.01, "rounding apart"
