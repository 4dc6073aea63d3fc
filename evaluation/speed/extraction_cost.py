"""What handing out hidden states costs vLLM's text.

The engine that serves masks keeps the last layer's hidden states beside keys and values. Were text much slower with it
than without, it would deserve an engine of its own.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass

from serving.cancellation import Cancellation
from serving.engine import SegEarthEngine
from serving.image_ref import ImageRef

QUESTION = "What can be seen in this image, and what is it used for?"


@dataclass(frozen=True)
class ExtractionRow:
    """Pieces of text a second, medians over the rounds.

    Attributes:
        streams: replies that are written at once.
        with_hidden_states: of the engine that serves masks as well.
        without: of one that only writes.
    """

    streams: int
    with_hidden_states: float
    without: float

    @property
    def ratio(self) -> float:
        """What is left of the speed; 1 where handing out hidden states costs nothing."""
        return self.with_hidden_states / self.without


def measure_text(engine: SegEarthEngine, images: Sequence[ImageRef], *, streams: int, words: int) -> float:
    """Return pieces of text a second over `streams` replies at once, each of at most `words` tokens."""

    def write(number: int) -> int:
        image = images[number % len(images)]
        return sum(1 for _ in engine.stream_text(image, QUESTION, max_tokens=words, cancellation=Cancellation()))

    started = time.perf_counter()
    with ThreadPoolExecutor(streams) as pool:
        written = sum(pool.map(write, range(streams)))
    return written / (time.perf_counter() - started)


def measure_extraction(
    open_engine: Callable[[bool], AbstractContextManager[SegEarthEngine]],
    images: Sequence[ImageRef],
    *,
    streams: Sequence[int],
    words: int,
    rounds: int,
) -> tuple[ExtractionRow, ...]:
    """Start the engine with and without hidden states in turns, and let it write the same replies each time.

    Args:
        open_engine: starts one that hands out hidden states, or not.
        images: to write about, at least one.
        streams: numbers of replies at once.
        words: tokens of each reply at most.
        rounds: starts of each kind.
    """
    found: Mapping[bool, Mapping[int, list[float]]] = {kind: {count: [] for count in streams} for kind in (True, False)}
    for _ in range(rounds):
        for extracts in (True, False):
            with open_engine(extracts) as engine:
                for image in images:  # features and prefixes, which only the first reply pays for
                    measure_text(engine, [image], streams=1, words=1)
                for count in streams:
                    found[extracts][count].append(measure_text(engine, images, streams=count, words=words))
    return tuple(
        ExtractionRow(count, statistics.median(found[True][count]), statistics.median(found[False][count]))
        for count in streams
    )
