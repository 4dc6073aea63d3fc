"""The supervisor's ends of the pipes to the engine's process, and its look at the engine's health."""

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import IO

import httpx

from serving.vllm_process.client import Address

_HEARTBEAT_S = 5.0  # how often a stage that lasts is told again
_LOOK_S = 0.5  # how often the process itself is looked at


class ChildEnded(Exception):  # noqa: N818 - it says what happened, and never leaves the supervisor
    """The process is gone, has said why it cannot start, or took too long.

    Args:
        failed: what it said.
        timed_out: whether it took too long.
    """

    def __init__(self, *, failed: str = "", timed_out: bool = False) -> None:
        super().__init__(failed)
        self.failed = failed
        self.timed_out = timed_out


class ChildChannel:
    """Orders go in; stages come out. Its input stays open as long as the process is to live.

    Args:
        child: started with pipes as standard input and output.
    """

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        self.pid = child.pid
        self._child = child
        self._orders: IO[bytes] = child.stdin
        self._words: IO[bytes] = child.stdout
        self._buffer = b""

    def __enter__(self) -> "ChildChannel":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(BrokenPipeError):
            self._orders.close()
        self._words.close()

    def send(self, line: str) -> None:
        """Write one line.

        Raises:
            ChildEnded: nobody reads it.
        """
        try:
            self._orders.write(line.encode() + b"\n")
            self._orders.flush()
        except BrokenPipeError as error:
            raise ChildEnded from error

    def read_stages(self, timeout_s: float) -> Iterator[str]:
        """Yield what the process does while it starts, some more often than once; returns once it is ready.

        Raises:
            ChildEnded: it never will be.
        """
        deadline = time.monotonic() + timeout_s
        stage = "starting"
        while True:
            line = self._read_line(min(_HEARTBEAT_S, deadline - time.monotonic()))
            if line is None and time.monotonic() >= deadline:
                raise ChildEnded(timed_out=True)
            words = {"stage": stage} if line is None else json.loads(line)
            if "failed" in words:
                raise ChildEnded(failed=words["failed"])
            if "ready" in words:
                return
            stage = words["stage"]
            yield stage

    def wait_for_end(self, timeout_s: float) -> bool:
        """Return whether the process ends within that time."""
        try:
            self._read_line(timeout_s)
        except ChildEnded:
            return True
        return False

    def _read_line(self, timeout_s: float) -> bytes | None:
        """Return what the process says, or None where it says nothing in that time."""
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._buffer:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return None
            if select.select([self._words], [], [], min(left_s, _LOOK_S))[0]:
                part = os.read(self._words.fileno(), 4096)
                if not part:
                    raise ChildEnded
                self._buffer += part
            elif self._child.poll() is not None:  # one that it started may still hold the pipe
                raise ChildEnded
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line


def ask_health(address: Address, timeout_s: float) -> bool:
    """Return whether the engine says in time that it is well."""
    transport = httpx.HTTPTransport(uds=str(address.socket))
    with httpx.Client(transport=transport, timeout=timeout_s, trust_env=False) as http:
        try:
            answer = http.get("http://engine/health", headers={"Authorization": f"Bearer {address.key}"})
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK
