"""The reference in blocks: counted in its own cells, stored small, refused when damaged."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import Blocks, ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.past.groups import OTHER, UNSEEN, group
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile
from mlworks_orchestration.spec import DriftKind
from tests.monitoring.drift.streams import profile

WIND, CARRIER = (ColumnKey(DriftKind.FEATURE, name) for name in ("wind", "carrier"))


def made(number: int, rows: int = 50) -> tuple[Profile, list[Profile]]:
    rng = np.random.default_rng(0)
    parts = [
        profile({"wind": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)), "carrier": rng.choice(["UA", "DL", "AA"], rows)})
        for _ in range(number)
    ]
    return Profile.merged(parts), parts


def test_no_row_is_lost_and_cells_hold_about_as_many_each() -> None:
    whole, parts = made(40)
    blocks = Blocks.of(whole, parts)
    for key in (WIND, CARRIER):
        counts = blocks.columns[key].counts
        assert counts.sum() == whole.columns[key].rows
        assert counts[:, -1].tolist() == [part.columns[key].missing for part in parts]
    cells = blocks.columns[WIND].counts[:, :-1].sum(axis=0)
    assert len(cells) == 64
    assert cells.max() <= 2 * cells.mean()
    assert blocks.columns[CARRIER].groups.names == (
        *tuple(sorted(("AA", "DL", "UA"), key=whole.columns[CARRIER].counts.get, reverse=True)),
        OTHER,
        UNSEEN,
    )


def test_windows_are_counted_in_the_cells_of_the_reference() -> None:
    reference = profile({"wind": np.arange(8.0)}).columns[WIND]
    window = profile({"wind": [-5.0, 0.5, 3.0, 4.0, 100.0, np.inf]}).columns[WIND]
    assert group(reference, 4).counts(reference, [reference, window]).tolist() == [[2, 2, 2, 2], [2, 1, 1, 2]]


def test_infinities_and_constants_have_cells_of_their_own() -> None:
    reference = profile({"wind": [-np.inf] * 5 + [1.0] * 5 + [np.inf] * 5}).columns[WIND]
    cells = group(reference)
    assert cells.counts(reference, [reference]).tolist() == [[5, 5, 5]]
    assert cells.values is not None
    assert cells.values.tolist() == [-np.inf, 1.0, np.inf]
    assert not cells.mixed.any()


def test_a_column_without_any_value_has_one_empty_cell() -> None:
    nothing = profile({"wind": [np.nan] * 9})
    blocks = Blocks.of(nothing, [nothing])
    assert blocks.columns[WIND].counts.tolist() == [[0.0, 9.0]]


def test_rare_categories_share_a_cell_and_those_never_seen_another() -> None:
    reference = CategoricalProfile(0, {"a": 5, "b": 4, "c": 1})
    window = CategoricalProfile(0, {"a": 1, "c": 2, "new": 7})
    cells = group(reference, 2)
    assert cells.names == ("a", "b", OTHER, UNSEEN)
    assert cells.counts(reference, [reference, window]).tolist() == [[5, 4, 1, 0], [1, 0, 2, 7]]


def test_where_the_reference_forgot_rare_categories_an_unknown_one_may_be_among_them() -> None:
    reference = CategoricalProfile(0, {"a": 5}, other=3, bound=1)
    assert group(reference).counts(reference, [reference, CategoricalProfile(0, {"b": 2})]).tolist() == [[5, 3, 0], [0, 2, 0]]


def test_the_share_of_categories_that_no_other_block_has_is_known() -> None:
    parts = [profile({"carrier": ["UA"] * 8 + extra}) for extra in (["x", "x"], ["y", "z"], ["z", "UA"], ["UA", "UA"])]
    column = Blocks.of(Profile.merged(parts), parts).columns[CARRIER]
    assert column.unseen(1).tolist() == [0.2, 0.1, 0.0, 0.0]
    assert column.unseen(100).tolist() == [0.2, 0.1, 0.0, 0.0]


def test_a_part_without_a_column_has_no_rows_of_it() -> None:
    whole, parts = made(3)
    blocks = Blocks.of(whole, [parts[0], Profile({}), parts[2]])
    assert blocks.columns[WIND].counts.sum(axis=1).tolist() == [50.0, 0.0, 50.0]
    assert np.isfinite(blocks.columns[WIND].shapes).all()


def test_a_document_says_the_same_and_is_small() -> None:
    whole, parts = made(53)
    starts = [datetime(2013, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(53)]
    blocks = Blocks.of(whole, parts, starts)
    text = json.dumps(blocks.to_document())
    again = Blocks.from_document(json.loads(text))
    assert len(text) < 2 * 8_000
    assert again.starts is not None
    assert again.starts.tolist() == [start.timestamp() for start in starts]
    for key, column in blocks.columns.items():
        found = again.columns[key]
        assert (found.type, found.counts.tolist(), found.spans.tolist()) == (column.type, column.counts.tolist(), column.spans.tolist())
        assert found.groups.counts(whole.columns[key], [whole.columns[key]]).tolist() == [column.counts[:, :-1].sum(axis=0).tolist()]


def test_damaged_and_older_documents_are_refused() -> None:
    whole, parts = made(3)
    document = Blocks.of(whole, parts).to_document()
    with pytest.raises(DataError, match=r"this release reads 'mlworks\.blocks', version 1"):
        Blocks.from_document(document | {"version": 0})
    with pytest.raises(DataError, match="are damaged"):
        Blocks.from_document({name: value for name, value in document.items() if name != "columns"})
    broken = json.loads(json.dumps(document))
    broken["columns"][0]["counts"]["data"] = "AAAA"
    with pytest.raises(DataError, match="are damaged"):
        Blocks.from_document(broken)


@pytest.mark.parametrize("starts", [[0.0], [3.0, 2.0, 1.0]])
def test_starts_must_be_one_a_block_and_ascend(starts: list[float]) -> None:
    whole, parts = made(3)
    with pytest.raises(DataError, match="give one a block, in ascending order"):
        Blocks.of(whole, parts, starts)


def test_only_columns_of_numbers_and_categories_are_counted() -> None:
    whole = profile({"wind": [1.0]})
    assert Blocks.of(whole, []).number == 0
    assert Blocks.of(Profile.of(pl.DataFrame({"at": [datetime(2013, 1, 1, tzinfo=UTC)]}), {"at": WIND}), [whole]).columns[WIND].type == "datetime"
