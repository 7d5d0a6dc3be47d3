"""One look at a model: evidence, decision, record."""

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining.decide import decide
from mlworks_orchestration.retraining.evidence import Runs, gather
from mlworks_orchestration.retraining.facts import Decision
from mlworks_orchestration.retraining.ledger import read_history, record
from mlworks_orchestration.spec import MLModel


def consider(lake: Lake, model: MLModel, runs: Runs, cursor: str | None) -> tuple[Decision | None, str | None]:
    """Decide about a model if a drift report has come since the last look, and record the decision.

    It is recorded before it is acted upon. When a crash comes in between, the cursor is the old one, the decision is taken again from the
    record, and the retraining is asked for again with the same run key.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
        runs: what the orchestrator knows of the model's trainings.
        cursor: what the last look returned; none for the first.

    Returns:
        The decision, none if there is nothing new; and the cursor for the next look, the Delta version of `<model>/drift_report`.
    """
    table = f"{model.name}/drift_report"
    if not lake.exists(table):
        return None, cursor
    # Read before the reports: one that lands in between is looked at twice rather than never.
    version = str(lake.version(table))
    if version == cursor:
        return None, cursor
    now = clock.now()
    history = read_history(lake, model.name)
    evidence = gather(lake, model, history, runs, now)
    decision = decide(evidence, model.retraining, history, now)
    record(lake, evidence, decision, now)
    return decision, version
