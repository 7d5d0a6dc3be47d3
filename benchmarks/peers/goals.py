"""What our own speed and memory are held to, as ratios of measurements of one run wherever that is possible."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from peers.environments import TOOLS

Row = Mapping[str, Any]
MILLION, TEN_MILLION, TEN_THOUSAND = 1_000_000, 10_000_000, 10_000


class Goal(NamedTuple):
    """A claim, what was measured, and the limit on it; None where this run did not measure it."""

    claim: str
    measured: float | None
    least: float | None = None
    most: float | None = None

    @property
    def verdict(self) -> str:
        """Return met, missed or not measured."""
        if self.measured is None:
            return "not measured"
        within = (self.least is None or self.measured >= self.least) and (self.most is None or self.measured <= self.most)
        return "met" if within else "missed"

    def __str__(self) -> str:
        """Return the line that is printed."""
        limit = f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"
        value = "" if self.measured is None else f": {self.measured:.3g} ({limit})"
        return f"{self.verdict:>12}  {self.claim}{value}"


def seconds(row: Row) -> float:
    """Return the seconds that ratios are made of: from two files that nothing was read of to the verdict, imports aside.

    Ours reads while it counts. Peers have their files read by pandas first, and that counts as well; but for what takes their time, one that had to
    wait for a processor is credited with the seconds that it worked, as most are done once, while reading and ours are done in turns.
    """
    clock = float(row["seconds_compute"])
    return float(row["seconds_read"]) + min(clock, float(row["seconds_cpu"])) if row["name"] in TOOLS else clock


def goals(measurements: list[Row]) -> list[Goal]:
    """Hold the measurements of one run to every goal."""
    return list(_goals({(row["name"], row["rows"]): row for row in measurements if "failed" not in row}))


def _goals(found: Mapping[tuple[str, int], Row]) -> Iterator[Goal]:
    for rows in (MILLION, TEN_MILLION):
        yield Goal(f"seconds against polars reading both files, {rows:,} rows", _ratio(found, "ours", "polars", rows), most=2)
        yield Goal(
            f"… with the reference's profile stored, against reading one, {rows:,} rows", _ratio(found, "ours_cached", "polars_current", rows), most=2
        )
        yield Goal(f"peak MB, {rows:,} rows", _value(found, "ours", rows, "peak_mb"), most=300)
    for peer, least in (("evidently", 200), ("nannyml", 50)):
        yield Goal(f"times as fast as {peer}, both from the files, {MILLION:,} rows", _ratio(found, peer, "ours", MILLION), least=least)
    yield Goal("peak MB at 10M rows against 1M rows (flat)", _growth(found), most=1.25)
    yield Goal(f"times as long while another report is made, {MILLION:,} rows", _ratio(found, "ours_pair", "ours", MILLION), most=2.5)
    yield Goal("seconds to merge 365 daily profiles and report", _value(found, "ours_merge", MILLION, "seconds_compute"), most=0.2)
    yield Goal(f"seconds after the import, {TEN_THOUSAND:,} rows", _value(found, "ours", TEN_THOUSAND, "seconds_compute"), most=0.3)
    yield Goal("seconds of the import", _value(found, "ours", TEN_THOUSAND, "seconds_import"), most=1)
    yield Goal("KB of the largest stored profile of a numeric column", _value(found, "ours_cached", MILLION, "largest_profile_kb"), most=16)


def _value(found: Mapping[tuple[str, int], Row], name: str, rows: int, field: str) -> float | None:
    row = found.get((name, rows))
    return None if row is None else float(row[field])


def _ratio(found: Mapping[tuple[str, int], Row], name: str, other: str, rows: int) -> float | None:
    above, below = found.get((name, rows)), found.get((other, rows))
    return seconds(above) / seconds(below) if above and below else None


def _growth(found: Mapping[tuple[str, int], Row]) -> float | None:
    small, big = (_value(found, "ours", rows, "peak_mb") for rows in (MILLION, TEN_MILLION))
    return big / small if big is not None and small else None
