"""What steps cost, as rows."""

from mlworks_orchestration import clock
from mlworks_orchestration.monitoring import last_costs, record_operation
from mlworks_orchestration.training import Measured
from tests.scoring.world import World


def test_each_step_is_a_row(world: World) -> None:
    with clock.replaying(world.at(3)):
        record_operation(world.lake, world.model, "scores", Measured(rows=240, duration_seconds=0.5, peak_memory_mb=300.0), world.keys(1, 2))
        record_operation(world.lake, world.model, "candidate", Measured(rows=1000, duration_seconds=2.0, peak_memory_mb=400.0))
    assert world.lake.read("delay/operations").sort("rows").rows() == [
        ("scores", "2013-03-02", "2013-03-03", 0.5, 300.0, 240, 480.0, world.at(3)),
        ("candidate", None, None, 2.0, 400.0, 1000, 500.0, world.at(3)),
    ]


def test_the_newest_costs_of_training_and_scoring_are_told_by_name(world: World) -> None:
    assert last_costs(world.lake, world.model) == {}
    for day, seconds in ((3, 0.5), (4, 0.2)):
        with clock.replaying(world.at(day)):
            record_operation(world.lake, world.model, "scores", Measured(rows=240, duration_seconds=seconds, peak_memory_mb=300.0))
    assert last_costs(world.lake, world.model) == {"scoring_seconds": 0.2, "scoring_peak_memory_mb": 300.0, "scoring_rows_per_second": 1200.0}
