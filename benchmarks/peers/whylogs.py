"""whylogs: a profile of either side, and the drift scores between them (KS on its quantile sketch, chi-squared) with their default thresholds."""

from typing import Any

import whylogs
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

from peers.measure import Verdict, main


def compare(reference: Any, current: Any) -> Verdict:  # noqa: ANN401 - pandas frames
    """Profile both sides and count the columns in the category DRIFT; any of them is an alarm."""
    before, after = (whylogs.log(pandas=frame).view() for frame in (reference, current))
    scores = calculate_drift_scores(target_view=after, reference_view=before, with_thresholds=True)
    drifted = sum(score is not None and score["drift_category"] == "DRIFT" for score in scores.values())
    return Verdict(drifted, {"any_column": drifted > 0})


if __name__ == "__main__":
    main("whylogs", compare)
