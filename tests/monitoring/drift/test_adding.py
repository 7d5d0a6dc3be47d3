"""Adding many parts by tables gives what adding them by sorting gives."""

from collections.abc import Sequence

import numpy as np
import pytest

from mlworks_orchestration.monitoring.drift.profiles.adding import add_many
from mlworks_orchestration.monitoring.drift.profiles.bins import Bins, coarsen, counted
from mlworks_orchestration.monitoring.drift.profiles.budget import limited
from mlworks_orchestration.monitoring.drift.profiles.packing import PackedBins, pack, packed
from mlworks_orchestration.monitoring.drift.profiles.sums import add
from tests.monitoring.drift.test_counter import COLUMNS


@pytest.mark.parametrize("name", [name for name in COLUMNS if name not in {"few", "nothing but missing"}])
def test_many_parts_by_tables_are_the_same_bins(name: str) -> None:
    rng = np.random.default_rng(1)
    values = COLUMNS[name](rng)
    parts = [limited(counted(part[~np.isnan(part)])) for part in np.array_split(rng.permutation(values) if name != "sorted" else values, 90)]
    assert_same(add_many(parts), add(parts))
    assert_same(add_many(stored(parts)), add(parts))


def test_a_part_that_is_coarser_than_the_others_decides() -> None:
    rng = np.random.default_rng(2)
    parts = [limited(counted(rng.normal(size=1500))) for _ in range(60)]
    parts[31] = coarsen(parts[31], np.full(len(parts[31].groups), 14))
    assert_same(add_many(parts), add(parts))


def test_parts_that_are_stored_and_parts_that_are_not_add_up() -> None:
    rng = np.random.default_rng(5)
    parts = [limited(counted(rng.normal(size=1500))) for _ in range(60)]
    others = [limited(counted(rng.normal(1e6, 1.0, 20))), coarsen(parts[7], np.full(len(parts[7].groups), 14))]
    assert_same(add_many([*stored(parts), *others]), add([*parts, *others]))
    assert_same(add_many([*stored(parts), others[0]]), add([*parts, others[0]]))


@pytest.mark.parametrize("digits", [1, 2, 3, 4])
def test_few_values_in_many_parts_stay_apart(digits: int) -> None:
    rng = np.random.default_rng(4)
    parts = [limited(counted(rng.normal(5.0, 2.0, 1500).round(digits))) for _ in range(90)]
    assert_same(add_many(stored(parts)), add(parts))


@pytest.mark.parametrize("most", [200, 60_000, 2**20, 2**40])
def test_rows_a_bin_add_up_whatever_bytes_they_take(most: int) -> None:
    rng = np.random.default_rng(3)
    drawn = [limited(counted(rng.uniform(1.0, 1.9, 4000))) for _ in range(30)]
    parts = [part._replace(counts=part.counts + rng.integers(0, most, part.size)) for part in drawn]
    assert {part.width for part in stored(parts)} == {next(width for width in (1, 2, 4, 8) if most < 256**width)}
    assert all(part.cells for part in stored(parts))
    assert_same(add_many(stored(parts)), add(parts))


def stored(parts: Sequence[Bins]) -> list[PackedBins]:
    return [packed(*pack(part)) for part in parts]


def assert_same(one: Bins, other: Bins) -> None:
    for left, right in zip(one, other, strict=True):
        assert left.tolist() == right.tolist()
