"""What kind of prediction a label asks for."""

import polars as pl

from mlworks_orchestration.errors import DataError, DeclarationError, nearest
from mlworks_orchestration.onboarding.reading import Table, check_not_mixed
from mlworks_orchestration.onboarding.request import Request, UndecidedError, near
from mlworks_orchestration.spec import METRICS

METRICS_OF: dict[str, tuple[str, list[str]]] = {"regression": ("mae", ["rmse", "r2"])}
"""The metrics that are declared for a task that can be begun from a file: the primary, and others."""


def label_column(table: Table, request: Request) -> pl.Series:
    """Return the values of the label.

    Parameters:
        table: the data.
        request: names the label.

    Raises:
        UndecidedError: if it is not named.
        DataError: if there is no such column, or it says nothing that can be learned.
    """
    columns = table.rows.columns
    if not request.label:
        message = f"Which column is to be predicted? Pass --label COLUMN; {near('label', columns)}."
        raise UndecidedError(message, field="label", choices=columns)
    if request.label not in columns:
        message = f"{table.path} has no column {request.label!r} for --label; {near(request.label, columns)}."
        raise DataError(message)
    check_not_mixed(table, request.label, always=True)
    label = table.rows[request.label]
    if label.null_count() == len(label):
        message = f"Column {request.label!r} of {table.path} never has a value, so there is nothing to learn from. Name another one with --label."
        raise DataError(message)
    if label.n_unique() - bool(label.null_count()) == 1:
        message = (
            f"Column {request.label!r} of {table.path} is {label.drop_nulls()[0]!r} in every row: one class only, nothing to tell apart. "
            "Get rows of the others too, or name another column with --label."
        )
        raise DataError(message)
    return label


def task_of(label: pl.Series, request: Request) -> str:
    """Return the task, as it was asked for or as the label has it.

    Parameters:
        label: its values.
        request: may name the task.

    Raises:
        DeclarationError: if there is no such task.
        DataError: if the label is neither a number nor a yes or no.
    """
    if request.task and request.task not in METRICS_OF:
        reason = " has to be declared by hand: see docs/declare.md" if request.task in METRICS else " is none"
        message = f"Task {request.task!r}{reason}; {nearest(request.task, METRICS_OF)}."
        raise DeclarationError(message)
    if not (label.dtype.is_numeric() or label.dtype == pl.Boolean()):
        values = label.drop_nulls().unique(maintain_order=True).head(3).to_list()
        message = (
            f"Label {label.name!r} is a {label.dtype} with values such as {', '.join(map(repr, values))}; a number is needed, or 0 and 1. "
            "Write the column so, or name another one with --label."
        )
        raise DataError(message)
    return request.task or "regression"
