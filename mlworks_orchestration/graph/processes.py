"""Which process executes a run, and runs that nobody executes or that are executed already."""

import socket

import dagster as dg
import psutil

from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph import names

FAILED = {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
_PARENT = "dagster/parent_run_id"


def this_process() -> str:
    """Return what tells this process from every other: host, number and start."""
    return _name(psutil.Process())


def fail_abandoned(instance: dg.DagsterInstance, job: str) -> None:
    """Say of a job's runs whose process on this machine is gone that they failed; otherwise they would be under way forever.

    Parameters:
        instance: the Dagster instance.
        job: the job's name.
    """
    for run in instance.get_runs(dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])):
        if _is_gone(run.tags.get(names.RUN_PROCESS, "")):
            instance.report_run_failed(run, "The process that executed this run was stopped.")


def take_turn(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Let a run be the one that does what its run key asks for, and write down which process executes it.

    Dagster looks for a run with the key and then makes one, so two daemons at the same moment make two, or start one twice. Runs have an order in
    its storage: the first that has not failed has the turn. A person may repeat a run all the same.

    Parameters:
        instance: the Dagster instance.
        run: that is about to begin.

    Raises:
        MLWorksError: if another run with the same key, or another process with the same run, was first.
    """
    stored = instance.get_run_by_id(run.run_id) or run
    process = stored.tags.get(names.RUN_PROCESS, this_process())
    if process != this_process() and not _is_gone(process):
        message = f"Run {run.run_id} is under way in the process {process} already, so this one leaves it to that."
        raise MLWorksError(message)
    if names.RUN_PROCESS not in stored.tags:
        instance.add_run_tags(run.run_id, {names.RUN_PROCESS: this_process()})
    key = run.tags.get(names.RUN_KEY)
    if key is None or _PARENT in run.tags:
        return
    same = instance.get_run_records(dg.RunsFilter(job_name=run.job_name, tags={names.RUN_KEY: key}), ascending=True)
    first = next((record.dagster_run for record in same if record.dagster_run.status not in FAILED), run)
    if first.run_id != run.run_id:
        message = f"Run {first.run_id} was first with the run key {key}, so this one has nothing to do: what was decided once is done once."
        raise MLWorksError(message)


def _is_gone(named: str) -> bool:
    host, _, rest = named.partition(" ")
    number = rest.partition(" ")[0]
    if host != socket.gethostname() or not number.isdigit():
        return False
    try:
        return _name(psutil.Process(int(number))) != named
    except psutil.NoSuchProcess:
        return True


def _name(process: psutil.Process) -> str:
    return f"{socket.gethostname()} {process.pid} {process.create_time():.2f}"
