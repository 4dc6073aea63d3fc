"""Run one call in a thread of its own and yield the stages that it reports, while it works."""

import contextvars
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TypeVar

import structlog
from structlog.typing import FilteringBoundLogger

from serving.cancellation import Cancellation
from serving.errors import SegmentationCancelledError

Reported = TypeVar("Reported")
Outcome = TypeVar("Outcome")

# How long Stop may take to be seen while a stage runs that cannot be interrupted.
POLL_S = 0.05


def run_staged(
    work: Callable[[Callable[[Reported], None]], Outcome], cancellation: Cancellation
) -> Generator[Reported, None, Outcome]:
    """Yield the stages of `work` as it reports them, and return what it returned.

    Leaving the generator early, by closing it or because `cancellation` is set, does not wait for the work: it is
    asked to stop and ends at its next checkpoint.

    Args:
        work: takes the function that reports a stage (anything but None); runs in another thread, with the
            caller's context variables.
        cancellation: shared with `work`.

    Raises:
        SegmentationCancelledError: `cancellation` was set before the work was done.
        Exception: whatever `work` raised.
    """
    stages: SimpleQueue[Reported | None] = SimpleQueue()
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="turn")
    future = executor.submit(contextvars.copy_context().run, work, stages.put)
    executor.shutdown(wait=False)
    future.add_done_callback(lambda _: stages.put(None))
    try:
        while True:
            try:
                stage = stages.get(timeout=POLL_S)
            except Empty:
                cancellation.raise_if_cancelled()
                continue
            cancellation.raise_if_cancelled()
            if stage is None:
                return future.result()
            yield stage
    finally:
        if not future.done():
            cancellation.cancel()
            future.add_done_callback(_log_abandoned)


def _log_abandoned(future: "Future[Outcome]") -> None:
    """Log how abandoned work ended when it was neither stopped nor finished: nobody else hears of it."""
    error = future.exception()
    if error is not None and not isinstance(error, SegmentationCancelledError):
        log: FilteringBoundLogger = structlog.get_logger("assistant.staged_work")
        log.warning("abandoned_work_failed", exc_info=error)
