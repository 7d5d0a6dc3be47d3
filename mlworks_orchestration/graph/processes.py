"""Runs that a process executes by itself, without a daemon that would notice its end."""

import socket

import dagster as dg
import psutil

from mlworks_orchestration.graph import names


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
