import pytest
from structlog.testing import capture_logs

from assistant.errors import ConversationNotFoundError
from serving.errors import ImageEmptyError
from storage.errors import StorageFullError
from ui.errors import TurnRunningError
from ui.failures import explain_failure
from ui.metrics import PageMetrics


@pytest.mark.parametrize(
    "error", [ImageEmptyError(), ConversationNotFoundError(), StorageFullError(), TurnRunningError()]
)
def test_our_own_errors_speak_for_themselves(error: Exception) -> None:
    failure = explain_failure(error, metrics=PageMetrics())
    assert (failure.sentence, failure.reference) == (str(error), None)


def test_unknown_errors_show_nothing_of_themselves() -> None:
    failure = explain_failure(RuntimeError("/secret/path exploded"), metrics=PageMetrics())
    assert "secret" not in failure.sentence


def test_reference_is_shown_and_logged_with_the_traceback() -> None:
    with capture_logs() as logs:
        error = RuntimeError("boom")
        failure = explain_failure(error, metrics=PageMetrics(), conversation_id="c1")
    assert failure.reference is not None
    assert failure.reference in failure.sentence
    assert [(line["reference"], line["exc_info"], line["conversation_id"]) for line in logs] == [
        (failure.reference, error, "c1")
    ]


def test_unknown_errors_are_counted() -> None:
    metrics = PageMetrics()
    explain_failure(RuntimeError("boom"), metrics=metrics)
    explain_failure(ImageEmptyError(), metrics=metrics)
    assert b"segearth_unexpected_failures_total 1.0" in metrics.render()
