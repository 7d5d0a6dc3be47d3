"""A training that a person asks for, executed in the person's own process."""

from dataclasses import dataclass

import dagster as dg

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.processes import this_process
from mlworks_orchestration.graph.replay import QUIET, failure
from mlworks_orchestration.graph.retraining_sensor import InstanceRuns
from mlworks_orchestration.retraining import Decision, ask_by_hand
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import Verdict, find_verdict


@dataclass(frozen=True)
class Retrained:
    """What came of it.

    Parameters:
        decision: with who and why, and what would have held back a training that nobody asks for.
        run_id: of the Dagster run.
        verdict: of the gate.
    """

    decision: Decision
    run_id: str
    verdict: Verdict


def retrain_by_hand(lake: Lake, model: MLModel, definitions: dg.Definitions, instance: dg.DagsterInstance, *, by: str, why: str) -> Retrained:  # noqa: PLR0913 - the stores, the model, and who asks
    """Record who asks for a training and why, then run the job `<model>_train` in this process.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
        definitions: the code location's.
        instance: the Dagster instance that keeps the run.
        by: who asks.
        why: the reason in words.

    Raises:
        MLWorksError: if a training is queued or under way, or if the run fails.
    """
    decision = ask_by_hand(lake, model, InstanceRuns(instance, model.name), by=by, why=why)
    if decision.run_key is None:
        raise MLWorksError(decision.reason)
    tags = {names.RUN_KEY: decision.run_key, names.RUN_TRIGGER: decision.reason, names.RUN_PROCESS: this_process()}
    job = definitions.resolve_job_def(names.job(model.name, "train"))
    result = job.execute_in_process(run_config=QUIET, instance=instance, tags=tags, raise_on_error=False)
    if not result.success:
        message = f"The training of {model.name} failed in run {result.run_id}: {failure(result)} It counts as one; correct the cause and ask again."
        raise MLWorksError(message)
    (candidate,) = result.asset_materializations_for_node(f"{model.name}__candidate")
    verdict = find_verdict(lake, model.name, int(str(candidate.metadata["version"].value)))
    if verdict is None:
        message = f"The training of {model.name} in run {result.run_id} was not judged; materialise {model.name}/champion."
        raise MLWorksError(message)
    return Retrained(decision, result.run_id, verdict)
