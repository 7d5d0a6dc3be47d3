"""Tuning: hyperparameters are searched before the fit, on training rows alone, each trial a nested MLflow run."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Choices, Interval, MLModel, Tune, format_duration
from mlworks_orchestration.training.estimator import build_estimator, fit_estimator
from mlworks_orchestration.training.matrix import design_matrix
from mlworks_orchestration.training.measure import Measure
from mlworks_orchestration.training.metrics import evaluate
from mlworks_orchestration.training.predictor import predictions
from mlworks_orchestration.training.snapshot import LABEL
from mlworks_orchestration.training.trials import Past, Trials
from mlworks_orchestration.training.wording import in_short

if TYPE_CHECKING:
    import optuna

Parameters = Mapping[str, Any]

_log = logging.getLogger("mlworks_orchestration.progress")


def tuned(model: MLModel, build: Any, train: pl.DataFrame, measure: Measure, trials: Trials) -> MLModel:  # noqa: ANN401 - a user's function
    """Return the declaration with the best hyperparameters that were found; as it is where nothing is to be tuned.

    The training rows are cut in time: a trial is fitted on the earlier ones and measured by the primary metric on the last `tune.holdout`. The
    rows on which the gate compares are not touched. Hyperparameters are proposed by Optuna's tree-structured Parzen estimator (Bergstra et al.
    2011, Algorithms for Hyper-Parameter Optimization, section 4); the first trial is of the declared ones, so the search does not end below
    them. A trial that fails is recorded as failed, and the search goes on.

    Stopped at any point, the search on the same snapshot goes on from the trials that MLflow has, and their time counts.

    Parameters:
        model: the model's declaration.
        build: the function that `estimator` names.
        train: the training rows, with features, label and event time.
        measure: how predictions are measured.
        trials: where they are recorded.

    Raises:
        TrainingError: if there are too few rows to compare on, or if every trial failed.
        TrackingError: if MLflow does not answer.
    """
    if model.tune is None:
        return model
    past = trials.past()
    search = _Search(model, model.tune, build, *_cut(model, model.tune, train), measure)
    study = search.study(past)
    deadline = time.monotonic() + model.tune.time_limit.total_seconds() - sum(each.seconds for each in past)
    reasons = [each.reason for each in past if each.reason]
    for number in range(len(past), model.tune.trials):
        if number and time.monotonic() >= deadline:
            break
        if reason := search.attempt(study, trials, number):
            reasons.append(reason)
        _log.info("%s: %s", model.name, _progress(model, model.tune, study, number + 1))
    if len(reasons) == len(study.trials):
        message = f"Model {model.name}: each of {len(reasons)} trials of tuning failed, the last one so: {reasons[-1]}"
        raise TrainingError(message)
    trials.conclude(study.best_value, len(study.trials))
    return with_parameters(model, study.best_params)


def with_parameters(model: MLModel, parameters: Parameters) -> MLModel:
    """Return the declaration with some hyperparameters replaced.

    Parameters:
        model: the model's declaration.
        parameters: by name.
    """
    return model.model_copy(update={"hyperparameters": {**model.hyperparameters, **parameters}})


@dataclass(frozen=True)
class _Search:
    """What every trial does: fit on the earlier training rows, measure on the later ones."""

    model: MLModel
    tune: Tune
    build: Any
    early: pl.DataFrame
    late: pl.DataFrame
    measure: Measure

    def study(self, past: Sequence[Past]) -> "optuna.Study":
        import optuna  # noqa: PLC0415 - only a model that is tuned pays for it

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        direction = "minimize" if self.model.primary_metric.lower_is_better else "maximize"
        # A search that goes on has another seed than the first one, whose proposals it would repeat.
        study = optuna.create_study(direction=direction, sampler=optuna.samplers.TPESampler(seed=self.model.seed + len(past)))
        for each in past:
            state = optuna.trial.TrialState.FAIL if each.value is None else optuna.trial.TrialState.COMPLETE
            made = optuna.create_trial(params=dict(each.parameters), distributions=_distributions(self.tune), value=each.value, state=state)
            study.add_trial(made)
        if not past:
            study.enqueue_trial({name: value for name, value in self.model.hyperparameters.items() if name in self.tune.search})
        return study

    def attempt(self, study: "optuna.Study", trials: Trials, number: int) -> str:
        """Do one trial and return why it failed; nothing if it did not."""
        from optuna.trial import TrialState  # noqa: PLC0415

        trial = study.ask(_distributions(self.tune))
        with trials.record(number, trial.params) as recorded:
            try:
                recorded.value = self.value(trial.params)
            except TrainingError as error:
                recorded.reason = in_short(error)
        study.tell(trial, recorded.value, state=TrialState.FAIL if recorded.value is None else TrialState.COMPLETE)
        return recorded.reason

    def value(self, parameters: Parameters) -> float:
        """Return the primary metric of these hyperparameters."""
        tried = with_parameters(self.model, parameters)
        columns, who = tuple(tried.feature_columns), f"Model {tried.name}"
        estimator = build_estimator(tried, self.build)
        fit_estimator(tried, estimator, design_matrix(self.early, columns, asked_by=who), self.early[LABEL].to_numpy())
        name = tried.metrics.primary
        found = evaluate(self.measure, [name], self.late[LABEL].to_numpy(), predictions(estimator, self.late, columns, who))[name]
        if not np.isfinite(found):
            message = f"{who}: {name} is not defined on the {self.late.height:,} rows that trials are compared on; make tune.holdout longer."
            raise TrainingError(message)
        return found


def _cut(model: MLModel, tune: Tune, train: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the earlier and the later training rows."""
    length = tune.holdout or model.retraining.holdout
    moment = pl.col(model.event_time)
    late = moment > moment.max() - length
    early, last = train.filter(~late), train.filter(late)
    if early.is_empty():
        message = (
            f"Model {model.name}: none of {train.height:,} training rows is older than the last {format_duration(length)}, on which trials are "
            "compared; make tune.holdout shorter or retraining.window longer."
        )
        raise TrainingError(message)
    return early, last


def _distributions(tune: Tune) -> dict[str, Any]:
    return {name: _distribution(searched) for name, searched in tune.search.items()}


def _distribution(searched: Interval | Choices) -> Any:  # noqa: ANN401 - Optuna's, of which there are several
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution  # noqa: PLC0415

    if isinstance(searched, Choices):
        return CategoricalDistribution(searched.choices)
    if isinstance(searched.low, int) and isinstance(searched.high, int):
        return IntDistribution(searched.low, searched.high, log=searched.log)
    return FloatDistribution(searched.low, searched.high, log=searched.log)


def _progress(model: MLModel, tune: Tune, study: "optuna.Study", done: int) -> str:
    worked = any(trial.value is not None for trial in study.trials)
    best = f"best {model.metrics.primary} {readable(study.best_value)}" if worked else "none has worked yet"
    return f"trial {done} of {tune.trials}, {best}"
