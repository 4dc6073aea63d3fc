"""How many chats at once a backend of the language model carries: seconds to a mask, to a first word, memory.

Each simulated chat asks about an image, waits for the mask, reads a short reply, and asks again, without a pause; the
images' features are kept before the clock starts, so that what is compared is what the backends do.
"""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from serving.cancellation import Cancellation
from serving.engine import SegEarthEngine
from serving.image_ref import ImageRef
from serving.vllm_process.process_group import find_family, read_memory, read_processor_seconds

_QUESTIONS = (
    "Where are the buildings?",
    "Which areas beside the road could shelter residents after a flood?",
    "Where is the water?",
    "Where could crops be grown?",
)
_SAMPLE_S = 0.2


@dataclass(frozen=True)
class ChatTimes:
    """Seconds of one turn.

    Attributes:
        mask_s: from the question to its mask.
        first_text_s: from asking for the reply to its first piece; None where the reply is empty.
        language_s: of `mask_s`, until the language model had read the question.
        mask_head_s: of `mask_s`, in the mask head.
        text_s: from asking for the reply to its end.
    """

    mask_s: float
    first_text_s: float | None
    language_s: float
    mask_head_s: float
    text_s: float


@dataclass(frozen=True)
class Spending:
    """Where one backend's seconds go.

    Processor seconds say what a turn costs, also where other work slows the clock; the others say where a turn waits.

    Attributes:
        processor_s_here: of this process, in a turn: mask head, and the language model where it runs here.
        processor_s_beside: of the processes that this one started, in a turn: vLLM's.
        language_p50_s: median time from handing the question over to having it read, waiting for others included.
        mask_head_p50_s: median time from wanting the mask to having it, waiting for the device and for others included.
        text_p50_s: median time from asking for the reply to its end.
    """

    processor_s_here: float
    processor_s_beside: float
    language_p50_s: float
    mask_head_p50_s: float
    text_p50_s: float


@dataclass(frozen=True)
class ServingRow:
    """One backend with so many chats.

    Attributes:
        backend: its name.
        chats: at once.
        turns: in all.
        turns_per_s: finished turns (mask and reply) in a second.
        mask_p50_s: median time to a mask.
        mask_p95_s: 95th percentile of it.
        first_text_p50_s: median time to the first piece of text.
        first_text_p95_s: 95th percentile of it.
        peak_bytes: highest resident memory of this process and all that it started, shared pages counted once.
        spending: where the seconds go.
    """

    backend: str
    chats: int
    turns: int
    turns_per_s: float
    mask_p50_s: float
    mask_p95_s: float
    first_text_p50_s: float
    first_text_p95_s: float
    peak_bytes: int
    spending: Spending

    def to_json(self) -> dict[str, object]:
        """Return what is written to a file."""
        return asdict(self)


def measure_chats(
    engine: SegEarthEngine, images: Sequence[ImageRef], *, backend: str, chats: int, turns: int, words: int
) -> ServingRow:
    """Let `chats` chats ask `turns` questions each, all at once.

    Args:
        engine: answers; its features of the images are kept before the clock starts.
        images: at least one; chats share them in turn.
        backend: the name that the row gets.
        chats: at once.
        turns: of each chat.
        words: tokens of each reply.
    """
    for image in images:
        _ask(engine, image, _QUESTIONS[0], words)

    def chat(number: int) -> list[ChatTimes]:
        image = images[number % len(images)]
        return [_ask(engine, image, f"{_QUESTIONS[turn % len(_QUESTIONS)]} ({number})", words) for turn in range(turns)]

    with PeakMemory() as memory, ThreadPoolExecutor(chats) as threads:
        here, beside = _read_processor_seconds()
        started = time.perf_counter()
        times = [each for chat_times in threads.map(chat, range(chats)) for each in chat_times]
        seconds = time.perf_counter() - started
        here_after, beside_after = _read_processor_seconds()
    masks = [each.mask_s for each in times]
    texts = [each.first_text_s for each in times if each.first_text_s is not None] or [float("nan")]
    return ServingRow(
        backend=backend,
        chats=chats,
        turns=len(times),
        turns_per_s=len(times) / seconds,
        mask_p50_s=statistics.median(masks),
        mask_p95_s=_percentile(masks, 0.95),
        first_text_p50_s=statistics.median(texts),
        first_text_p95_s=_percentile(texts, 0.95),
        peak_bytes=memory.peak_bytes,
        spending=Spending(
            processor_s_here=(here_after - here) / len(times),
            processor_s_beside=(beside_after - beside) / len(times),
            language_p50_s=statistics.median(each.language_s for each in times),
            mask_head_p50_s=statistics.median(each.mask_head_s for each in times),
            text_p50_s=statistics.median(each.text_s for each in times),
        ),
    )


def plot_serving(rows: Sequence[ServingRow], path: Path) -> None:
    """Draw turns per second, seconds to a mask and to a first word over the number of chats, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.6), layout="constrained")
    panels = figure.subplots(1, 3)
    shown: tuple[tuple[str, Callable[[ServingRow], float]], ...] = (
        ("turns a second", lambda row: row.turns_per_s),
        ("seconds to a mask, 95th percentile", lambda row: row.mask_p95_s),
        ("seconds to the first text, 95th percentile", lambda row: row.first_text_p95_s),
    )
    for panel, (title, value) in zip(panels, shown, strict=True):
        for backend in dict.fromkeys(row.backend for row in rows):
            own = [row for row in rows if row.backend == backend]
            panel.plot([row.chats for row in own], [value(row) for row in own], marker="o", label=backend)
        panel.set_title(title, fontsize=10)
        panel.set_xlabel("chats at once")
        panel.set_ylim(bottom=0)
        panel.grid(alpha=0.3)
    panels[0].legend()
    figure.savefig(path, dpi=120)


class PeakMemory:
    """Looks at the memory of this process and of all that it started, while the block lasts."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak_bytes = max(self.peak_bytes, read_memory(find_family()))
            if self._done.wait(_SAMPLE_S):
                return


def _ask(engine: SegEarthEngine, image: ImageRef, question: str, words: int) -> ChatTimes:
    started = time.perf_counter()
    prediction = engine.segment(image, question, cancellation=Cancellation(), report_stage=lambda _: None)
    mask_s = time.perf_counter() - started
    started = time.perf_counter()
    first_text_s: float | None = None
    for _ in engine.stream_text(image, question, max_tokens=words, cancellation=Cancellation()):
        first_text_s = first_text_s or time.perf_counter() - started
    stages = prediction.seconds
    return ChatTimes(mask_s, first_text_s, stages["language"], stages["decode"], time.perf_counter() - started)


def _read_processor_seconds() -> tuple[float, float]:
    """Return what this process, and what all that it started, have used so far."""
    here, *beside = find_family()
    return read_processor_seconds((here,)), read_processor_seconds(beside)


def _percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
