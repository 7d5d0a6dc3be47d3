"""All that the generated files say, found out from a data file."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from mlworks_orchestration.onboarding.columns import Kept
from mlworks_orchestration.onboarding.cutting import Cut
from mlworks_orchestration.onboarding.reading import Table, extremes
from mlworks_orchestration.onboarding.request import Request
from mlworks_orchestration.onboarding.series import Forecasting
from mlworks_orchestration.spec import ColumnType, format_duration

_MOST_SLICED = 12


@dataclass(frozen=True)
class Profile:
    """A data file, understood.

    Parameters:
        request: what was asked for.
        table: the data.
        time: the declared name of the event time.
        time_given: the file's name of it.
        time_expression: text of the polars expression that makes UTC timestamps of it.
        times: event times, in the file's order.
        keys: the columns that identify a row beside the time; empty where rows are numbered.
        row_id: the name of the row number; empty where there is none.
        features: the columns that the model gets.
        calendar: features taken from the time, by name.
        left_out: why the other columns are not used.
        label: what is predicted; none for a feature table.
        label_expression: text of the polars expression that makes it of the column; empty if it is that.
        task: of the model.
        cut: partitions and windows.
        delay: until the label is known.
        forecasting: what a forecast is made from; none for other tasks.
    """

    request: Request
    table: Table
    time: str
    time_given: str
    time_expression: str
    times: pl.Series
    keys: list[Kept]
    row_id: str
    features: list[Kept]
    calendar: dict[str, str]
    left_out: dict[str, str]
    label: Kept | None
    label_expression: str
    task: str
    cut: Cut
    delay: timedelta
    forecasting: Forecasting | None = None

    @property
    def entity(self) -> list[str]:
        """The declared names of what identifies a row beside the time."""
        alone = self.forecasting.alone if self.forecasting else ""
        return [alone or self.row_id] if alone or self.row_id else [key.name for key in self.keys]

    @property
    def categories(self) -> list[str]:
        """The features that are texts."""
        return [column.name for column in self.features if column.type is ColumnType.STRING]

    @property
    def texts(self) -> list[Kept]:
        """The features that are read as words."""
        return [column for column in self.features if column.type is ColumnType.TEXT]

    @property
    def numbers(self) -> list[str]:
        """The features that are numbers or truth values, without those of the calendar."""
        found = [column.name for column in self.features if column.type not in {ColumnType.STRING, ColumnType.TEXT}]
        return found + (list(dict.fromkeys([self.forecasting.last, self.forecasting.naive])) if self.forecasting else [])

    @property
    def slices(self) -> list[str]:
        """Up to two features whose values are few enough to measure the model on each."""
        few = [column.name for column in self.features if column.type is ColumnType.STRING and 1 < column.values.n_unique() <= _MOST_SLICED]
        return few[:2]

    def summary(self) -> list[tuple[str, str]]:
        """Return what was found out, as name and words."""
        cut, (first, last) = self.cut, extremes(self.times)
        every = f"by the {cut.partitions.every} from {cut.partitions.start} to {cut.partitions.end}, some {cut.rows:,} rows each"
        found = [
            ("data", f"{self.table.path.name}: {self.table.rows.height:,} rows, {self.table.rows.width:,} columns"),
            ("time", f"{self.time}, {first:%Y-%m-%d} to {last:%Y-%m-%d}"),
            ("entity", f"{', '.join(self.entity)}{' (the number of the row in the file)' if self.row_id else ''}"),
            ("partitions", every + (f"; {cut.empty} are empty" if cut.empty else "")),
            *([("older", f"{cut.older:,} rows before {cut.partitions.start} are left alone; for them, set an earlier start")] if cut.older else []),
        ]
        if self.label is not None:
            found += [
                ("label", f"{self.label.name}, {self.task}, known {format_duration(self.delay)} after the time"),
                ("training", f"window {format_duration(cut.window)}, holdout {format_duration(cut.holdout)}"),
                ("drift", f"window {format_duration(cut.drift_window)}"),
            ]
        if self.forecasting:
            found.append(("naive forecast", self.forecasting.naive))
        found.append(("features", ", ".join([*self.categories, *(column.name for column in self.texts), *self.numbers, *self.calendar])))
        return found + [("left out", f"{name!r}: {why}") for name, why in self.left_out.items()]
