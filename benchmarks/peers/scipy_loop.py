"""A loop over the columns with scipy, as one would write it: KS, Wasserstein distance and PSI for numbers, chi-squared for categories."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from peers.measure import Verdict, main

SIGNIFICANCE = 0.05


def compare(reference: Any, current: Any) -> Verdict:  # noqa: ANN401 - pandas frames
    """Test every column at 5 %, without and with Bonferroni's correction for their number."""
    p_values = np.array(list(_p_values(reference, current)))
    alarms = {"any_column": p_values.min() < SIGNIFICANCE, "bonferroni": p_values.min() < SIGNIFICANCE / p_values.size}
    return Verdict(int((p_values < SIGNIFICANCE).sum()), {reading: bool(alarmed) for reading, alarmed in alarms.items()})


def _p_values(reference: Any, current: Any) -> Iterator[float]:  # noqa: ANN401
    for name in reference.columns:
        before, after = reference[name].dropna(), current[name].dropna()
        if before.dtype.kind in "iuf":
            stats.wasserstein_distance(before, after)
            psi(before.to_numpy(), after.to_numpy())
            yield float(stats.ks_2samp(before, after).pvalue)
        else:
            table = pd.concat([before.value_counts(), after.value_counts()], axis=1).fillna(0)
            yield float(stats.chi2_contingency(table.to_numpy().T).pvalue) if len(table) > 1 else 1.0


def psi(before: Any, after: Any) -> float:  # noqa: ANN401 - numpy arrays
    """Return the population stability index over the tenths of `before`."""
    edges = np.unique(np.quantile(before, np.linspace(0, 1, 11)[1:-1]))
    shares = [np.bincount(np.searchsorted(edges, values), minlength=edges.size + 1) / values.size for values in (before, after)]
    p, q = (np.maximum(share, 1e-6) for share in shares)
    return float(((q - p) * np.log(q / p)).sum())


if __name__ == "__main__":
    main("scipy", compare)
