"""The stages of one piece of work: told as they begin, stopped between them, timed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from serving.cancellation import Cancellation


class Stages:
    """Reports each stage as it begins, and counts its seconds.

    Args:
        cancellation: looked at before each stage.
        report: called with the stage's name as it begins.

    Attributes:
        seconds: stage name -> seconds, of the stages that ended.
    """

    def __init__(self, cancellation: Cancellation, report: Callable[[str], None]) -> None:
        self.seconds: dict[str, float] = {}
        self._cancellation = cancellation
        self._report = report

    @contextmanager
    def enter(self, name: str) -> Iterator[None]:
        """Do the stage inside the `with`.

        Raises:
            SegmentationCancelledError: somebody asked to stop before it began.
        """
        self._cancellation.raise_if_cancelled()
        self._report(name)
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started
