import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.batching import Batcher
from serving.cancellation import Cancellation
from serving.compute_lock import ComputeLock
from serving.errors import SegmentationCancelledError

WAIT_S = 10.0


class Squares:
    """Squares numbers in batches and notes them; 13 is bad luck for the whole batch."""

    def __init__(self, *, max_size: int = 4) -> None:
        self.batches: list[list[int]] = []
        self.lock = ComputeLock()
        self.batcher: Batcher[int, int] = Batcher(self._square, max_size=max_size, lock=self.lock)

    def ask(
        self, numbers: Sequence[int], *, meanwhile: Callable[[list[Cancellation]], None] = lambda _: None
    ) -> list["Future[int]"]:
        """Ask for all `numbers` from threads of their own while the device is busy; return when all have ended."""
        cancellations = [Cancellation() for _ in numbers]
        with ThreadPoolExecutor(max_workers=max(1, len(numbers))) as callers, self.lock.hold(Cancellation()):
            futures = []
            for number, cancellation in zip(numbers, cancellations, strict=True):
                futures.append(callers.submit(self.batcher.compute, number, cancellation))
                self._await_waiting(len(futures))
            meanwhile(cancellations)
        return futures

    def _await_waiting(self, count: int) -> None:
        ticks = threading.Event()
        for _ in range(int(WAIT_S / 0.002)):
            if self.batcher.waiting == count:
                return
            ticks.wait(0.002)
        pytest.fail(f"{self.batcher.waiting} wait, not {count}")

    def _square(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        if 13 in numbers:
            raise LookupError("13 is not squared")
        return [number * number for number in numbers]


@settings(max_examples=20, deadline=None)
@given(numbers=st.lists(st.integers(0, 12), max_size=9), max_size=st.integers(1, 5))
def test_everybody_gets_the_own_result_in_batches_of_at_most_the_size(numbers: list[int], max_size: int) -> None:
    squares = Squares(max_size=max_size)
    assert [future.result() for future in squares.ask(numbers)] == [number * number for number in numbers]
    assert [number for batch in squares.batches for number in batch] == numbers
    assert all(len(batch) == max_size for batch in squares.batches[:-1])


def test_one_alone_is_not_kept_waiting() -> None:
    squares = Squares()
    assert squares.batcher.compute(3, Cancellation()) == 9
    assert squares.batches == [[3]]


def test_failure_reaches_only_who_caused_it() -> None:
    two, unlucky, four = Squares().ask([2, 13, 4])
    assert (two.result(), four.result()) == (4, 16)
    with pytest.raises(LookupError, match="13"):
        unlucky.result()


def test_results_of_the_wrong_number_are_an_error_for_everybody() -> None:
    batcher: Batcher[int, int] = Batcher(lambda _: [], max_size=2, lock=ComputeLock())
    with pytest.raises(ValueError, match="0 results for 1 items"):
        batcher.compute(1, Cancellation())


def test_cancelled_one_is_left_out_and_the_others_are_computed() -> None:
    squares = Squares()
    two, three, four = squares.ask([2, 3, 4], meanwhile=lambda cancellations: cancellations[1].cancel())
    assert (two.result(), four.result()) == (4, 16)
    with pytest.raises(SegmentationCancelledError):
        three.result()
    assert squares.batches == [[2, 4]]
    assert squares.batcher.waiting == 0


def test_cancelling_whoever_computes_for_all_hurts_nobody_else() -> None:
    cancellation = Cancellation()
    computed: list[int] = []

    def compute(numbers: Sequence[int]) -> Sequence[int]:
        cancellation.cancel()
        computed.extend(numbers)
        return numbers

    batcher: Batcher[int, int] = Batcher(compute, max_size=2, lock=ComputeLock())
    with pytest.raises(SegmentationCancelledError):
        batcher.compute(1, cancellation)
    assert batcher.compute(2, Cancellation()) == 2
    assert computed == [1, 2]


def test_lock_is_free_after_a_failure() -> None:
    squares = Squares()
    with pytest.raises(LookupError):
        squares.batcher.compute(13, Cancellation())
    assert squares.lock.acquire(Cancellation())


def test_batches_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Batcher(lambda items: items, max_size=0, lock=ComputeLock())
