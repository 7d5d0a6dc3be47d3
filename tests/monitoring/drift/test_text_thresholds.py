"""Thresholds of texts: how far windows of texts differ when nothing is wrong is learnt from the reference, as it is of numbers."""

import json

import numpy as np
import polars as pl
import pytest
from scipy.signal import lfilter

from mlworks_orchestration.monitoring.drift import Blocks, Calibrated, ColumnKey, Normal, Profile, TextProfile, analyze, calibrate_normal
from mlworks_orchestration.monitoring.drift.past.block_column import BlockColumn
from mlworks_orchestration.monitoring.drift.profiles.vocabulary import strange
from mlworks_orchestration.monitoring.drift.standalone.column import ColumnAnalysis
from mlworks_orchestration.spec import Drift, DriftKind

REMARK = ColumnKey(DriftKind.FEATURE, "remark")


def wandering(rows: int, seed: int) -> pl.DataFrame:
    """Texts whose length and share of unusual words go up and down over some hundred rows."""
    rng = np.random.default_rng(seed)
    mood, pace = (lfilter([np.sqrt(1 - 0.99**2)], [1, -0.99], rng.normal(size=rows + 1000))[1000:] for _ in range(2))
    sizes = np.maximum(rng.poisson(8 * np.exp(0.3 * pace)), 3)
    words = np.char.add("w", (rng.random(sizes.sum()) ** 3 * 800).astype(int).astype(str))
    odd = rng.random(sizes.sum()) < np.repeat(np.clip(0.15 + 0.1 * mood, 0, 1), sizes)
    tokens = np.where(odd, np.char.add("odd", rng.integers(0, 20_000, sizes.sum()).astype(str)), words)
    return pl.DataFrame({"remark": [" ".join(found) for found in np.split(tokens, np.cumsum(sizes)[:-1])]})


def blocks_of(frame: pl.DataFrame, number: int) -> Blocks:
    size, rng = frame.height // number, np.random.default_rng(0)
    parts = [Profile({REMARK: TextProfile.of(frame["remark"][at * size : (at + 1) * size], rng)}) for at in range(number)]
    return Blocks.of(Profile.merged(parts), parts)


def calibrated(blocks: Blocks, window: float) -> Normal:
    return calibrate_normal(blocks, Calibrated.each(0.01), Drift(), window_blocks=window, generator=np.random.default_rng(0))


def remark(frame: pl.DataFrame, window: pl.DataFrame) -> ColumnAnalysis:
    (found,) = analyze(frame, window).columns
    return found


def test_texts_that_wander_as_they_did_are_no_alarm_and_new_words_are() -> None:
    quiet, shifted, beyond = [], [], []
    for seed in range(6):
        frame = wandering(5500, seed)
        window = frame[5000:]
        found = remark(frame[:5000], window)
        quiet.append(found.drifted)
        beyond.append(any(one.decides and (one.p_adjusted or 0) <= 0.01 and (one.effect or 0) >= 0.1 for one in found.statistics))
        shifted.append(remark(frame[:5000], window.with_columns(pl.col("remark").str.replace_all("w", "new"))).drifted)
    assert sum(beyond) >= 3, "without a threshold of their own these windows would alarm"
    assert not any(quiet)
    assert all(shifted)


def test_a_null_of_tokens_is_of_windows_of_as_many_rows() -> None:
    blocks = blocks_of(wandering(2000, 1), 20)
    normal = calibrated(blocks, 2.0)
    for name in ("text_length", "out_of_vocabulary"):
        assert normal.nulls[REMARK, name].rows == pytest.approx(200, rel=0.05)
    assert blocks.texts[REMARK, "out_of_vocabulary"].per_row > 5
    assert blocks.texts[REMARK, "text_length"].per_row == 1.0
    assert "text_domain_classifier" not in {name for _, name in normal.nulls}


def test_the_words_of_a_part_are_judged_by_the_rest_of_the_reference() -> None:
    rng = np.random.default_rng(0)
    part, rest = (TextProfile.of(pl.Series([text] * 10), rng) for text in ("late jargon", "late again"))
    whole = TextProfile.merged([part, rest])
    assert (strange(whole, part), strange(whole, rest)) == (10, 10)


def test_blocks_of_texts_say_the_same_after_they_were_stored() -> None:
    blocks = blocks_of(wandering(1000, 2), 10)
    again = Blocks.from_document(json.loads(json.dumps(blocks.to_document())))
    assert (again.number, again.kinds, again.types) == (10, {DriftKind.FEATURE}, {"text"})
    assert calibrated(again, 1.0) == calibrated(blocks, 1.0)
    before = blocks.to_document()
    del before["texts"]
    assert Blocks.from_document(before).texts == {}, "blocks that were stored before texts were counted are read"


def test_a_part_without_texts_has_no_rows_of_them() -> None:
    blocks = blocks_of(wandering(400, 3), 4)
    parts = [Profile({}), *(Profile({REMARK: TextProfile.of(pl.Series(["late again"] * 20), np.random.default_rng(at))}) for at in range(2))]
    counted: BlockColumn = Blocks.of(Profile.merged(parts), parts).texts[REMARK, "text_length"]
    assert counted.counts.sum(axis=1).tolist() == [0.0, 20.0, 20.0]
    assert blocks.number == 4


def test_what_changed_in_texts_is_told_in_words_and_drawn_as_their_length() -> None:
    before, after = (
        pl.DataFrame({"remark": [f"the plane to gate {row} {text}" for row in range(400)]}) for text in ("is late", "unknown novel words")
    )
    found = remark(before, after)
    assert found.drifted
    assert found.words.startswith("mean length 7 → 8 tokens, outside the vocabulary ")
    assert found.distribution is not None
    assert found.distribution.measured == "length in tokens"
    assert len(found.distribution.reference) == len(found.distribution.current)
