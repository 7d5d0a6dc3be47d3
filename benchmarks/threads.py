"""What a second thread costs a fit, by the processor and by the clock: gradient-boosted trees of 12 features on one thread and on two.

Claim: up to `LITTLE` cells one thread takes at most 0.8 of the processor's time of two, and at most 1.4 of the clock's.
`python benchmarks/threads.py`. Writes `.artifacts/threads.json`; exit code 1 when the claim does not hold.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from mlworks_orchestration.threads import LITTLE

ROOT = Path(__file__).parent.parent
FEATURES = 12
ROWS = (1_000, 10_000, LITTLE // FEATURES, 100_000, 200_000, 1_000_000)
ROUNDS = 5
CLAIM = (0.8, 1.4)


def seconds(rows: int, threads: int) -> tuple[float, float]:
    """Return the processor's and the clock's seconds of a fit."""
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=(rows, FEATURES))
    labels = 2 * matrix[:, 0] + np.sin(matrix[:, 1]) + generator.normal(size=rows)
    model = HistGradientBoostingRegressor(loss="absolute_error", max_iter=60, max_leaf_nodes=15, early_stopping=False, random_state=0)
    with threadpool_limits(threads):
        processor, clock = time.process_time(), time.perf_counter()
        model.fit(matrix, labels)
        return time.process_time() - processor, time.perf_counter() - clock


def main() -> int:
    """Measure both in turn, and print their ratios."""
    found, holds = [], True
    seconds(1_000, 2)
    for rows in ROWS:
        rounds = np.array([[seconds(rows, 1), seconds(rows, 2)] for _ in range(ROUNDS)])
        processor, clock = (float(ratio) for ratio in np.median(rounds[:, 0] / rounds[:, 1], axis=0))
        little = rows * FEATURES <= LITTLE
        holds = holds and (not little or (processor <= CLAIM[0] and clock <= CLAIM[1]))
        found.append({"rows": rows, "cells": rows * FEATURES, "one_thread": little, "processor": processor, "clock": clock})
        used = "one thread" if little else "all cores"
        print(f"{rows:>9,} rows ({used}): one thread takes {processor:.2f} of the processor's time of two, and {clock:.2f} of the clock's")
    (ROOT / ".artifacts").mkdir(exist_ok=True)
    (ROOT / ".artifacts" / "threads.json").write_text(json.dumps(found, indent=2))
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
