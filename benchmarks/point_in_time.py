"""What a point-in-time join costs over polars' own `join_asof`: a million events against a table of ten million rows.

The limit is a bare `join_asof` by one entity on rows that are sorted already, without any check, which knows one time only and does not see a
late row or a correction as such. Ours is `as_of_join`, on the same frames, with one time (`known_after`), the same with its rows in no order, and
with two times (`known_time`), where a tenth of the rows came up to a week late and a twentieth are corrections of earlier ones.

All of it in one run, alternately, in processor seconds, for these change least with what else the machine does; beside them those on the clock.
Claim, asserted for each case: at most twice the limit's processor time. Writes `.artifacts/point_in_time.json`; exit code 1 when the claim does not
hold.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from mlworks_orchestration.data import as_of_join
from mlworks_orchestration.spec import FeatureTable

ROOT = Path(__file__).parent.parent
CLAIM = 2.0
ROUNDS = 5
EVENTS, ROWS, ENTITIES = 1_000_000, 10_000_000, 100_000
YEAR_US, WEEK_US = 365 * 86_400 * 10**6, 7 * 86_400 * 10**6
LATE, CORRECTED = 0.1, 0.05
VALUES = ["amount", "balance", "visits"]
TIME = pl.Datetime("us", "UTC")
COLUMNS = {"customer": "integer", "at": "timestamp", "known": "timestamp"} | dict.fromkeys(VALUES, "float")


def table(**known: str) -> FeatureTable:
    """Declare the table, with one time or two."""
    declared = {"name": "accounts", "description": "", "owner": "team:data", "source": "accounts:load", "entity": ["customer"], "event_time": "at"}
    return FeatureTable.model_validate(declared | {"partitions": {"every": "day", "start": "1970-01-01"}, "columns": COLUMNS} | known)


def frames(rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return events and rows, each sorted by its event time."""
    late = np.where(rng.random(ROWS) < LATE, rng.integers(0, WEEK_US, ROWS), 0)
    at = np.sort(rng.integers(0, YEAR_US, ROWS))
    rows = pl.DataFrame({"customer": rng.integers(0, ENTITIES, ROWS), "at": at, **{name: rng.normal(size=ROWS) for name in VALUES}})
    again = np.flatnonzero(rng.random(ROWS - 1) < CORRECTED)
    rows = rows.with_columns(corrects=pl.Series(np.isin(np.arange(ROWS), again + 1)))
    # A correction has the entity and the event time of the row before it, and comes later.
    rows = rows.with_columns(pl.when("corrects").then(pl.col(name).shift(1)).otherwise(pl.col(name)).alias(name) for name in ("customer", "at"))
    known = pl.col("at") + pl.Series(late) + pl.col("corrects").cast(pl.Int64) * 3_600_000_000
    rows = rows.sort("at", maintain_order=True).with_columns(known=known).drop("corrects").with_columns(pl.col("at", "known").cast(TIME))
    events = pl.DataFrame({"customer": rng.integers(0, ENTITIES, EVENTS), "asked": np.sort(rng.integers(0, YEAR_US, EVENTS))})
    return events.with_columns(pl.col("asked").cast(TIME)), rows


def cases(events: pl.DataFrame, rows: pl.DataFrame) -> dict[str, Callable[[], pl.DataFrame]]:
    """Return what is measured, by name."""
    narrow = rows.drop("known")
    shuffled = narrow.sample(fraction=1, shuffle=True, seed=1)
    one, two = table(), table(known_time="known")
    return {
        "join_asof": lambda: events.join_asof(narrow, left_on="asked", right_on="at", by="customer", check_sortedness=False),
        "one time": lambda: as_of_join(events, one, narrow, VALUES, event_time="asked", max_age=None),
        "one time, rows in no order": lambda: as_of_join(events, one, shuffled, VALUES, event_time="asked", max_age=None),
        "two times": lambda: as_of_join(events, two, rows, VALUES, event_time="asked", max_age=None),
    }


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return how many seconds one call takes, of the processor's and on the clock."""
    begun, began = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - begun, time.perf_counter() - began


def main() -> int:
    """Measure all cases in turn, so that noise falls on each, and print medians and ratios."""
    measured = cases(*frames(np.random.default_rng(0)))
    rounds = [{name: seconds(work) for name, work in measured.items()} for _ in range(ROUNDS + 1)][1:]
    medians = {name: statistics.median(row[name][0] for row in rounds) for name in measured}
    clock = {name: statistics.median(row[name][1] for row in rounds) for name in measured}
    ratios = {name: statistics.median(row[name][0] / row["join_asof"][0] for row in rounds) for name in measured}
    print(f"{EVENTS:,} events, {ROWS:,} rows, {ENTITIES:,} entities (claim: ratio ≤ {CLAIM:g})")
    for name, spent in medians.items():
        print(f"{name:<28} {spent:>6.2f} s of processor time   ratio {ratios[name]:.2f}   {clock[name]:>6.2f} s on the clock")
    (ROOT / ".artifacts").mkdir(exist_ok=True)
    (ROOT / ".artifacts" / "point_in_time.json").write_text(json.dumps({"seconds": medians, "clock_seconds": clock, "ratios": ratios}, indent=2))
    return int(any(ratio > CLAIM for ratio in ratios.values()))


if __name__ == "__main__":
    sys.exit(main())
