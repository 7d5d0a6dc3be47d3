"""The one place that knows what time it is: the system's clock, or one moved through history.

A decision at time *t* may see only what was known at *t*, so nothing else in the project asks the system for the time of the world it models.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from mlworks_orchestration.errors import MLWorksError

_replayed: ContextVar[datetime | None] = ContextVar("mlworks_replayed_now", default=None)


def now() -> datetime:
    """Return the current moment, aware and in UTC: the replayed one inside `replaying`, else the system's.

    Examples:
        >>> with replaying(datetime(2013, 3, 1, tzinfo=UTC)):
        ...     now().isoformat()
        '2013-03-01T00:00:00+00:00'
    """
    return _replayed.get() or datetime.now(UTC)


def is_replayed() -> bool:
    """Return whether the time is a replayed one."""
    return _replayed.get() is not None


@contextmanager
def replaying(moment: datetime) -> Iterator[None]:
    """Let `now` return `moment` inside the block.

    Parameters:
        moment: an aware datetime.

    Raises:
        MLWorksError: if `moment` has no time zone.
    """
    if moment.tzinfo is None:
        message = f"The replayed moment {moment.isoformat()} has no time zone; give one, for example {moment.isoformat()}+00:00."
        raise MLWorksError(message)
    token = _replayed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _replayed.reset(token)
