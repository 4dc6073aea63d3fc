"""Seconds of work, without the pauses in it."""

from collections.abc import Callable
from time import perf_counter


class Stopwatch:
    """Counts seconds from its making on, pauses left out.

    Args:
        clock: seconds from any fixed moment on.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._started = clock()
        self._paused: float | None = None

    def pause(self) -> None:
        """Stop counting, if it counts."""
        if self._paused is None:
            self._paused = self._clock()

    def go_on(self) -> None:
        """Count on, if it is paused."""
        if self._paused is not None:
            self._started += self._clock() - self._paused
            self._paused = None

    @property
    def seconds(self) -> float:
        """Seconds counted so far."""
        until = self._clock() if self._paused is None else self._paused
        return until - self._started
