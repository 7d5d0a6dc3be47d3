"""Counting a stretch at a time gives what counting all at once gives, bin by bin."""

from collections.abc import Callable

import numpy as np
import pytest

from mlworks_orchestration.monitoring.drift import DatetimeProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.scanning.counter import NumericCounter

ROWS = 120_000

COLUMNS: dict[str, Callable[[np.random.Generator], Floats]] = {
    "normal": lambda rng: rng.normal(size=ROWS),
    "heavy tails": lambda rng: rng.standard_cauchy(ROWS),
    "never negative": lambda rng: rng.lognormal(size=ROWS),
    "always negative": lambda rng: -rng.lognormal(size=ROWS),
    "close together": lambda rng: 1000 + 0.01 * rng.normal(size=ROWS),
    "close together, both signs": lambda rng: rng.choice([-1000.0, 1000.0], ROWS) + 0.01 * rng.normal(size=ROWS),
    "two places": lambda rng: np.where(rng.random(ROWS) < 0.5, 1e6, 0) + rng.normal(size=ROWS),
    "sorted": lambda rng: np.sort(np.concatenate((rng.normal(size=ROWS // 2), 1e6 + rng.normal(size=ROWS // 2)))),
    "many zeros": lambda rng: np.where(rng.random(ROWS) < 0.7, 0.0, rng.normal(size=ROWS)),
    "zeros with a sign": lambda rng: np.where(rng.random(ROWS) < 0.3, -0.0, rng.normal(size=ROWS)),
    "thirty levels": lambda rng: rng.integers(0, 30, ROWS).astype(float),
    "one decimal": lambda rng: np.round(rng.normal(size=ROWS), 1),
    "cents": lambda rng: rng.integers(0, 10_001, ROWS) / 100,
    "times": lambda rng: 1.7e9 + rng.random(ROWS) * 86_400,
    "ids": lambda rng: 1e9 + np.arange(ROWS) + rng.integers(0, 2),
    "constant": lambda _: np.full(ROWS, 3.3),
    "all octaves": lambda rng: np.exp(rng.uniform(-700, 700, ROWS)) * rng.choice([-1.0, 1.0], ROWS),
    "missing": lambda rng: np.where(rng.random(ROWS) < 0.2, np.nan, rng.normal(size=ROWS)),
    "infinities": lambda rng: np.where(rng.random(ROWS) < 0.2, np.inf, rng.normal(size=ROWS)),
    "nothing but missing": lambda _: np.full(ROWS, np.nan),
    "few": lambda rng: rng.normal(size=50),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_counter_gives_the_very_bins_of_all_values_at_once(name: str) -> None:
    values = COLUMNS[name](np.random.default_rng(len(name)))
    counter = NumericCounter()
    for start in range(0, len(values), 10_007):
        counter.add(values[start : start + 10_007].copy(), 1)
    found, whole = counter.profile(), NumericProfile.of(values)
    for one, other in zip(found.bins, whole.bins, strict=True):
        assert one.tolist() == other.tolist()
    assert found.missing == whole.missing + -(-len(values) // 10_007)
    assert (found.moments.n, found.moments.minimum, found.moments.maximum) == (whole.moments.n, whole.moments.minimum, whole.moments.maximum)
    if whole.moments.squares is not None:
        assert found.moments.mean == pytest.approx(whole.moments.mean, rel=1e-9, abs=1e-12)
        assert found.moments.std == pytest.approx(whole.moments.std, rel=1e-6)


@pytest.mark.parametrize("name", COLUMNS)
def test_blocks_hold_all_rows_and_have_the_shares_of_their_own_rows(name: str) -> None:
    values = COLUMNS[name](np.random.default_rng(7))
    counter = NumericCounter()
    parts = np.array_split(values, 6)
    for part in parts:
        counter.add(part[: len(part) // 3].copy())
        counter.add(part[len(part) // 3 :].copy(), ends=[len(part) - len(part) // 3])
    blocks = counter.blocks()
    assert [block.rows for block in blocks] == [len(part) for part in parts]
    assert [block.missing for block in blocks] == [int(np.isnan(part).sum()) for part in parts]
    if name in {"sorted", "ids", "few", "nothing but missing"}:
        return  # what comes later is not in the first block's cells
    for block, part in zip(blocks, parts, strict=True):
        present = part[~np.isnan(part)]
        median = block.quantile(0.5).value
        assert (present < median).mean() - 0.02 <= 0.5 <= (present <= median).mean() + 0.02


def test_blocks_before_the_first_value_have_only_missing_rows() -> None:
    counter = NumericCounter(DatetimeProfile)
    for values in ([np.nan] * 3, [], [1.0, 2.0], [2.0, 5.0, np.nan]):
        counter.add(np.array(values), ends=[len(values)])
    blocks = counter.blocks()
    assert [(block.missing, block.present) for block in blocks] == [(3, 0), (0, 0), (0, 2), (1, 2)]
    assert {block.type for block in blocks} == {"datetime"}


def test_exact_counting_keeps_each_value() -> None:
    values = np.random.default_rng(0).normal(size=30_000)
    counter = NumericCounter(exact=True)
    for start in range(0, len(values), 7000):
        counter.add(values[start : start + 7000])
    assert counter.profile().distinct == 30_000
