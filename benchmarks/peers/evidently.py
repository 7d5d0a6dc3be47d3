"""Evidently: `DataDriftPreset` with its defaults."""

from typing import Any

from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from peers.measure import Verdict, main


def compare(reference: Any, current: Any) -> Verdict:  # noqa: ANN401 - pandas frames of the peer's own pandas
    """Run the preset; it calls the dataset drifted when at least half of the columns are, its own default."""
    text = [name for name in reference.columns if not _is_number(reference[name])]
    definition = DataDefinition(numerical_columns=[name for name in reference.columns if name not in text], categorical_columns=text)
    datasets = [Dataset.from_pandas(frame, data_definition=definition) for frame in (current, reference)]
    found = Report([DataDriftPreset()]).run(*datasets).dict()
    counted = found["metrics"][0]
    drifted = int(counted["value"]["count"])
    return Verdict(drifted, {"dataset": counted["value"]["share"] >= counted["config"]["drift_share"], "any_column": drifted > 0})


def _is_number(column: Any) -> bool:  # noqa: ANN401
    return bool(column.dtype.kind in "iuf")


if __name__ == "__main__":
    main("evidently", compare)
