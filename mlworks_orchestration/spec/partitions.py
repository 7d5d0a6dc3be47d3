"""Partitions in time: which exist, which window each covers, and when each is complete."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import field_validator, model_validator

from mlworks_orchestration.spec.base import Spec

DECEMBER = 12


class TimeWindow(NamedTuple):
    """A half-open span of time, `start <= moment < end`, both aware and in UTC."""

    start: datetime
    end: datetime


class Partitions(Spec):
    """How a table is cut in time.

    Keys are the local start of the partition, as Dagster writes them: `2013-01-31`, by the hour `2013-01-31-23:00`.

    Examples:
        >>> days = Partitions(every="day", start="2013-01-01", timezone="America/New_York")
        >>> days.window("2013-01-01").start.isoformat()
        '2013-01-01T05:00:00+00:00'
        >>> days.key_of(datetime(2013, 1, 2, 3, tzinfo=UTC))
        '2013-01-01'
    """

    every: Literal["hour", "day", "week", "month"]
    """Length of a partition; weeks begin on Monday."""

    start: date
    """First local day that has data."""

    end: date | None = None
    """Local day after the last that has data; none while data keep coming."""

    timezone: str = "UTC"
    """IANA name of the time zone in which partitions begin."""

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"{value!r} is no IANA time zone, for example UTC or America/New_York"
            raise ValueError(message) from error
        return value

    @model_validator(mode="after")
    def _ordered(self) -> "Partitions":
        if self.end is not None and self.end <= self.start:
            message = f"end {self.end} must be after start {self.start}"
            raise ValueError(message)
        return self

    @property
    def key_format(self) -> str:
        """The strftime format of a key."""
        return "%Y-%m-%d-%H:%M" if self.every == "hour" else "%Y-%m-%d"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.timezone)

    def window(self, key: str) -> TimeWindow:
        """Return the span that partition `key` covers.

        Raises:
            ValueError: if `key` is not of this cut's format.
        """
        local = datetime.strptime(key, self.key_format)  # noqa: DTZ007 - the zone is added by _utc
        return TimeWindow(self._utc(local), self._utc(self._following(local)))

    def span(self, keys: "list[str] | tuple[str, ...]") -> TimeWindow:
        """Return the span from the start of the first to the end of the last of `keys`."""
        return TimeWindow(self.window(min(keys)).start, self.window(max(keys)).end)

    def key_of(self, moment: datetime) -> str:
        """Return the key of the partition that holds `moment` (aware)."""
        return self._floor(moment.astimezone(self.zone).replace(tzinfo=None)).strftime(self.key_format)

    def keys(self, before: datetime) -> list[str]:
        """Return, in order, the keys of all partitions that have ended by `before`."""
        keys: list[str] = []
        local = self._first()
        last = datetime.combine(self.end, datetime.min.time()) if self.end else None
        while self._utc(self._following(local)) <= before and (last is None or local < last):
            keys.append(local.strftime(self.key_format))
            local = self._following(local)
        return keys

    def keys_within(self, window: TimeWindow) -> list[str]:
        """Return, in order, the keys of the partitions that overlap `window`."""
        keys: list[str] = []
        local = self._floor(window.start.astimezone(self.zone).replace(tzinfo=None))
        while self._utc(local) < window.end:
            keys.append(local.strftime(self.key_format))
            local = self._following(local)
        return keys

    def _first(self) -> datetime:
        start = datetime.combine(self.start, datetime.min.time())
        floor = self._floor(start)
        return floor if floor == start else self._following(floor)

    def _floor(self, local: datetime) -> datetime:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        match self.every:
            case "hour":
                return local.replace(minute=0, second=0, microsecond=0)
            case "day":
                return midnight
            case "week":
                return midnight - timedelta(days=midnight.weekday())
            case "month":
                return midnight.replace(day=1)

    def _following(self, local: datetime) -> datetime:
        match self.every:
            case "hour":
                return local + timedelta(hours=1)
            case "day":
                return local + timedelta(days=1)
            case "week":
                return local + timedelta(weeks=1)
            case "month":
                return local.replace(year=local.year + (local.month == DECEMBER), month=local.month % DECEMBER + 1)

    def _utc(self, local: datetime) -> datetime:
        return local.replace(tzinfo=self.zone).astimezone(UTC)
