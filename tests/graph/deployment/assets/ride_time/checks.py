"""What a ride's version must never do."""

from mlworks_orchestration.training import Finding, Subject


def never_below(subject: Subject, least: float) -> Finding:
    """No prediction is below a bound."""
    lowest = float(subject.predicted.min())
    state = "passed" if lowest >= least else "failed"
    return Finding(state, f"The lowest prediction is {lowest:.4g}; at least {least:g} is asked for.", lowest, limit=least)
