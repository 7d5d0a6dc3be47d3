"""The prediction stays when a column changes that must not matter (metamorphic testing; Ribeiro et al. 2020, CheckList)."""

import numpy as np

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Invariance
from mlworks_orchestration.training.model_tests.changed import shuffled, with_value
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register, too_few
from mlworks_orchestration.training.model_tests.subject import Subject

# Sums of floats in another order differ by less.
_ROUNDING = 1e-9


def invariance(subject: Subject, test: Invariance) -> Finding:
    """Change a column, to the declared value or by dealing out its values anew, and count the rows whose prediction stays.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    rows = subject.rows
    if rows.height < test.min_rows:
        return too_few(rows.height, test.min_rows)
    changed = shuffled(rows, test.column, subject.generator(test.title)) if test.becomes is None else with_value(rows, test.column, test.becomes)
    touched = ~rows[test.column].eq_missing(changed[test.column]).to_numpy()
    if not touched.any():
        return Finding("inconclusive", f"{test.column} is {rows[test.column][0]!r} in every row, so changing it changes nothing.", rows=0)
    moved = np.abs(subject.predict(changed) - subject.predicted)[touched]
    stays = float(np.mean(moved <= test.tolerance + _ROUNDING))
    change = "shuffled" if test.becomes is None else f"set to {test.becomes!r}"
    words = (
        f"With {test.column} {change}, the prediction of {stays:.2%} of {moved.size:,} rows "
        f"stays within {readable(test.tolerance, 6)}; {test.share:.2%} is asked for. It moves by {readable(moved.max())} at most."
    )
    return Finding("passed" if stays >= test.share else "failed", words, stays, limit=test.share, rows=moved.size, metric="share of rows that stay")


INVARIANCE = register(Kind("invariance", "The prediction stays when a column changes that must not matter.", invariance))
