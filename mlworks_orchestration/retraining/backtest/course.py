"""The course of a model under one policy: at every step it is scored, labels come in, reports are made, and the real `decide` is asked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.monitoring import require_persistence, window_keys
from mlworks_orchestration.retraining.aftermath import aftermath_of, block_of, due_look
from mlworks_orchestration.retraining.backtest.fits import Fits
from mlworks_orchestration.retraining.backtest.gate import verdict
from mlworks_orchestration.retraining.backtest.reports import Reports
from mlworks_orchestration.retraining.backtest.state import State
from mlworks_orchestration.retraining.decide import decide
from mlworks_orchestration.retraining.evidence import newest_reports, overdue
from mlworks_orchestration.retraining.facts import Aftermath, Evidence, Finding, Promotion, Report
from mlworks_orchestration.retraining.past import Attempt, Decision, Outcome, Rollback
from mlworks_orchestration.retraining.tick import due_again
from mlworks_orchestration.spec import DriftKind, MLModel, TimeWindow
from mlworks_orchestration.training import LABEL, Gain, Verdict, gain_by_blocks


class Course:
    """One policy's course.

    Parameters:
        model: the model's declaration, with the policy in it.
        fits: fitted models, shared by all policies.
        reports: drift reports, likewise; none for a policy that looks at none, of which no alarms are told then.
    """

    def __init__(self, model: MLModel, fits: Fits, reports: Reports | None) -> None:
        self.model, self.state = model, State()
        self._fits, self._reports, self._rows = fits, reports, fits.rows

    def begin(self, moment: datetime) -> None:
        """Train the first model and let the gate judge it.

        Parameters:
            moment: aware.

        Raises:
            NotReadyError: if no label is known by then.
            TrainingError: if it cannot be fitted, or is not better than the best constant.
        """
        ended = self.model.partitions.keys(moment - self.model.label.delay)
        self.state.labelled = dict.fromkeys(key for key in ended if key in self._rows.labelled)
        with clock.replaying(moment):
            judged = self._train(moment)
        self.state.attempts.append(Attempt(moment, None, _outcome(judged), version=judged.challenger))
        if self.state.serving(moment) is None:
            message = f"Model {self.model.name}: the first model may not serve, so there is nothing to backtest. {judged.reason}"
            raise TrainingError(message)

    def step(self, moment: datetime) -> None:
        """Do what production does by a moment.

        Parameters:
            moment: aware, later than that of the step before.
        """
        with clock.replaying(moment):
            self._score(moment)
            self._take_in_labels(moment)
            self._decide(moment)

    def _score(self, moment: datetime) -> None:
        champion, last = self.state.serving(moment), max([*self.state.labelled, *self.state.scored], default="")
        pending = [key for key in self.model.partitions.keys(moment) if key > last and key in self._rows.by_partition]
        if champion is not None and pending:
            self.state.scored |= dict.fromkeys(pending, champion)
            # All at once, for an estimator that is asked day by day takes several times as long.
            self._fits.predictions(self.state.versions[champion - 1], pending)
            self._report(self._unsettled(pending, moment), moment)

    def _unsettled(self, pending: Sequence[str], moment: datetime) -> Sequence[str]:
        """Leave out the first partitions that are reported on again at this very moment, with their labels, unless a later one looks back at them."""
        waiting = [index for index, key in enumerate(pending) if key not in self._rows.labelled or not self._rows.due(key, moment)]
        return pending[max(0, min(waiting, default=len(pending)) - self.model.drift.of + 1) :]

    def _take_in_labels(self, moment: datetime) -> None:
        came = [key for key in self.state.scored if key not in self.state.labelled and key in self._rows.labelled and self._rows.due(key, moment)]
        if came:
            self.state.labelled |= dict.fromkeys(came)
            self._report(came, moment)
            self._look_back(moment)

    def _report(self, partitions: Sequence[str], moment: datetime) -> None:
        """Report on the windows that end with partitions, against the champion of now."""
        if not partitions:
            return
        state, number = self.state, self.state.serving(moment) or 0
        champion, sums, scored_by = state.version(number), [], {}
        for key, members in window_keys(self.model, partitions, list(state.scored)).items():
            window = state.window(members)
            scored_by[key] = tuple(sorted({one.version.number for one in window}))
            sums += [{"_partition": key, **row} for row in self._reports.sums(self.model, champion, window)] if self._reports else []
        require_persistence(sums, self.model.drift, self._earlier(min(partitions)))
        for row in sums:
            state.exceeded.setdefault(row["kind"], {})[row["_partition"]] = None if row["value"] is None else row["value"] > 0
        for key in partitions:
            findings = {DriftKind(row["kind"]): Finding(row["drifted"], row["reason"]) for row in sums if row["_partition"] == key}
            state.reports[key] = Report(key, number, scored_by[key], findings)
        state.news = True

    def _earlier(self, first: str) -> dict[str, dict[str, bool | None]]:
        back = self.model.drift.of - 1
        keys = [key for key in sorted(self.state.reports) if key < first][-back:] if back else []
        return {kind: {key: told[key] for key in keys if key in told} for kind, told in self.state.exceeded.items()}

    def _look_back(self, moment: datetime) -> None:
        """Compare champion and predecessor where a look is due."""
        promoted = self.state.promotion(moment)
        if promoted is None or promoted.previous is None:
            return
        begun = [key for key in self.state.scored if key in self.state.labelled and self.model.partitions.window(key).start >= promoted.at]
        look = due_look(self.model, len({block_of(self.model, key) for key in begun}))
        done = [number for number, found in self.state.looks if found.champion == promoted.version and found.gain is not None]
        if look is None or look.number in done:
            return
        found = self._compare(promoted, begun, look.tail)
        if not found.reason or found.reason not in [other.reason for _, other in self.state.looks if other.champion == promoted.version]:
            self.state.looks.append((look.number, found))
            self.state.news = True

    def _compare(self, promoted: Promotion, keys: Sequence[str], tail: float) -> Aftermath:
        ours, other = (self.state.versions[number - 1] for number in (promoted.version, promoted.previous or 0))
        served = [key for key in keys if self.state.scored[key] == promoted.version]
        frames = [
            self._rows.of([key]).select(
                pl.lit(block_of(self.model, key)).alias("block"), LABEL, pl.Series("prediction", mine), pl.Series("other", theirs)
            )
            for key, mine, theirs in zip(served, self._fits.predictions(ours, served), self._fits.predictions(other, served), strict=True)
        ]
        rows = pl.concat(frames).filter(pl.col(LABEL).is_not_null())
        gain: Gain | None = None
        reason = ""
        try:
            gain = gain_by_blocks(self.model, rows, tail, scale=ours.scale)
        except TrainingError as error:
            reason = str(error)
        return aftermath_of(self.model, promoted, max(keys), (rows["block"].n_unique(), rows.height), gain, tail, reason)

    def _decide(self, moment: datetime) -> None:
        state = self.state
        if not state.news and not (state.due and moment >= state.due):
            return
        history, evidence = state.history(), self._evidence(moment)
        told = decide(evidence, self.model.retraining, history, moment, self.model.gate)
        state.news, state.due = False, due_again(self.model, history, told, moment)
        state.decisions.append((moment, told))
        if told.action == "retrain":
            self._retrain(moment, evidence, told)
        elif told.action == "rollback" and evidence.champion is not None and told.to is not None and told.run_key:
            state.rollbacks.append(Rollback(moment, evidence.champion, told.to, told.run_key))
            state.roll_back(evidence.champion, told.to, moment)

    def _evidence(self, moment: datetime) -> Evidence:
        state, model = self.state, self.model
        promoted = state.promotion(moment)
        looks = [found for _, found in state.looks if promoted and (found.champion, found.previous) == (promoted.version, promoted.previous)]
        reported, until = sorted(state.reports), state.verdicts[-1].holdout.end
        return Evidence(
            model=model.name,
            champion=state.serving(moment),
            reports=tuple(state.reports[key] for key in newest_reports(model, reported, moment)),
            new_rows=self._rows.known(TimeWindow(until, max(until, moment)), moment).height,
            promotion=promoted,
            aftermath=looks[-1] if looks else None,
            overdue=overdue(model, reported, list(state.labelled), moment),
        )

    def _retrain(self, moment: datetime, evidence: Evidence, told: Decision) -> None:
        reports = [report.partition for report in evidence.reports if report.reference_version == evidence.champion]
        asked = Attempt(
            at=moment,
            champion=evidence.champion,
            run_key=told.run_key,
            episode=told.episode.began if told.episode else None,
            latest_report=max(reports, default=None),
            kinds=told.kinds,
            trigger=told.trigger,
            new_rows=evidence.new_rows,
        )
        try:
            judged = self._train(moment)
        except TrainingError:
            # As a run that fails in production: the retraining is asked for, and nothing comes of it.
            self.state.attempts.append(asked)
            return
        self.state.attempts.append(replace(asked, outcome=_outcome(judged), version=judged.challenger))

    def _train(self, moment: datetime) -> Verdict:
        """Fit, test and judge a version, and let it serve if it may."""
        champion = self.state.serving(moment)
        fit, cut = self._fits.at(self.model, moment)
        versions = [*self.state.versions, fit]
        judged = verdict(self._rows.catalog, self.model, versions, champion, cut, known=self._fits.obstacles)
        self.state.versions.append(fit)
        self.state.verdicts.append(judged)
        if judged.promoted:
            self.state.promote(judged.challenger, moment, "gate")
        return judged


def _outcome(judged: Verdict) -> Outcome:
    return Outcome.PROMOTED if judged.promoted else Outcome.REJECTED
