"""Categories counted a stretch at a time: the same as all at once, whatever their dictionaries look like and wherever blocks end."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration.monitoring.drift import CategoricalProfile
from mlworks_orchestration.monitoring.drift.past.block_column import BlockColumn, count
from mlworks_orchestration.monitoring.drift.profiles.blocked import BlockedCategories
from mlworks_orchestration.monitoring.drift.scanning import tally as module
from mlworks_orchestration.monitoring.drift.scanning.tally import Tally

NAMES = st.one_of(st.none(), st.sampled_from(["EWR", "JFK", "LGA", "", "é"]))
STRETCHES = st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=6), st.lists(st.integers(0, 5), max_size=12)), max_size=5)


def arrays(stretches: Sequence[tuple[list[str | None], list[int]]]) -> tuple[list[Any], list[str | None]]:
    """Return Arrow arrays, each with its own dictionary, in which names may be twice or null, and all values."""
    made, values = [], list[str | None]()
    for names, drawn in stretches:
        codes = [None if code >= len(names) else code for code in drawn]
        made.append(pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names, pa.string())))
        values += [None if code is None else names[code] for code in codes]
    return made, values


def tallied(stretches: Sequence[tuple[list[str | None], list[int]]], ends: Sequence[int]) -> Tally:
    tally, position = Tally(), 0
    for array in arrays(stretches)[0]:
        within = [end - position for end in ends if position < end <= position + len(array) or (not position and not end)]
        tally.add(array, within)
        position += len(array)
    return tally


def told(profile: CategoricalProfile) -> tuple[dict[str, int], int]:
    return dict(profile.counts), profile.missing


@given(STRETCHES, st.lists(st.integers(1, 40), max_size=6), st.sampled_from([1000, 7, 3]))
def test_stretches_add_up_to_the_whole_and_blocks_to_their_rows(
    stretches: list[tuple[list[str | None], list[int]]], ends: list[int], most: int
) -> None:
    values = arrays(stretches)[1]
    ends = sorted(end for end in ends if end <= len(values))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MOST_NAMED", most)
        tally = tallied(stretches, ends)
        whole, blocks = tally.profile(), tally.blocks()
    expected = Counter(value for value in values if value is not None)
    assert told(whole) == (expected, values.count(None))
    parts = [values[begin:end] for begin, end in pairwise([0, *ends])]
    assert [told(block) for block in blocks] == [(Counter(value for value in part if value is not None), part.count(None)) for part in parts]


@given(st.lists(st.lists(st.integers(0, 90), max_size=30), min_size=1, max_size=8))
def test_a_table_of_blocks_counts_as_a_profile_a_block_does(parts: list[list[int]]) -> None:
    names = [f"airport {code}" for code in range(91)]
    rows = np.array([np.bincount(np.array(part, dtype=np.int64), minlength=91) for part in parts])
    table = BlockedCategories(names, rows, np.arange(len(parts)))
    reference = CategoricalProfile.merged(list(table))
    fewer = CategoricalProfile(0, dict(list(reference.counts.items())[::2]))
    for known in (reference, fewer):  # some of the blocks' categories may be new to a reference
        assert same(count(known, table), count(known, list(table)))


def same(one: BlockColumn, other: BlockColumn) -> bool:
    return np.array_equal(one.counts, other.counts) and np.array_equal(one.spans, other.spans) and one.groups.names == other.groups.names


def test_more_names_than_are_kept_apart_are_pooled_without_losing_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_NAMED", 50)
    stretches = [([f"{stretch}.{code}" for code in range(40)], [*range(40), 0, 0]) for stretch in range(5)]
    tally = tallied(stretches, [42, 100, 210])
    assert [block.rows for block in tally.blocks()] == [42, 58, 110]
    assert tally.profile().rows == 210
    assert tally.profile().counts["4.0"] == 3
