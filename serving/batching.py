"""Compute for several callers at once what they ask for at the same time.

Nobody waits for a batch to fill: whoever finds the device free computes for all that have asked by then. So one caller
alone is as quick as without, and batches grow by themselves while the device is busy.

Of libraries, `batched` 0.1.5 comes closest (threads, no event loop), but it sleeps before each batch, polls for ever in
a thread of its own, lets one item's failure fail its whole batch, and cannot take an item back; `async-batcher` and Ray
Serve's `@serve.batch` live in an event loop; Triton and TorchServe are servers. None shares the device with what is
computed there alone, as the refiner is here.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from serving.cancellation import Cancellation
from serving.compute_lock import ComputeLock

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(eq=False)
class _Asked(Generic[Item, Result]):
    item: Item
    cancellation: Cancellation
    future: "Future[Result]" = field(default_factory=Future)


class Batcher(Generic[Item, Result]):
    """Thread-safe. Items are taken in the order in which they came.

    Args:
        run: computes for several items, the results in their order.
        max_size: items computed together, at most.
        lock: of the device; shared with everything else that computes there.
    """

    def __init__(self, run: Callable[[Sequence[Item]], Sequence[Result]], *, max_size: int, lock: ComputeLock) -> None:
        if max_size < 1:
            raise ValueError(f"a batch holds at least one item, got {max_size}")
        self._run = run
        self._max_size = max_size
        self._lock = lock
        self._guard = threading.Lock()
        self._asked: list[_Asked[Item, Result]] = []

    @property
    def waiting(self) -> int:
        """Items that nobody computes yet."""
        with self._guard:
            return len(self._asked)

    def compute(self, item: Item, cancellation: Cancellation) -> Result:
        """Return the result for `item`, computed in this thread or by another caller's.

        An item whose `cancellation` is set in time is left out. Where a batch fails, each of its items is tried alone:
        an error reaches only who caused it, and a device that has no memory for many may have it for one.

        Raises:
            SegmentationCancelledError: `cancellation` was set before the result was there.
            Exception: whatever `run` raises for this item alone.
        """
        asked: _Asked[Item, Result] = _Asked(item, cancellation)
        with self._guard:
            self._asked.append(asked)
        try:
            while self._lock.acquire(cancellation, unless=asked.future.done):
                try:
                    self._compute(self._take_batch())
                finally:
                    self._lock.release()
        finally:
            with self._guard:
                if asked in self._asked:
                    self._asked.remove(asked)
        cancellation.raise_if_cancelled()
        return asked.future.result()

    def _take_batch(self) -> list[_Asked[Item, Result]]:
        with self._guard:
            wanted = [one for one in self._asked if not one.cancellation.is_cancelled]
            # A caller that is cancelled goes by itself; here its place would be computed for nobody.
            for one in self._asked:
                if one.cancellation.is_cancelled:
                    one.future.cancel()
            self._asked = wanted[self._max_size :]
            return wanted[: self._max_size]

    def _compute(self, batch: list[_Asked[Item, Result]]) -> None:
        if not batch:
            return
        try:
            results = self._run([one.item for one in batch])
            if len(results) != len(batch):
                raise ValueError(f"{len(results)} results for {len(batch)} items")
        except Exception as error:  # noqa: BLE001 - it goes to whoever asked, in whose thread it is raised again
            if len(batch) == 1:
                batch[0].future.set_exception(error)
                return
            for one in batch:
                self._compute([one])
            return
        for one, result in zip(batch, results, strict=True):
            one.future.set_result(result)
