"""Ground truth: what really happened, and from when it was known."""

import polars as pl

from mlworks_orchestration.data.partitioning import PARTITION
from mlworks_orchestration.data.point_in_time import known_rows
from mlworks_orchestration.errors import DataError
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Catalog, MLModel

LABEL, KNOWN_AT = "label", "known_at"
_SHOWN = 5


def build_labels(model: MLModel, catalog: Catalog, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return what the model should have predicted, and when it was known.

    Where the table has a `known_time`, a label is the last version that was known by the end of its delay, so that it never changes afterwards.

    Parameters:
        model: whose labels.
        catalog: holds the label's feature table.
        outcomes: rows of that table, with `_partition`.

    Returns:
        The model's entity and event time, `label` (float; of a boolean 0 and 1), `known_at` (event time and the label's delay) and `_partition`.
        A null never became known and is left out.

    Raises:
        DeclarationError: if the catalog lacks the label's table.
        DataError: naming the partition, if a label is NaN or infinite, or of a classification neither 0 nor 1.
    """
    table = catalog.table(model.label.table, asked_by=f"Model {model.name}: label")
    event_time = pl.col(table.event_time)
    settled = known_rows(table, outcomes, model.label.delay)
    known = settled.filter(pl.col(model.label.column).is_not_null()).select(
        *model.entity,
        event_time.alias(model.event_time),
        pl.col(model.label.column).cast(pl.Float64).alias(LABEL),
        (event_time + model.label.delay).alias(KNOWN_AT),
        PARTITION,
    )
    _check_finite(model, known)
    if model.classifies:
        _check_classes(model, known)
    return known


def _check_finite(model: MLModel, labels: pl.DataFrame) -> None:
    broken = labels.filter(~pl.col(LABEL).is_finite()).sort(PARTITION, maintain_order=True)
    if broken.height:
        first = broken.row(0, named=True)
        entity = ", ".join(f"{name} {first[name]}" for name in model.entity)
        message = (
            f"Model {model.name}: label {model.label.column!r} of feature table {model.label.table} is NaN or infinite in {broken.height} rows, "
            f"the first ({entity}: {first[LABEL]}) in partition {first[PARTITION]}. Correct the table's source, or make it null where the truth "
            "is not known."
        )
        raise DataError(message)


def _check_classes(model: MLModel, labels: pl.DataFrame) -> None:
    wrong = labels.filter(~pl.col(LABEL).is_in([0.0, 1.0])).sort(PARTITION, maintain_order=True)
    if wrong.height:
        counts = labels.group_by(LABEL).len().sort("len", LABEL, descending=[True, False])
        listed = ", ".join(f"{readable(value, 6)} in {count:,} rows" for value, count in counts.head(_SHOWN).iter_rows())
        more = f" and {counts.height - _SHOWN} other values" if counts.height > _SHOWN else ""
        message = (
            f"Model {model.name}: label {model.label.column!r} of feature table {model.label.table} must be 0 or 1 for task {model.task}, but "
            f"is neither in {wrong.height:,} of {labels.height:,} rows, first in partition {wrong[PARTITION][0]} ({listed}{more}). "
            "Map it to 0 and 1 in the table's transform."
        )
        raise DataError(message)
