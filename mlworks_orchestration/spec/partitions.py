"""Partitions in time: which exist, which window each covers, and when each is complete."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, field_validator, model_validator

from mlworks_orchestration.spec.base import Spec

_HOUR = timedelta(hours=1)
_DECEMBER = 12
_PRESENT_OFFSETS = 2026
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


class TimeWindow(NamedTuple):
    """A half-open span of time, `start <= moment < end`, both aware and in UTC."""

    start: datetime
    end: datetime


def _no_number(value: object) -> object:
    # Pydantic would take a bare number for seconds since 1970.
    if isinstance(value, int | float):
        message = f"{value!r} is no day; write it as 2013-01-31"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueError alone
    return value


def _of_our_time(value: date) -> date:
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        message = f"{value} is not between {_FIRST_YEAR} and {_LAST_YEAR}"
        raise ValueError(message)
    return value


Day = Annotated[date, BeforeValidator(_no_number), AfterValidator(_of_our_time)]
"""A day, written as `2013-01-31`."""


class Partitions(Spec):
    """How a table is cut in time.

    Keys are the local start of the partition, as Dagster writes them: `2013-01-31`, by the hour `2013-01-31-23:00`. When clocks are set
    back, the second of two hours that look alike carries its offset too: `2013-11-03-01:00-0500`. Keys sort in the order of time.

    Examples:
        >>> days = Partitions(every="day", start="2013-01-01", timezone="America/New_York")
        >>> days.window("2013-01-01").start.isoformat()
        '2013-01-01T05:00:00+00:00'
        >>> days.key_of(datetime(2013, 1, 2, 3, tzinfo=UTC))
        '2013-01-01'
    """

    every: Literal["hour", "day", "week", "month"]
    """Length of a partition; weeks begin on Monday."""

    start: Day
    """First local day that has data; a week or month that began earlier is left out."""

    end: Day | None = None
    """Local day after the last that has data, none while data keep coming; a week or month that ends later is left out."""

    timezone: str = "UTC"
    """IANA name of the time zone in which partitions begin."""

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            close = get_close_matches(value, available_timezones(), n=1)
            message = f"{value!r} is no IANA time zone; write one like {close[0] if close else 'UTC or America/New_York'}"
            raise ValueError(message) from error
        return value

    @model_validator(mode="after")
    def _ordered(self) -> "Partitions":
        if self.end is not None and self.end <= self.start:
            message = f"end {self.end} must be after start {self.start}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _hours_are_alike(self) -> "Partitions":
        # Dagster cuts hours by today's offset of the zone, so its fraction of an hour must be the same in all that is covered.
        days = [datetime(year, month, 1) for year in (self.start.year, _PRESENT_OFFSETS) for month in range(1, _DECEMBER + 1)]  # noqa: DTZ001 - local
        fractions = {(self.zone.utcoffset(day) or timedelta()) % _HOUR for day in days}
        if self.every == "hour" and len(fractions) > 1:
            message = f"clocks in {self.timezone} were not always set by whole hours, so hours there are not alike; use timezone UTC"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _has_a_partition(self) -> "Partitions":
        if self.end is not None and self._following(self._first()) > self._midnight(self.end):
            message = f"there is no whole {self.every} from start {self.start} to end {self.end}"
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
            ValueError: if `key` is no key of this cut.
        """
        start = self._parsed(key)
        if start is None or self._key(start) != key:
            message = f"{key!r} is no partition by the {self.every} in {self.timezone}; one is {self._key(self._first())}"
            raise ValueError(message)
        return TimeWindow(start, self._following(start))

    def span(self, keys: "list[str] | tuple[str, ...]") -> TimeWindow:
        """Return the span from the start of the first to the end of the last of `keys`."""
        return TimeWindow(self.window(min(keys)).start, self.window(max(keys)).end)

    def key_of(self, moment: datetime) -> str:
        """Return the key of the partition that holds `moment`.

        Raises:
            ValueError: if `moment` has no time zone.
        """
        return self._key(self._floor(moment))

    def holding(self, text: str) -> str | None:
        """Return the key of the partition that holds a time as a person writes it; None where the text is no time.

        Parameters:
            text: a key, or a time in ISO 8601; one without an offset is local.

        Examples:
            >>> Partitions(every="week", start="2017-01-02").holding("2017-10-04"), Partitions(every="day", start="2017-01-02").holding("soon")
            ('2017-10-02', None)
        """
        start = self._parsed(text)
        try:
            moment = start or datetime.fromisoformat(text)
            return self.key_of(moment if moment.tzinfo else moment.replace(tzinfo=self.zone))
        except (ValueError, OverflowError):
            return None

    def around(self, text: str, keys: Sequence[str]) -> list[str]:
        """Return which of some keys are nearest in time to a text: the one that holds it, or those before and after; none of nonsense.

        Parameters:
            text: a key, or a time in ISO 8601.
            keys: in order.
        """
        key = self.holding(text)
        if key is None or key in keys:
            return [] if key is None else [key]
        place = bisect_left(keys, key)
        return list(keys[max(0, place - 1) : place + 1])

    def keys(self, before: datetime) -> list[str]:
        """Return, in order, the keys of all partitions that have ended by `before`."""
        last = min(before, self._midnight(self.end)) if self.end else before
        keys: list[str] = []
        start = self._first()
        while (end := self._following(start)) <= last:
            keys.append(self._key(start))
            start = end
        return keys

    def keys_within(self, window: TimeWindow) -> list[str]:
        """Return, in order, the keys of the partitions that overlap `window`, also before `start` and after `end`."""
        keys: list[str] = []
        start = self._floor(window.start)
        while start < window.end:
            keys.append(self._key(start))
            start = self._following(start)
        return keys

    def _first(self) -> datetime:
        midnight = self._midnight(self.start)
        floor = self._floor(midnight)
        return floor if floor == midnight else self._following(floor)

    def _key(self, start: datetime) -> str:
        local = start.astimezone(self.zone)
        # Of two local hours that look alike, the second has fold 1; Dagster tells it apart by its offset.
        return local.strftime(self.key_format + ("%z" if self.every == "hour" and local.fold else ""))

    def _parsed(self, key: str) -> datetime | None:
        for form in (self.key_format, self.key_format + "%z"):
            try:
                parsed = datetime.strptime(key, form)  # noqa: DTZ007 - a key without an offset is local
            except ValueError:
                continue
            return self._floor(parsed if parsed.tzinfo else parsed.replace(tzinfo=self.zone))
        return None

    def _floor(self, moment: datetime) -> datetime:
        """Return the start of the partition that holds `moment`."""
        if moment.tzinfo is None:
            message = f"{moment.isoformat()} has no time zone"
            raise ValueError(message)
        local = moment.astimezone(self.zone)
        match self.every:
            case "hour":
                return (local.astimezone(UTC) - timedelta(minutes=local.minute)).replace(second=0, microsecond=0)
            case "day":
                return self._midnight(local.date())
            case "week":
                return self._midnight(local.date() - timedelta(days=local.weekday()))
            case "month":
                return self._midnight(local.date().replace(day=1))

    def _following(self, start: datetime) -> datetime:
        """Return the start of the partition after the one that begins at `start`."""
        day = start.astimezone(self.zone).date()
        match self.every:
            case "hour":
                return start + _HOUR
            case "day":
                return self._midnight(day + timedelta(days=1))
            case "week":
                return self._midnight(day + timedelta(weeks=1))
            case "month":
                return self._midnight(day.replace(year=day.year + (day.month == _DECEMBER), month=day.month % _DECEMBER + 1))

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)
