"""What time is it? One place, so that a deadline can be tried to the second."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the moment, in UTC."""
    return datetime.now(UTC)
