"""A whole report of two fixed sets of rows, number by number: what changes here changes for every reader.

`python tests/monitoring/drift/test_golden.py` writes the report anew; read the difference before committing it.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mlworks_orchestration.monitoring.drift import analyze

GOLDEN = Path(__file__).parent / "golden.json"
DIGITS = 4


def side(seed: int, shift: float, rows: int = 2_000) -> pl.DataFrame:
    """Rows with a column of each kind; `shift` moves some of them."""
    generator = np.random.default_rng(seed)
    distance = generator.normal(shift, 1.0, rows)
    label = distance * (1.0 - shift) + generator.normal(size=rows)
    return pl.DataFrame(
        {
            "distance": distance,
            "origin": generator.choice(["EWR", "JFK", "LGA"], rows, p=[0.4 + shift / 4, 0.3, 0.3 - shift / 4]),
            "fare": np.where(generator.random(rows) < 0.05 + shift / 5, np.nan, generator.lognormal(size=rows)),
            "constant": np.ones(rows),
            "seats": pl.Series([[1, 2]] * rows),
            "delay": label,
            "predicted": distance,
        }
    )


def report() -> dict[str, Any]:
    found = analyze(side(1, 0.0), side(2, 0.4).drop("constant"), label="delay", prediction="predicted").to_dict()
    del found["dataset"]["method"]
    return dict(_rounded(found))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items() if name not in {"reason", "change"}}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def test_the_report_of_fixed_rows_has_not_changed() -> None:
    assert report() == json.loads(GOLDEN.read_text(encoding="utf-8"))


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(report(), indent=1) + "\n", encoding="utf-8")
