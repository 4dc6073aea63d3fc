"""Fits the linear model that tells what a message is for.

`purposes.jsonl` holds messages that were written for it, each with its purpose. What asks for something new is besides
what the reader of free wordings learns from: frames filled with names, and questions by use.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Collection
from importlib.resources import files
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from assistant.routing.nouns import pluralise
from assistant.routing.purposes import Purpose, describe_message
from assistant.routing.reading_features import place_features
from assistant.routing.sentences import normalise_sentence
from training.paraphrases import load_stored
from training.reading.examples import load_frames, write_questions
from training.reading.fitting import fit_softmax

_ROWS = 2**15 + 1
_EPOCHS = 20
_NEW_BESIDE = 3_000

_MESSAGES_WITH_A_WORD = 6
_OF_MARKS_TOO = frozenset({"areas", "parts", "shapes", "things", "objects", "spots", "surfaces", "places", "greens"})

Message = tuple[str, Purpose]


def fit_purposes(out: Path, *, seed: int = 1) -> None:
    """Fit the model and write it to `out`, a few seconds of one core."""
    rows = fit_messages([*load_messages(), *draw_new_questions(random.Random(seed))])
    names = list_names()
    lists = {"names": sorted(names), "words": sorted(list_asking_words(names))}
    save_file({"rows": rows.astype(np.float16)}, out, {name: json.dumps(words) for name, words in lists.items()})
    out.chmod(0o644)


def fit_messages(messages: list[Message]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return the weights, float32 (features + 1, purposes)."""
    places = [place_features(describe_message(text), _ROWS) for text, _ in messages]
    labels = [list(Purpose).index(purpose) for _, purpose in messages]
    return fit_softmax(places, labels, (_ROWS, len(Purpose)), epochs=_EPOCHS)


def list_names() -> frozenset[str]:
    """Return the last words of all names of things that there is something to learn from, as plurals."""
    stored = load_stored()
    everyday = [name for names in stored["everyday_names"].values() for name in names["plural"]]
    return frozenset(name.split()[-1].lower() for name in [*(many for _, many in load_frames().names), *everyday]) - (
        _OF_MARKS_TOO
    )


def list_asking_words(names: Collection[str]) -> frozenset[str]:
    """Return the words of several messages about marks that name nothing."""
    counts = Counter(
        word
        for text, purpose in load_messages()
        if purpose is not Purpose.NEW
        for word in set(re.findall(r"[a-z']{2,}", normalise_sentence(text)))
    )
    return frozenset(word for word, count in counts.items() if count >= _MESSAGES_WITH_A_WORD) - {
        word for word in counts if pluralise(word) in names
    }


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
