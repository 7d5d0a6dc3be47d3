"""NannyML: univariate drift with its default thresholds, three standard deviations of the reference's own chunks."""

import statistics
from collections.abc import Iterable
from typing import Any

import pandas as pd
from nannyml import UnivariateDriftCalculator

from peers.measure import Verdict, main

METHODS = {"continuous_methods": ["kolmogorov_smirnov", "jensen_shannon", "wasserstein"], "categorical_methods": ["chi2", "jensen_shannon"]}
"""The four methods that the speed is measured with; the alarms are those of the default, Jensen-Shannon alone, and of all four."""


def compare(reference: Any, current: Any) -> Verdict:  # noqa: ANN401 - pandas frames
    """Fit all four methods on the reference and calculate them on the current rows, in the default ten chunks."""
    calculator = UnivariateDriftCalculator(column_names=list(reference.columns), **METHODS).fit(reference)
    alerts = _alerts(calculator.calculate(current))
    columns = {column[0] for column in alerts.columns[alerts.any()]}
    return Verdict(len(columns), {"any_column": bool(columns)})


def compare_all(reference: Any, windows: Iterable[Any]) -> Iterable[Verdict]:  # noqa: ANN401
    """Make every window one chunk, and chunks of the reference as long as the median window, by giving each chunk a day of its own."""
    frames = list(windows)
    rows = round(statistics.median(len(frame) for frame in frames))
    reference = reference.assign(day_=pd.Timestamp("2001-01-01") + pd.to_timedelta(pd.RangeIndex(len(reference)) // rows, unit="D"))
    current = pd.concat([frame.assign(day_=pd.Timestamp("2021-01-01") + pd.Timedelta(days=number)) for number, frame in enumerate(frames)])
    found = {}
    for reading, methods in {"any_column": {}, "four_methods": METHODS}.items():
        columns = [name for name in reference.columns if name != "day_"]
        calculator = UnivariateDriftCalculator(column_names=columns, timestamp_column_name="day_", chunk_period="D", **methods)
        found[reading] = _alerts(calculator.fit(reference).calculate(current.reset_index(drop=True)))
    for number in range(len(frames)):
        drifted = {reading: alerts.columns[alerts.iloc[number].to_numpy(dtype=bool)] for reading, alerts in found.items()}
        yield Verdict(len({column[0] for column in drifted["any_column"]}), {reading: len(columns) > 0 for reading, columns in drifted.items()})


def _alerts(result: Any) -> Any:  # noqa: ANN401 - a frame: a row a chunk of the analysis, a column a feature and method
    table = result.filter(period="analysis").to_df()
    return table.loc[:, [column for column in table.columns if column[-1] == "alert"]]


if __name__ == "__main__":
    main("nannyml", compare, compare_all)
