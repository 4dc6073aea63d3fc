"""The stages of one piece of work: told as they begin, stopped between them, timed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from serving.cancellation import Cancellation


class Stages:
    """Reports each stage as it begins, and counts its seconds.

    Args:
        cancellation: looked at before each stage.
        report: called with the stage's name as it begins; where a stage has parts, once for each, with how far it is
            behind the name ("closer 3/16").

    Attributes:
        seconds: stage name -> seconds, of the stages and the parts of stages that ended.
    """

    def __init__(self, cancellation: Cancellation, report: Callable[[str], None]) -> None:
        self.seconds: dict[str, float] = {}
        self._cancellation = cancellation
        self._report = report

    @contextmanager
    def enter(self, name: str, *, part: tuple[int, int] | None = None) -> Iterator[None]:
        """Do the stage inside the `with`.

        Args:
            name: of the stage.
            part: which part of it, from 1 on, and of how many; None for all of it.

        Raises:
            SegmentationCancelledError: somebody asked to stop before it began.
        """
        self._cancellation.raise_if_cancelled()
        self._report(name if part is None else f"{name} {part[0]}/{part[1]}")
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
