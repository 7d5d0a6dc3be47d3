"""Policies that can never fire, or that fire all the time, told with numbers."""

from collections.abc import Iterator
from datetime import timedelta

from mlworks_orchestration.data import Lake
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.retraining.case import YEAR
from mlworks_orchestration.spec import DriftKind, MLModel, format_duration

_DAY = timedelta(days=1)
_FEWEST_HELD_OUT = 20
_RECENT = 7


def label_rate(lake: Lake, model: MLModel) -> float | None:
    """Return how many labelled rows come a day, by the newest partitions of labels; None before there are any.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
    """
    keys = lake.partitions(f"{model.name}/labels")[-_RECENT:]
    if not keys:
        return None
    rows = lake.read(f"{model.name}/labels", columns=[model.event_time], partitions=keys).height
    return rows / (sum((window.end - window.start for window in map(model.partitions.window, keys)), timedelta()) / _DAY)


def policy_warnings(model: MLModel, rows_a_day: float | None) -> list[str]:
    """Return what the declared policy can never do, or does all the time.

    Parameters:
        model: the model's declaration.
        rows_a_day: labelled rows that come a day; none if that is not known yet.
    """
    found = [*_pace(model), *_false_alarms(model)]
    return found if rows_a_day is None else [*found, *_rows(model, rows_a_day)]


def _pace(model: MLModel) -> Iterator[str]:
    policy, budget = model.retraining, model.retraining.budget_per_year
    if budget == 0:
        asked = " The schedule and new rows ask in vain." if policy.every or policy.new_rows else ""
        yield f"budget_per_year is 0, so the model is never retrained by itself; drift that lasts calls a person.{asked}"
        return
    if policy.cooldown >= YEAR and budget > 1:
        slow = f"cooldown {format_duration(policy.cooldown)} lets one retraining in {policy.cooldown.days} days"
        yield f"{slow}, so budget_per_year {budget} is never used."
    if policy.every and policy.every < policy.cooldown:
        yield f"every {format_duration(policy.every)} cannot be kept: cooldown {format_duration(policy.cooldown)} puts each training off."
    paced = max(policy.every, policy.cooldown) if policy.every else None
    if paced and (budget + 1) * paced <= YEAR:
        spent = (budget * paced).days
        yield (
            f"A training every {format_duration(paced)} is {YEAR / paced:.0f} a year and spends budget_per_year {budget} in {spent} days, "
            "after which drift can only call a person."
        )


def _false_alarms(model: MLModel) -> Iterator[str]:
    policy, alarms = model.retraining, model.drift.false_alarms_per_year * len(model.retraining.kinds) / len(DriftKind)
    window, length = model.drift.window, _length(model)
    # A false alarm of a window that spans many partitions is found again in the next ones, so it lasts by itself.
    if 0 < policy.budget_per_year <= alarms and window >= policy.violations * length:
        yield (
            f"drift.false_alarms_per_year {model.drift.false_alarms_per_year:g} lets the kinds {', '.join(policy.kinds)} raise {readable(alarms, 3)} "
            f"false alarms a year, and one lasts as long as its window of {format_duration(window)}: they alone can spend budget_per_year "
            f"{policy.budget_per_year}."
        )


def _rows(model: MLModel, rows_a_day: float) -> Iterator[str]:
    policy = model.retraining
    held_out, in_window = rows_a_day * (policy.holdout / _DAY), rows_a_day * (policy.window / _DAY)
    coming = f"{readable(rows_a_day, 3)} labelled rows come a day"
    if held_out < _FEWEST_HELD_OUT:
        holds = f"holdout {format_duration(policy.holdout)} holds about {held_out:.0f}"
        yield f"{coming}, so {holds}; the gate promotes nothing on fewer than {_FEWEST_HELD_OUT}."
    if policy.min_new_rows > in_window:
        needed = f"{policy.min_new_rows / rows_a_day:,.0f} days" if rows_a_day else "for ever"
        yield (
            f"{coming}, so min_new_rows {policy.min_new_rows:,} take {needed}; "
            f"a window of {format_duration(policy.window)} holds about {in_window:,.0f}."
        )
    if not policy.new_rows or not rows_a_day or not policy.budget_per_year:
        return
    asked = policy.new_rows / rows_a_day
    each = max(asked, policy.cooldown / _DAY)
    if each * policy.budget_per_year < YEAR / _DAY:
        yield (
            f"{coming}, so new_rows {policy.new_rows:,} ask for a training every {readable(asked, 3)} days; with the cooldown that is one every "
            f"{readable(each, 3)} days, and budget_per_year {policy.budget_per_year} is spent in {each * policy.budget_per_year:.0f}."
        )


def _length(model: MLModel) -> timedelta:
    return {"hour": timedelta(hours=1), "day": _DAY, "week": timedelta(weeks=1), "month": timedelta(days=31)}[model.partitions.every]
