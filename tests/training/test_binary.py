"""A model of a yes or no from snapshot to verdict: what is fitted, stored, predicted, judged and reproduced is the probability of yes."""

from dataclasses import replace

import polars as pl
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, build_labels
from mlworks_orchestration.errors import DataError, TrainingError
from mlworks_orchestration.spec import Catalog, Metrics, MLModel
from mlworks_orchestration.training import cross_predict, load_snapshot, reproduce, run_gate
from tests.training.trips import Deployment, day, feature_table, trips

DECLARED = {"task": "binary", "metrics": {"primary": "pr_auc", "also": ["roc_auc", "f1", "log_loss"]}, "hyperparameters": {}}


def late_trips(fresh: Deployment, estimator: str = "classifier", **changes: object) -> Deployment:
    """Return the deployment with a model of whether a trip is late."""
    model = MLModel.model_validate(
        fresh.model.model_dump()
        | DECLARED
        | {"label": {"table": "late", "column": "late", "delay": "1d"}}
        | changes
        | {"estimator": f"tests.training.estimators:{estimator}"}
    )
    catalog = Catalog.of([fresh.catalog.tables["trips"], feature_table("late", {"late": "boolean"})], [model])
    rows = trips().with_columns((pl.col("delay") > 8).alias("late")).select("trip_id", "starts_at", "late", PARTITION)
    keys = rows[PARTITION].unique().sort().to_list()
    fresh.lake.write("features/late", rows, partitions=keys)
    fresh.lake.write("trip_delay/labels", build_labels(model, catalog, rows), partitions=keys)
    return replace(fresh, catalog=catalog, model=model)


def test_the_logged_metrics_are_those_of_the_probability_of_one(fresh: Deployment) -> None:
    made = late_trips(fresh)
    fitted = made.fit(day(24))
    _, holdout = load_snapshot(made.lake, made.catalog, made.model, fitted.snapshot)
    predicted = made.registry.load("trip_delay", 1).predict(holdout)
    assert ((predicted > 0) & (predicted < 1)).all()
    assert fitted.metrics["holdout_pr_auc"] == pytest.approx(average_precision_score(holdout["label"], predicted))
    assert fitted.metrics["holdout_roc_auc"] == pytest.approx(roc_auc_score(holdout["label"], predicted))
    assert fitted.metrics["baseline_pr_auc"] == pytest.approx(holdout["label"].mean())
    assert fitted.metrics["baseline_roc_auc"] == 0.5


def test_the_stored_model_gives_both_probabilities_and_its_signature_says_so(fresh: Deployment) -> None:
    made = late_trips(fresh)
    fitted = made.fit(day(24))
    from mlflow import pyfunc  # noqa: PLC0415 - heavy

    loaded = pyfunc.load_model(f"runs:/{fitted.run_id}/model")
    _, holdout = load_snapshot(made.lake, made.catalog, made.model, fitted.snapshot)
    given = loaded.predict(holdout.select("carrier", "distance", pl.col("seats", "rainy").cast(pl.Float64)).to_pandas())
    assert loaded.metadata.signature.outputs.inputs[0].shape == (-1, 2)
    assert given[:, 1] == pytest.approx(made.registry.load("trip_delay", 1).predict(holdout))


def test_the_gate_promotes_what_ranks_better_than_the_base_rate_and_refuses_what_does_not(fresh: Deployment) -> None:
    made = late_trips(fresh)
    made.fit(day(24))
    with clock.replaying(day(24)):
        verdict = run_gate(made.lake, made.catalog, made.model, made.registry, 1)
    assert verdict.promoted
    assert verdict.metric == "pr_auc"
    useless = late_trips(fresh, "indifferent")
    useless.fit(day(24))
    with clock.replaying(day(24)):
        refused = run_gate(useless.lake, useless.catalog, useless.model, useless.registry, 2)
    assert not refused.favourable
    assert refused.gain is not None
    assert refused.gain < 0


def test_a_fit_is_reproduced(fresh: Deployment) -> None:
    made = late_trips(fresh)
    made.fit(day(24))
    assert reproduce(made.lake, made.catalog, made.model, made.registry, 1).equal


def test_rows_are_predicted_by_copies_that_did_not_see_them(fresh: Deployment) -> None:
    made = late_trips(fresh)
    fitted = made.fit(day(24))
    train, _ = load_snapshot(made.lake, made.catalog, made.model, fitted.snapshot)
    crossed = cross_predict(made.registry.load("trip_delay", 1), train)
    assert ((crossed > 0) & (crossed < 1)).all()
    assert 0.5 < roc_auc_score(train["label"], crossed) < 1
    one_sided = train.with_columns(label=(pl.int_range(pl.len()) < 10).cast(pl.Float64))
    assert set(cross_predict(made.registry.load("trip_delay", 1), one_sided)[:10]) == {0.0}


def test_training_rows_of_one_class_are_refused(fresh: Deployment) -> None:
    made = late_trips(fresh)
    labels = made.lake.read("trip_delay/labels").with_columns(label=pl.lit(0.0))
    made.lake.write("trip_delay/labels", labels, partitions=labels[PARTITION].unique().to_list())
    with pytest.raises(TrainingError, match=r"all \d+ training rows have the label 0, so there is nothing to tell apart"):
        made.fit(day(24))


def test_held_out_rows_of_one_class_cannot_be_judged_by_ranks(fresh: Deployment) -> None:
    made = late_trips(fresh)
    labels = made.lake.read("trip_delay/labels").with_columns(label=pl.when(pl.col("starts_at") < day(17)).then(pl.col("label")).otherwise(0.0))
    made.lake.write("trip_delay/labels", labels, partitions=labels[PARTITION].unique().to_list())
    fitted = made.fit(day(24))
    assert "holdout_pr_auc" not in fitted.metrics
    assert "holdout_log_loss" in fitted.metrics
    with clock.replaying(day(24)):
        verdict = run_gate(made.lake, made.catalog, made.model, made.registry, 1)
    assert (verdict.promoted, verdict.gain, verdict.challenger_value) == (False, None, None)
    assert "pr_auc is not defined on the 200 held-out rows" in verdict.reason


@pytest.mark.parametrize(
    ("estimator", "task", "said"),
    [
        ("build", {}, "returned a Pipeline that has no predict_proba"),
        ("classifier", {"task": "regression", "metrics": Metrics(primary="mae")}, "returned a Pipeline that is a classifier: it has predict_proba"),
    ],
)
def test_an_estimator_of_the_wrong_kind_is_refused(fresh: Deployment, estimator: str, task: dict[str, object], said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        late_trips(fresh, estimator).fit(day(24), late_trips(fresh, estimator).model.model_copy(update=task))


@pytest.mark.parametrize(("wrong", "said"), [(2.0, "2 in 3 rows"), (-1.0, "-1 in 3 rows")])
def test_labels_other_than_0_and_1_are_refused_with_their_counts(fresh: Deployment, wrong: float, said: str) -> None:
    made = late_trips(fresh)
    rows = trips().head(10).with_columns(late=pl.Series([0.0] * 5 + [1.0] * 2 + [wrong] * 3))
    with pytest.raises(DataError, match=rf"must be 0 or 1 for task binary, but is neither in 3 of 10 rows, first in partition 2024-01-01 .*{said}"):
        build_labels(made.model, made.catalog, rows)
