"""One computation at a time, for all who share a model or a device."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from serving.cancellation import Cancellation

_LOOK_S = 0.05  # how often somebody who waits looks whether Stop was pressed


class ComputeLock:
    """One computation at a time on a device; whoever waits can be stopped, or learn that it need not wait."""

    def __init__(self) -> None:
        self._freed = threading.Condition()
        self._is_held = False

    @property
    def is_held(self) -> bool:
        """Whether somebody computes."""
        with self._freed:
            return self._is_held

    def acquire(self, cancellation: Cancellation, *, unless: Callable[[], bool] = lambda: False) -> bool:
        """Take the lock and return True; return False, without it, once `unless` says so.

        Raises:
            SegmentationCancelledError: `cancellation` was set while it waited.
        """
        with self._freed:
            while not unless():
                if not self._is_held:
                    self._is_held = True
                    return True
                cancellation.raise_if_cancelled()
                self._freed.wait(_LOOK_S)
            return False

    def release(self) -> None:
        """Give the lock back, and let all who wait look again."""
        with self._freed:
            self._is_held = False
            self._freed.notify_all()

    @contextmanager
    def hold(self, cancellation: Cancellation) -> Iterator[None]:
        """Hold the lock inside the `with`; errors as `acquire`."""
        self.acquire(cancellation)
        try:
            yield
        finally:
            self.release()
