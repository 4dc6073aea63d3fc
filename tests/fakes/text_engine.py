"""A language engine by rule, for the engine's process: no weights, no torch, ready at once.

The hidden state of a position is its embedding, or its token id in every column; the text counts upwards from the last
token's id. How it starts is told by the setting `model`, a JSON object; see `Start`.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.errors import BackendUnavailableError
from serving.vllm_process.runtime_folder import RuntimeFolder
from serving.vllm_process.service import TextPiece
from serving.vllm_process.settings import EngineSettings
from serving.vllm_process.wire import Bounds, EnginePrompt

HIDDEN = 4
BOUNDS = Bounds(hidden_size=HIDDEN, vocabulary_size=1000, max_positions=50)

SLOW = 900  # a prompt that ends with this token waits until somebody hangs up


@dataclass(frozen=True)
class Start:
    """How the engine starts.

    Attributes:
        shared_memory: a file that it maps, and that stays when it is killed.
        helper: start a process of its own that ignores the wish that it end.
        fails: a sentence with which it refuses to start.
        says: what it prints before it ends at once.
        hangs: never become ready.
        once: a file; where it is there already, end at once (so that the second start fails).
        counts: a file to which each request that was cancelled adds a line.
    """

    shared_memory: str = ""
    helper: bool = False
    fails: str = ""
    says: str = ""
    hangs: bool = False
    once: str = ""
    counts: str = ""

    def to_json(self) -> str:
        """Return what `EngineSettings.model` holds."""
        return json.dumps(self.__dict__)


class FakeTextEngine:
    """Keeps the Protocol `serving.vllm_process.service.TextEngine`."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._held: list[Any] = []
        self.in_flight = 0
        self.is_dead = False
        self.bounds = BOUNDS
        if start.shared_memory:
            self._held.append(np.memmap(start.shared_memory, np.uint8, "w+", shape=4096))
        if start.helper:
            ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
            self._held.append(subprocess.Popen([sys.executable, "-c", ignore]))

    async def read_hidden(self, prompt: EnginePrompt, span: slice) -> NDArray[np.float32]:
        """Return embeddings and ids as they came."""
        await self._work(prompt)
        rows = np.repeat(prompt.token_ids[:, None], HIDDEN, 1).astype(np.float32)
        if not prompt.is_token.all():
            rows[~prompt.is_token] = prompt.embeds
        return rows[span]

    async def write_text(self, prompt: EnginePrompt, max_tokens: int) -> AsyncGenerator[TextPiece, None]:
        """Count."""
        first = int(prompt.token_ids[-1])
        yield TextPiece(f"{first} ")
        await self._work(prompt)
        for number in range(first + 1, first + max_tokens):
            yield TextPiece(f"{number} ")
        yield TextPiece("", "length")

    def close(self) -> None:
        """Nothing is open."""

    async def _work(self, prompt: EnginePrompt) -> None:
        self.in_flight += 1
        try:
            if prompt.token_ids[-1] == SLOW:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            if self._start.counts:
                with Path(self._start.counts).open("a") as file:
                    file.write("cancelled\n")
            raise
        finally:
            self.in_flight -= 1


def open_fake_engine(settings: EngineSettings, folder: RuntimeFolder) -> FakeTextEngine:
    """Return the engine, or fail as the settings say."""
    start = Start(**json.loads(settings.model))
    if start.fails:
        raise BackendUnavailableError(start.fails)
    if start.says:
        sys.stdout.write(start.says)
        sys.stdout.flush()
        os._exit(7)
    if start.once:
        if Path(start.once).exists():
            os._exit(8)
        Path(start.once).touch()
    if start.hangs:
        threading.Event().wait()
    return FakeTextEngine(start)
