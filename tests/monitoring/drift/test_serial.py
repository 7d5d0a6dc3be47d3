"""The stored form of a profile."""

import base64
import json
import pickle
import subprocess
import sys
import zlib

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import (
    CategoricalProfile,
    ColumnKey,
    DatetimeProfile,
    NumericProfile,
    Profile,
    compare,
    from_json,
    to_json,
)
from mlworks_orchestration.monitoring.drift.profiles.bins import Bins, coarsen, counted
from mlworks_orchestration.monitoring.drift.profiles.packing import pack, packed
from mlworks_orchestration.monitoring.drift.profiles.places import unpack
from mlworks_orchestration.spec import Drift, DriftKind


@given(st.lists(st.floats(), max_size=40))
def test_a_numeric_profile_comes_back_as_it_was(values: list[float]) -> None:
    profile = NumericProfile.of(np.array(values))
    back = from_json(to_json(profile))
    assert isinstance(back, NumericProfile)
    assert (back.missing, back.moments) == (profile.missing, profile.moments)
    for one, other in zip(back.bins, profile.bins, strict=True):
        assert one.tolist() == other.tolist()


@given(st.lists(st.none() | st.text(max_size=3), max_size=20))
def test_a_categorical_profile_comes_back_as_it_was(values: list[str | None]) -> None:
    profile = CategoricalProfile.of(pl.Series(values, dtype=pl.String))
    back = from_json(to_json(profile))
    assert isinstance(back, CategoricalProfile)
    assert (back.missing, back.counts) == (profile.missing, profile.counts)


@given(st.lists(st.text(max_size=2), min_size=1, max_size=20))
def test_a_profile_with_pooled_categories_comes_back_as_it_was(values: list[str]) -> None:
    profile = CategoricalProfile(1, dict.fromkeys(values, 3), other=7, bound=2)
    back = from_json(to_json(profile))
    assert isinstance(back, CategoricalProfile)
    assert (back.counts, back.other, back.bound, back.present) == (profile.counts, 7, 2, profile.present)


def test_times_come_back_as_times() -> None:
    assert from_json(to_json(DatetimeProfile.of(np.array([0.0, 86400.0])))).type == "datetime"


def test_the_format_is_the_documented_one() -> None:
    document = json.loads(to_json(NumericProfile.of(np.array([1.0, 2.0, 2.0, np.nan]))))
    packed = document.pop("bins")
    assert document == {
        "format": "mlworks.profile",
        "version": 4,
        "type": "numeric",
        "missing": 1,
        "size": 2,
        "n": 3,
        "mean": pytest.approx(5 / 3),
        "squares": pytest.approx(2 / 3),
        "minimum": 1.0,
        "maximum": 2.0,
    }
    raw = zlib.decompress(base64.b64decode(packed))
    head, precisions, names, sizes = [0, 0, 2, 0, 1], [64, 64], [0xFF, 1, 3, 0], [1, 1, *[0] * 6]
    assert list(raw) == [*head, *precisions, *names, *sizes, *[0] * 8 * 2, 1, 2]


def test_crowded_groups_are_stored_cell_by_cell() -> None:
    bins = coarsen(counted(np.array([1.0, 1.25, 1.25, 1.5, 4.0])), np.array([14, 64]))
    size, text = pack(bins)
    head, precisions, names, sizes = [1, 0, 1, 0, 1], [14, 64], [0xFF, 2, 3, 0], [1, 0, 0, 0]
    assert (size, list(zlib.decompress(base64.b64decode(text)))) == (4, [*head, *precisions, *names, *sizes, *[1, 2, 1, 0], *[0] * 8, 1])
    for one, other in zip(unpack([packed(size, text)]), bins, strict=True):
        assert one.tolist() == other.tolist()


@pytest.mark.parametrize("rows", [700, 840, 2_500, 10_000, 300_000])
@pytest.mark.parametrize("shape", ["normal", "heavy tails", "every octave"])
def test_no_column_takes_more_than_16_kilobytes_even_with_billions_of_rows(rows: int, shape: str) -> None:
    rng = np.random.default_rng(rows)
    values = {
        "normal": lambda: rng.normal(size=rows),
        "heavy tails": lambda: rng.standard_cauchy(rows),
        "every octave": lambda: np.exp(rng.uniform(-700, 700, rows)) * rng.choice([-1.0, 1.0], rows),
    }[shape]()
    profile = NumericProfile.of(values)
    counts = profile.bins.counts * (10**9 // rows) + rng.integers(0, 10**9 // rows, len(profile.bins.counts))
    assert len(to_json(NumericProfile(0, profile.bins._replace(counts=counts), profile.moments))) <= 16_384


def test_an_unknown_version_says_what_to_do() -> None:
    newer = to_json(CategoricalProfile(0, {"EWR": 1})).replace('"version":4', '"version":5')
    with pytest.raises(DataError, match=r"version 5; this release reads 'mlworks.profile', version 4\. Upgrade"):
        from_json(newer)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format":"mlworks.profile","version":4,"type":"categorical","missing":0,"counts":[1],"other":0,"bound":0}',
        '{"format":"mlworks.profile","version":4,"type":"numeric","missing":0}',
        to_json(NumericProfile.of(np.array([1.0, 2.0]))).replace('"size":2', '"size":1'),
        to_json(NumericProfile.of(np.array([1.0, 2.0]))).replace('"size":2', '"size":-2'),
        to_json(NumericProfile.of(np.array([1.0]))).replace('"bins":"', '"bins":"!'),
        to_json(NumericProfile.of(np.array([1.0]))).replace('"bins":"eJ', '"bins":"AA'),
        to_json(NumericProfile.of(np.array([1.0]))).replace('"type":"numeric"', '"type":"sound"'),
    ],
)
def test_a_damaged_profile_is_an_error(text: str) -> None:
    with pytest.raises(DataError, match=r"A stored profile is damaged.*Materialise its partition again"):
        from_json(text)


def numbers(**changed: object) -> str:
    """Return a stored profile of the numbers 1 and 2, changed."""
    return json.dumps(json.loads(to_json(NumericProfile.of(np.array([1.0, 2.0])))) | changed)


def categories(**changed: object) -> str:
    return json.dumps(json.loads(to_json(CategoricalProfile(1, {"EWR": 2}))) | changed)


@pytest.mark.parametrize(
    "text",
    [
        *(numbers(missing=value) for value in (-5, 1.5, True, "1")),
        *(numbers(n=value) for value in (-1, 2.0, 0)),
        *(numbers(mean=value) for value in (float("nan"), float("inf"), "1")),
        numbers(squares=-3.0),
        numbers(minimum=10.0),
        numbers(minimum=None),
        *(categories(**{name: value}) for name in ("missing", "other", "bound") for value in (-1, 1.5)),
        *(categories(counts={"EWR": value}) for value in (-2, 1.5, None, "3")),
    ],
)
def test_numbers_that_cannot_be_are_an_error(text: str) -> None:
    with pytest.raises(DataError, match=r"A stored profile is damaged.*Materialise its partition again"):
        from_json(text)


def test_moments_of_other_rows_than_the_bins_are_an_error() -> None:
    whole = from_json(to_json(NumericProfile.of(np.array([-np.inf, 1.0, 1.0, np.inf]))))
    assert (whole.present, whole.moments.n) == (4, 2)
    with pytest.raises(DataError, match="3 finite values do not fit its bins"):
        _ = from_json(numbers(n=3)).present


def test_categories_that_went_to_another_process_add_up_there() -> None:
    profile = from_json(to_json(CategoricalProfile(0, {"EWR": 2, "JFK": 1})))
    script = (
        "import sys, pickle\n"
        "one = pickle.load(sys.stdin.buffer)\n"
        "from mlworks_orchestration.monitoring.drift import CategoricalProfile\n"
        "print(sorted(CategoricalProfile.merged([one, CategoricalProfile(0, {'JFK': 3, 'LGA': 1})]).counts.items()))"
    )
    told = subprocess.run([sys.executable, "-c", script], input=pickle.dumps(profile), capture_output=True, check=True, timeout=60).stdout
    assert told.decode().strip() == "[('EWR', 2), ('JFK', 4), ('LGA', 1)]"


SOUND = [1, 0, 1, 0, 1, 13, 20, 1, 1, 0, 0, 2, 0, 0, 0, 7, 0, 3, 5, *[0] * 14, 1, 1]
"""A crowded group 1 with 7 rows in the first of its two cells, and a scattered group 2 with a row in its cells 3 and 5."""


@pytest.mark.parametrize(
    ("place", "byte"),
    [(0, 0), (2, 2), (4, 2), (4, 3), (5, 11), (5, 14), (6, 65), (6, 11), (9, 9), (8, 0), (11, 1), (15, 0), (18, 3), (19, 1), (33, 0)],
)
def test_bins_that_cannot_be_are_an_error(place: int, byte: int) -> None:
    assert read(SOUND).keys.tolist() == [1 << 52, (2 << 52) + (3 << 44), (2 << 52) + (5 << 44)]
    with pytest.raises((ValueError, DataError), match=r"do not fit (the|its)|has a group twice"):
        read([*SOUND[:place], byte, *SOUND[place + 1 :]])


def read(stored: list[int]) -> Bins:
    return unpack([packed(3, base64.b64encode(zlib.compress(bytes(stored))).decode())])


def damaged() -> NumericProfile:
    """Return a profile whose bins do not fit, which shows when they are unpacked."""
    bins = base64.b64encode(zlib.compress(bytes([*SOUND[:6], 65, *SOUND[7:]]))).decode()
    found = from_json(json.dumps(json.loads(to_json(NumericProfile.of(np.array([1.0, 2.0])))) | {"size": 3, "bins": bins}))
    assert isinstance(found, NumericProfile)
    return found


def test_damage_that_shows_late_names_the_column_and_the_part() -> None:
    wind, sound = ColumnKey(DriftKind.FEATURE, "wind"), NumericProfile.of(np.array([1.0, 2.0]))
    parts = [Profile({wind: sound}), Profile({wind: damaged()})]
    with pytest.raises(DataError, match=r"^partition b, feature wind: A stored profile is damaged"):
        Profile.merged(parts, ["partition a", "partition b"])
    with pytest.raises(DataError, match=r"^feature wind: A stored profile is damaged"):
        Profile.merged(parts)
    with pytest.raises(DataError, match=r"^feature wind: A stored profile is damaged"):
        compare(parts[1], parts[0], Drift())


def test_bins_are_unpacked_when_they_are_asked_for_and_damage_is_told_then() -> None:
    profile = damaged()
    with pytest.raises(DataError, match=r"A stored profile is damaged.*Materialise its partition again"):
        _ = profile.present
    with pytest.raises(DataError, match=r"A stored profile is damaged"):
        NumericProfile.merged([profile, profile])


@given(st.lists(st.lists(st.floats(allow_nan=False), max_size=30), min_size=1, max_size=12))
def test_many_packed_profiles_add_up_as_those_that_are_not(parts: list[list[float]]) -> None:
    profiles = [NumericProfile.of(np.array(values)) for values in parts]
    found, expected = NumericProfile.merged([from_json(to_json(profile)) for profile in profiles]), NumericProfile.merged(profiles)
    for one, other in zip(found.bins, expected.bins, strict=True):
        assert one.tolist() == other.tolist()
