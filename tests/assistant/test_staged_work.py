import contextvars
import threading
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from assistant.staged_work import run_staged
from serving.cancellation import Cancellation
from serving.errors import SegmentationCancelledError

WAIT_S = 10.0


def test_a_stage_arrives_while_the_work_goes_on() -> None:
    go_on = threading.Event()

    def work(report: Callable[[str], None]) -> str:
        report("read")
        assert go_on.wait(WAIT_S)
        report("decode")
        return "mask"

    stages = run_staged(work, Cancellation())
    assert next(stages) == "read"
    go_on.set()
    assert next(stages) == "decode"
    with pytest.raises(StopIteration) as end:
        next(stages)
    assert end.value.value == "mask"


def test_what_the_work_raises_reaches_the_caller() -> None:
    def work(report: Callable[[str], None]) -> str:
        report("read")
        raise LookupError("no such weights")

    stages = run_staged(work, Cancellation())
    assert next(stages) == "read"
    with pytest.raises(LookupError, match="no such weights"):
        next(stages)


def test_cancelling_does_not_wait_for_a_stage_that_cannot_be_interrupted() -> None:
    release, ended, cancellation = threading.Event(), threading.Event(), Cancellation()

    def work(report: Callable[[str], None]) -> None:
        report("encode")
        release.wait(WAIT_S)
        ended.set()

    stages = run_staged(work, cancellation)
    assert next(stages) == "encode"
    cancellation.cancel()
    with pytest.raises(SegmentationCancelledError):
        next(stages)
    assert not ended.is_set()
    release.set()


def test_work_that_ends_after_it_was_cancelled_gives_no_result() -> None:
    cancellation = Cancellation()

    def work(report: Callable[[str], None]) -> str:
        cancellation.cancel()
        return "mask"

    with pytest.raises(SegmentationCancelledError):
        next(run_staged(work, cancellation))


def test_closing_asks_the_work_to_stop() -> None:
    release, cancellation = threading.Event(), Cancellation()

    def work(report: Callable[[str], None]) -> None:
        report("read")
        release.wait(WAIT_S)

    stages = run_staged(work, cancellation)
    next(stages)
    stages.close()
    assert cancellation.is_cancelled
    release.set()


def test_a_failure_of_abandoned_work_is_logged() -> None:
    release = threading.Event()
    threads: list[threading.Thread] = []

    def work(report: Callable[[str], None]) -> None:
        threads.append(threading.current_thread())
        report("read")
        release.wait(WAIT_S)
        raise LookupError("no such weights")

    with capture_logs() as logs:
        stages = run_staged(work, Cancellation())
        next(stages)
        stages.close()
        release.set()
        threads[0].join(WAIT_S)
    assert [entry["event"] for entry in logs] == ["abandoned_work_failed"]
    assert isinstance(logs[0]["exc_info"], LookupError)


def test_the_work_sees_the_context_of_its_caller() -> None:
    request_id = contextvars.ContextVar("request_id", default="none")
    request_id.set("a1")

    def work(report: Callable[[str], None]) -> None:
        report(request_id.get())

    assert list(run_staged(work, Cancellation())) == ["a1"]
