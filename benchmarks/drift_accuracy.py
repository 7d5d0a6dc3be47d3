"""How far statistics from profiles are from those of the values themselves, on columns that are hard on bins.

Prints a table, writes JSON, and exits with 1 if a goal fails: Kolmogorov-Smirnov within 0.005, the stability index within 2 % or 0.002, and an upper
bound of the Kolmogorov-Smirnov distance that is never violated.

    python benchmarks/drift_accuracy.py [--rows 1000000] [--json accuracy.json]
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import ks_2samp

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells, grouped, numeric_cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.numeric import NumericProfile

ARTIFACTS = Path(__file__).parent.parent / ".artifacts"
KS_GOAL = 0.005
INDEX_GOAL = 0.002
INDEX_SHARE = 0.02
PSEUDOCOUNT = 0.5

Draw = Callable[[np.random.Generator, int, float], Floats]

COLUMNS: dict[str, Draw] = {
    "normal": lambda rng, rows, shift: rng.normal(shift, 1, rows),
    "normal, far shift": lambda rng, rows, shift: rng.normal(10 * shift, 1, rows),
    "lognormal": lambda rng, rows, shift: rng.lognormal(shift, 1, rows),
    "Pareto 1.1": lambda rng, rows, shift: rng.pareto(1.1 + shift, rows),
    "Cauchy": lambda rng, rows, shift: shift + rng.standard_cauchy(rows),
    "zero-inflated": lambda rng, rows, shift: np.where(rng.random(rows) < 0.7 - shift, 0.0, rng.lognormal(0, 1, rows)),
    "ties at 0.1": lambda rng, rows, shift: np.round(rng.normal(shift, 1, rows), 1),
    "30 levels": lambda rng, rows, shift: np.floor(30 * rng.random(rows) ** (1 + shift)),
    "1000 ± 0.01": lambda rng, rows, shift: 1000 + 0.01 * rng.normal(shift, 1, rows),
    "epoch seconds": lambda rng, rows, shift: 1.7e9 + 86_400 * 30 * rng.random(rows) ** (1 + shift),
    "ids near 1e9": lambda rng, rows, shift: 1e9 + np.floor(1e6 * rng.random(rows) ** (1 + shift)),
    "N(0,1) and 1e6 + N(0,1)": lambda rng, rows, shift: rng.choice([0.0, 1e6], rows) + rng.normal(shift, 1, rows),
    "tiny range": lambda rng, rows, shift: 0.3 + 1e-9 * rng.random(rows) ** (1 + shift),
    "bimodal": lambda rng, rows, shift: rng.choice([-1000.0, 1000.0], rows) + rng.normal(shift, 1, rows),
    "constant": lambda _, rows, shift: np.full(rows, 3.3 + 0 * shift),
}


def stability_index(reference: Floats, current: Floats) -> float:
    """Return the population stability index of counts by group."""
    kept = (reference + current) > 0
    shares = [(side[kept] + PSEUDOCOUNT) / (side.sum() + PSEUDOCOUNT * kept.sum()) for side in (reference, current)]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def exact_index(reference: Floats, current: Floats) -> float:
    """Return the index on the reference's exact deciles."""
    ordered = np.sort(reference)
    tops = np.unique(ordered[np.ceil(np.arange(1, 10) * len(ordered) / 10).astype(int) - 1])
    counts = [np.diff(np.concatenate(([0], np.searchsorted(np.sort(side), tops, side="right"), [len(side)]))) for side in (reference, current)]
    return stability_index(*(side.astype(np.float64) for side in counts))


def distance(cells: Cells) -> tuple[float, float]:
    """Return the distance between the cumulative shares, and its upper bound: in a mixed cell either side's rows may all come first."""
    reference, window = cells.reference / cells.present_reference, cells.windows[0] / cells.present[0]
    ends = np.cumsum(window - reference)
    before = np.concatenate(([0.0], ends[:-1]))
    inside = np.maximum(np.abs(before + window), np.abs(before - reference))
    return float(np.abs(ends).max()), float(np.maximum(np.abs(ends), np.where(cells.mixed, inside, 0.0)).max())


def measure(name: str, rows: int, shift: float, seed: int) -> dict[str, Any]:
    """Compare one column: exact and from profiles."""
    rng = np.random.default_rng(seed)
    reference, current = COLUMNS[name](rng, rows, 0.0), COLUMNS[name](rng, rows, shift)
    cells = numeric_cells(NumericProfile.of(reference), [NumericProfile.of(current)])
    ours, bound = distance(cells)
    groups = grouped(cells, 10)
    index, index_exact = stability_index(groups.reference, groups.windows[0]), exact_index(reference, current)
    exact = float(ks_2samp(reference, current, method="asymp").statistic)
    return {
        "column": name,
        "shift": shift,
        "ks_exact": exact,
        "ks": ours,
        "ks_error": abs(ours - exact),
        "ks_bound": bound,
        "psi_exact": index_exact,
        "psi": index,
        "psi_error": abs(index - index_exact),
        "met": abs(ours - exact) <= KS_GOAL and abs(index - index_exact) <= max(INDEX_GOAL, INDEX_SHARE * index_exact) and exact <= bound + 1e-12,
    }


def main() -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path, default=ARTIFACTS / "drift_accuracy.json")
    options = parser.parse_args()
    found = []
    print(f"{'column':26}{'shift':>6}{'KS exact':>11}{'ours':>11}{'error':>10}{'bound':>11}{'PSI exact':>11}{'ours':>11}{'error':>10}  goal")
    for seed, name in enumerate(COLUMNS):
        for shift in (0.0, 0.1):
            row = measure(name, options.rows, shift, seed)
            found.append(row)
            numbers = f"{row['ks_exact']:11.5f}{row['ks']:11.5f}{row['ks_error']:10.1e}{row['ks_bound']:11.5f}"
            indices = f"{row['psi_exact']:11.5f}{row['psi']:11.5f}{row['psi_error']:10.1e}"
            print(f"{name:26}{shift:6.2f}{numbers}{indices}  {'met' if row['met'] else 'FAILED'}", flush=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"rows": options.rows, "columns": found}, indent=1))
    return 0 if all(row["met"] for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
