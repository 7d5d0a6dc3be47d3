"""Which partitions make up the window of a report."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta

from mlworks_orchestration.spec import Partitions


def windows(cut: Partitions, length: timedelta, partitions: Sequence[str], available: Sequence[str]) -> dict[str, list[str]]:
    """Return, for each partition, those available that lie within the window that ends with it.

    The window is measured by the clock on the wall, so that seven days are seven days when summer time begins or ends. A partition that is longer
    than the window makes it up by itself.

    Parameters:
        cut: how the table is cut in time.
        length: of the window.
        partitions: keys of those that end a window.
        available: keys of those to choose from.

    Examples:
        >>> days = Partitions(every="day", start="2013-03-01", timezone="America/New_York")
        >>> windows(days, timedelta(days=3), ["2013-03-11"], ["2013-03-07", "2013-03-08", "2013-03-09", "2013-03-10", "2013-03-12"])
        {'2013-03-11': ['2013-03-09', '2013-03-10', '2013-03-11']}
    """
    keys = sorted(available)
    starts = [_on_the_wall(cut, cut.window(key).start) for key in keys]
    found = {}
    for key in partitions:
        first = bisect_left(starts, _on_the_wall(cut, cut.window(key).end) - length)
        found[key] = [*keys[first : bisect_left(keys, key)], key]
    return found


def _on_the_wall(cut: Partitions, moment: datetime) -> datetime:
    return moment.astimezone(cut.zone).replace(tzinfo=None)
