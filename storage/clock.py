"""The time of day for what is stored."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return now, in UTC, timezone-aware."""
    return datetime.now(UTC)
