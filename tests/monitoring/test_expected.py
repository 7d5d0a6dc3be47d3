"""The performance of a window before its labels are known."""

import numpy as np

from tests.monitoring.watching import expect
from tests.scoring.world import World


def test_it_holds_the_error_that_labels_will_tell(long_trained: World) -> None:
    long_trained.add_days(20, 22)
    long_trained.score(20, 22)
    found = expect(long_trained, 20, 22)
    labels = long_trained.lake.read("features/outcomes", partitions=long_trained.keys(20, 22)).sort("flight_id")
    scores = long_trained.lake.read("delay/scores", partitions=long_trained.keys(20, 22)).sort("flight_id")
    realised = float(np.abs((labels["arr_delay"] - scores["prediction"]).to_numpy()).mean())
    assert found["metric"] == "mae"
    assert found["low"] < realised < found["high"]
    assert found["trusted"] is True
    assert long_trained.lake.read("delay/expected_performance").row(0, named=True) == found


def test_rows_unlike_those_it_was_learnt_from_are_a_reason_not_to_trust_it(long_trained: World) -> None:
    long_trained.add_days(20, 22, distance=4000)
    long_trained.score(20, 22)
    found = expect(long_trained, 20, 22)
    assert found["trusted"] is False
    assert "distance lie outside" in str(found["reason"])


def test_what_another_version_predicted_does_not_count(long_trained: World) -> None:
    long_trained.add_days(20, 21)
    long_trained.score(20, 20)
    long_trained.registry.slopes[2] = long_trained.registry.slopes[1]
    long_trained.registry.serving = 2
    long_trained.score(21, 21)
    assert expect(long_trained, 20, 21)["rows"] == 120
