"""One holder at a time; whoever waits can be stopped."""

import pytest

from serving.cancellation import Cancellation
from serving.compute_lock import ComputeLock
from serving.errors import SegmentationCancelledError


def test_stop_ends_the_wait_for_the_lock() -> None:
    lock, cancellation = ComputeLock(), Cancellation()
    cancellation.cancel()
    with lock.hold(Cancellation()), pytest.raises(SegmentationCancelledError):
        lock.acquire(cancellation)


def test_it_says_whether_it_is_held() -> None:
    lock = ComputeLock()
    with lock.hold(Cancellation()):
        assert lock.is_held
    assert not lock.is_held
