"""The job that takes care of the lake's files, run on a copy of a replayed history."""

import shutil
from pathlib import Path

import dagster as dg

from mlworks_orchestration.graph.replay import QUIET
from mlworks_orchestration.training import reproduce
from tests.graph.world import MODEL, Replayed, World


def test_the_job_frees_space_and_every_version_is_still_reproduced(history: Replayed, tmp_path: Path, blank: dg.DagsterInstance) -> None:
    shutil.copytree(history.world.root, tmp_path / "copy")
    with World(tmp_path / "copy").active() as world:
        job = world.definitions().resolve_job_def("retention")
        told = {"ops": {"retain_tables": {"config": {"older_than_hours": 0}}}}
        run = job.execute_in_process(run_config=QUIET | told, instance=blank)
        [output] = [event.step_output_data for event in run.filter_events(lambda event: event.is_successful_output)]
        assert output.metadata["freed_bytes"].value > 0
        assert output.metadata["troubled"].value == "none"
        for version in (1, 2, 3):
            assert reproduce(world.lake, world.project.catalog, world.model, world.registry, version).exact, MODEL


def test_it_is_there_for_all_models_and_its_schedule_is_off_until_somebody_wants_it(world: World) -> None:
    definitions = world.definitions()
    schedule = definitions.resolve_schedule_def("retention_schedule")
    assert (schedule.job_name, schedule.cron_schedule, schedule.default_status) == ("retention", "0 3 * * 0", dg.DefaultScheduleStatus.STOPPED)
