"""On no slice is the primary metric worse than the champion's by more than a margin."""

import numpy as np

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import NoSliceWorseThanChampion
from mlworks_orchestration.training.judge import judge
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.model_tests.record import Finding, Kind, State, register, together, too_few
from mlworks_orchestration.training.model_tests.subject import Part, Subject


def no_slice_worse_than_champion(subject: Subject, test: NoSliceWorseThanChampion) -> Finding:
    """Compare with the champion on each slice of the rows that neither was trained on, as the gate does on all of them.

    A slice fails if its whole interval is worse than the margin; the intervals' tails are divided by the number of slices (Bonferroni).

    Parameters:
        subject: the version.
        test: its declaration.
    """
    champion = subject.champion
    if champion is None or champion.version == subject.version.version:
        return Finding("passed", "There is no champion yet to be worse than.")
    serving = subject.stores.registry.load(subject.model.name, champion.version)
    gone = [name for name in serving.columns if name not in subject.rows.columns]
    if gone:
        words = f"The champion, version {champion.version}, needs the feature {gone[0]!r}, which is no longer declared, so both cannot be compared."
        return Finding("inconclusive", words)
    unseen = subject.unseen_by_champion.to_numpy()
    parts = [Part(part.name, part.rows[unseen[part.rows]]) for part in subject.parts(test.slices)]
    told = max(1, sum(part.rows.size >= test.min_rows for part in parts))
    holding = serving.predict(subject.rows)
    return together([_compared(subject, test, part, holding, told) for part in parts], f"slices against version {champion.version}")


def _compared(subject: Subject, test: NoSliceWorseThanChampion, part: Part, holding: Vector, told: int) -> Finding:
    if part.rows.size < test.min_rows:
        return too_few(part.rows.size, test.min_rows, part.name)
    gate = subject.model.gate
    model = subject.model.model_copy(update={"gate": gate.model_copy(update={"confidence": 1 - (1 - gate.confidence) / told})})
    generator = subject.generator(f"{test.title} {part.name}")
    found = judge(model, subject.truth[part.rows], subject.predicted[part.rows], holding[part.rows], generator, scale=float(subject.how.scale))
    metric, least = model.metrics.primary, -test.margin
    if not np.isfinite(found.gain_low):
        return Finding("inconclusive", f"{metric} is not defined on these {found.rows:,} rows.", rows=found.rows, part=part.name)
    state: State = "passed" if found.gain >= least else "failed" if found.gain_high < least else "inconclusive"
    words = (
        f"{metric} is {readable(found.challenger_value)} on {found.rows:,} rows, the champion's {readable(found.champion_value)}. The gain is "
        f"{readable(found.gain)}, between {readable(found.gain_low)} and {readable(found.gain_high)}; at least {readable(least, 6)} is asked for."
    )
    return Finding(state, words, found.gain, found.gain_low, found.gain_high, least, found.rows, f"gain in {metric}", part.name)


NO_SLICE_WORSE_THAN_CHAMPION = register(
    Kind(
        "no_slice_worse_than_champion",
        "On no slice is the primary metric worse than the champion's by more than a margin.",
        no_slice_worse_than_champion,
    )
)
