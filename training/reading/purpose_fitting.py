"""Fits the linear model that tells what a message is for.

`purposes.jsonl` holds messages that were written for it, each with its purpose. What asks for something new is besides
what the reader of free wordings learns from: frames filled with names, and questions by use.
"""

import json
import random
from importlib.resources import files
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from assistant.routing.purposes import Purpose, describe_message
from assistant.routing.reading_features import place_features
from training.paraphrases import load_stored
from training.reading.examples import load_frames, write_questions
from training.reading.fitting import fit_softmax

_ROWS = 2**15 + 1
_EPOCHS = 20
_NEW_BESIDE = 3000  # wishes for something new, beside those that were written for this

_OF_MARKS_TOO = frozenset({"areas", "parts", "shapes", "things", "objects", "spots", "surfaces", "places"})

Message = tuple[str, Purpose]


def fit_purposes(out: Path, *, seed: int = 1) -> None:
    """Fit the model and write it to `out`, a few seconds of one core."""
    rows = fit_messages([*load_messages(), *draw_new_questions(random.Random(seed))])
    names = sorted({many.split()[-1].lower() for _, many in load_frames().names} - _OF_MARKS_TOO)
    save_file({"rows": rows.astype(np.float16)}, out, metadata={"names": json.dumps(names)})
    out.chmod(0o644)


def fit_messages(messages: list[Message]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return the weights, float32 (features + 1, purposes)."""
    places = [place_features(describe_message(text), _ROWS) for text, _ in messages]
    labels = [list(Purpose).index(purpose) for _, purpose in messages]
    return fit_softmax(places, labels, (_ROWS, len(Purpose)), epochs=_EPOCHS)


def load_messages() -> list[Message]:
    """Return the messages that were written for this."""
    stored = files("training.reading").joinpath("purposes.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in stored.splitlines()]
    return [(row["text"], Purpose(row["label"])) for row in rows]


def draw_new_questions(rng: random.Random) -> list[Message]:
    """Return wishes for something new, by name, by place and by use."""
    implied = [text for of_class in load_stored()["implied"].values() for text in of_class]
    questions = [*write_questions(load_frames(), rng), *implied]
    return [(text, Purpose.NEW) for text in rng.sample(questions, min(_NEW_BESIDE, len(questions)))]
