"""A switch that asks running work to stop; the work looks at it between its stages."""

import threading

from serving.errors import SegmentationCancelledError


class Cancellation:
    """Thread-safe, one-way: once asked to stop, it stays so."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next checkpoint."""
        self._asked.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        return self._asked.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise `SegmentationCancelledError` if somebody asked to stop."""
        if self.is_cancelled:
            raise SegmentationCancelledError
