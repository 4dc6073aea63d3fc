"""An exception becomes the sentence that is shown, and the line that is logged."""

import secrets
from dataclasses import dataclass

import structlog

from assistant.errors import AssistantError
from serving.errors import ServingError
from storage.errors import StorageError
from ui.errors import UiError
from ui.metrics import PageMetrics

REFERENCE_BYTES = 4

# These say in plain words what happened and what to do; anything else is a bug and only gets a reference.
SPOKEN_ERRORS = (ServingError, AssistantError, StorageError, UiError)


@dataclass(frozen=True)
class Failure:
    """What a person is told.

    Attributes:
        sentence: what happened and what to do next, plain text.
        reference: short code that is also in the log; None when the error is one of ours.
    """

    sentence: str
    reference: str | None


def explain_failure(error: Exception, *, metrics: PageMetrics, **context: str) -> Failure:
    """Return what to show for `error`, after logging it.

    Args:
        error: what was raised.
        metrics: counts the errors of no known kind.
        context: fields for the log line (never shown).
    """
    log = structlog.get_logger("segearth.ui")
    if isinstance(error, SPOKEN_ERRORS):
        log.info("request_refused", kind=type(error).__name__, **context)
        return Failure(str(error), reference=None)
    reference = secrets.token_hex(REFERENCE_BYTES).upper()
    metrics.failures.inc()
    log.error("request_failed", reference=reference, exc_info=error, **context)
    return Failure(
        "Something went wrong on our side, and nothing you made is lost. Please try again; "
        f"if it happens again, report it with the reference {reference}.",
        reference,
    )
