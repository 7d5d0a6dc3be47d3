"""Where a replay's clock stops."""

from datetime import UTC, datetime, timedelta

from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.spec.model import MLModel
from mlworks_orchestration.spec.partitions import TimeWindow

WEEK = timedelta(weeks=1)
_MIDNIGHT = datetime.min.time()


def moments_of_replay(model: MLModel, until: datetime | None) -> list[datetime]:
    """Return the moments of a replay: the first training, then steps of a week or of a partition, whichever is longer, and the end.

    Parameters:
        model: the model's declaration.
        until: where to stop; by default when the last label has arrived.

    Raises:
        NotReadyError: if the declaration has no end, so that there is no history to replay, or if it ends before the first training.
    """
    partitions = model.partitions
    if partitions.end is None and until is None:
        message = f"Model {model.name} has no partitions.end; tell `mlworks replay` how far to go with --until."
        raise NotReadyError(message)
    last_label = datetime.combine(partitions.end, _MIDNIGHT, partitions.zone) + model.label.delay if partitions.end else None
    stop = min(moment.astimezone(UTC) for moment in (until, last_label) if moment)
    first = first_training(model)
    if stop < first.astimezone(UTC):
        message = (
            f"Model {model.name}: {stop:%Y-%m-%d} is before the first training window has passed and its labels are known ({first:%Y-%m-%d}); "
            "give a later --until, or shorten retraining.window."
        )
        raise NotReadyError(message)
    return [*(_by_partition if partitions.every in {"week", "month"} else _by_week)(model, first, stop), stop]


def step_of_replay(model: MLModel) -> str:
    """Return how long a step of a replay is, in a word: `month` where partitions are months, else `week`.

    Parameters:
        model: the model's declaration.
    """
    return "month" if model.partitions.every == "month" else "week"


def first_training(model: MLModel) -> datetime:
    """Return when a replay trains first, in local time: when a whole training window has passed and its labels are known.

    Labels that are known within a week are not waited for: the last days of the first window go without theirs.

    Parameters:
        model: the model's declaration.
    """
    start = datetime.combine(model.partitions.start, _MIDNIGHT, model.partitions.zone)
    return start + model.retraining.window + (model.label.delay if model.label.delay > WEEK else timedelta())


def _by_week(model: MLModel, first: datetime, stop: datetime) -> list[datetime]:
    del model
    found = []
    while first.astimezone(UTC) < stop:
        found.append(first.astimezone(UTC))
        first += WEEK
    return found


def _by_partition(model: MLModel, first: datetime, stop: datetime) -> list[datetime]:
    """Return the ends of partitions, also of those that have no data any more but bring labels."""
    keys = model.partitions.keys_within(TimeWindow(first.astimezone(UTC), stop))
    return [start for key in keys if first <= (start := model.partitions.window(key).start) < stop]
