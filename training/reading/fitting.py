"""Fits the two linear models that read free wordings."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch.nn import functional

from assistant.routing.learned_reading import ReadingTables, find_names
from assistant.routing.reading_features import (
    ANCHOR,
    KINDS,
    OTHER,
    THING,
    Words,
    describe_sentence,
    describe_words,
    generalise,
    place_features,
)
from training.reading.examples import Example, build_examples, load_frames

_WORD_ROWS, _SENTENCE_ROWS = 2**14 + 1, 2**15 + 1
_FILLINGS = 4
_FORGOTTEN = 0.06  # of the words of asking, in half of the sentences: so that a new one is not taken for a name
_REPEATED_NONE = 2
_BATCH = 512
_LEARNING_RATE = 0.05
_WEIGHT_DECAY = 1e-5
_SMOOTHING = 0.02


def fit_reading(out: Path, *, seed: int = 1) -> None:
    """Fit both models and write them to `out`, a few seconds of one core."""
    rng = random.Random(seed)
    frames = load_frames()
    vocabulary = frames.list_vocabulary()
    examples = list(build_examples(frames, rng, fillings=_FILLINGS))
    words = [_forget([generalise(word, vocabulary) for word in one.words], one, rng) for one in examples]
    word_places: list[NDArray[np.int64]] = []
    word_labels: list[int] = []
    for one, of_one in zip(examples, words, strict=True):
        if one.parts is not None:
            word_places += [place_features(features, _WORD_ROWS) for features in describe_words(of_one)]
            word_labels += one.parts
    of_words = fit_softmax(word_places, word_labels, (_WORD_ROWS, ANCHOR + 1), epochs=4)
    tables = ReadingTables(vocabulary, of_words, np.zeros((_SENTENCE_ROWS, len(KINDS)), np.float32))
    sentence_places, sentence_labels = [], []
    for one, of_one in zip(examples, words, strict=True):
        # In a sentence that is none, names are whatever the first model takes for some.
        parts = one.parts or tuple(
            find_names(Words(one.words, (None,) * len(one.words)), tables.score_parts(of_one))[0]
        )
        places = place_features(describe_sentence(of_one, parts), _SENTENCE_ROWS)
        repeated = _REPEATED_NONE if one.kind == "none" else 1
        sentence_places += [places] * repeated
        sentence_labels += [KINDS.index(one.kind)] * repeated
    of_sentences = fit_softmax(sentence_places, sentence_labels, (_SENTENCE_ROWS, len(KINDS)), epochs=5)
    save_file(
        {"of_words": of_words.astype(np.float16), "of_sentences": of_sentences.astype(np.float16)},
        out,
        metadata={"vocabulary": json.dumps(sorted(vocabulary))},
    )
    out.chmod(0o644)


def _forget(words: list[str], example: Example, rng: random.Random) -> list[str]:
    if rng.random() < 0.5:
        return words
    parts = example.parts or (THING,) * len(words)
    return [
        generalise(word, ()) if part == OTHER and rng.random() < _FORGOTTEN and word[0].isalpha() else word
        for word, part in zip(words, parts, strict=True)
    ]


def fit_softmax(
    places: Sequence[NDArray[np.int64]], labels: Sequence[int], shape: tuple[int, int], *, epochs: int
) -> NDArray[np.float32]:
    """Return the weights, float32 (rows, classes), of a softmax over sums of rows."""
    table = torch.zeros(shape, requires_grad=True)
    optimiser = torch.optim.Adam([table], lr=_LEARNING_RATE)
    target = torch.tensor(labels)
    generator = np.random.default_rng(0)
    for epoch in range(epochs):
        for group in optimiser.param_groups:
            group["lr"] = _LEARNING_RATE * (1 - epoch / epochs)
        order = generator.permutation(len(places))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            flat = torch.from_numpy(np.concatenate([places[index] for index in batch]))
            lengths = [len(places[index]) for index in batch]
            offsets = torch.tensor([0, *np.cumsum(lengths)[:-1]])
            logits = functional.embedding_bag(flat, table, offsets, mode="sum")
            loss = functional.cross_entropy(logits, target[batch], label_smoothing=_SMOOTHING)
            optimiser.zero_grad()
            (loss + _WEIGHT_DECAY * table.square().sum()).backward()
            optimiser.step()
    return table.detach().numpy()
