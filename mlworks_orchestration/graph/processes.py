"""Which process executes a run, and runs that nobody executes or that are executed already."""

import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg
import psutil

from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph import names

FAILED = {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
BEGIN_WITHIN = timedelta(minutes=10)
"""How long a run that was launched may take to begin its first step, for which a process is started and the stores are opened."""

_LAUNCHED = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_PARENT = "dagster/parent_run_id"


def this_process() -> str:
    """Return what tells this process from every other: host, number and start."""
    return _name(psutil.Process())


def runs_under_way(instance: dg.DagsterInstance, job: str, tags: Mapping[str, str] | None = None) -> bool:
    """Return whether a run of a job is queued or not finished; those that nobody executes any more are said to have ended, and count no longer.

    Parameters:
        instance: the Dagster instance.
        job: the job's name.
        tags: that the run must have.
    """
    statuses = [dg.DagsterRunStatus.QUEUED, *_LAUNCHED]
    found = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=statuses, tags=dict(tags or {})))
    return len([record for record in found if not _end_lost(instance, record)]) > 0


def write_process(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Write down that this process executes a run, so that its end is noticed, unless another does.

    Parameters:
        instance: the Dagster instance.
        run: that is about to begin.
    """
    process = _process_of(instance, instance.get_run_by_id(run.run_id) or run)
    if not process or _is_gone(process):
        instance.add_run_tags(run.run_id, {names.RUN_PROCESS: this_process()})


def take_turn(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Let a run be the one that does what its run key asks for, and write down which process executes it.

    Dagster looks for a run with the key and then makes one, so two daemons at the same moment make two, or start one twice. Runs have an order in
    its storage: the first that has not failed has the turn. A person may repeat a run all the same.

    Parameters:
        instance: the Dagster instance.
        run: that is about to begin.

    Raises:
        MLWorksError: if another run with the same key, or another process with the same run, was first; or if the run was given up.
    """
    stored = instance.get_run_by_id(run.run_id) or run
    process = _process_of(instance, stored) or this_process()
    if stored.status in FAILED:
        message = f"Run {run.run_id} was given up before it began, so it does nothing: what it was to do is asked for by another run."
        raise MLWorksError(message)
    if process != this_process() and not _is_gone(process):
        message = f"Run {run.run_id} is under way in the process {process} already, so this one leaves it to that."
        raise MLWorksError(message)
    write_process(instance, run)
    key = run.tags.get(names.RUN_KEY)
    if key is None or _PARENT in run.tags:
        return
    same = instance.get_run_records(dg.RunsFilter(job_name=run.job_name, tags={names.RUN_KEY: key}), ascending=True)
    first = next((record.dagster_run for record in same if record.dagster_run.status not in FAILED), run)
    if first.run_id != run.run_id:
        message = f"Run {first.run_id} was first with the run key {key}, so this one has nothing to do: what was decided once is done once."
        raise MLWorksError(message)


def _end_lost(instance: dg.DagsterInstance, record: dg.RunRecord) -> bool:
    """Say of a run that nobody executes that it failed, or that it is canceled where a person wanted that; return whether it is such a run."""
    run = record.dagster_run
    why = _loss(record, _process_of(instance, run))
    if not why:
        return False
    if run.status is dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, why)
    else:
        instance.report_run_failed(run, why)
    return True


def _loss(record: dg.RunRecord, process: str) -> str:
    """Say why a run is lost; nothing if it is not, or if that cannot be told from here."""
    if record.dagster_run.status not in _LAUNCHED:
        return ""
    if process:
        return "The process that executed this run was stopped." if _is_gone(process) else ""
    # How long it has waited is a matter of the machine, whichever time is replayed.
    waited = datetime.now(UTC) - record.update_timestamp
    minutes = BEGIN_WITHIN // timedelta(minutes=1)
    return f"No process began this run within {minutes} minutes: what was to execute it was stopped before." if waited > BEGIN_WITHIN else ""


def _process_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Return which process executes a run; none of one that has not begun, though where a person repeats a run it has all tags of that."""
    process = run.tags.get(names.RUN_PROCESS, "")
    repeated = instance.get_run_by_id(run.tags[_PARENT]) if process and _PARENT in run.tags else None
    return "" if repeated and repeated.tags.get(names.RUN_PROCESS) == process else process


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
