"""The names in a declaration of drift, held against the statistics and the columns that there are."""

from mlworks_orchestration.errors import DeclarationError, nearest
from mlworks_orchestration.monitoring.drift.profiles.profile import Profile
from mlworks_orchestration.monitoring.drift.statistics import registered
from mlworks_orchestration.spec import Drift


def check_names(drift: Drift, profile: Profile) -> None:
    """Refuse a declaration that names a statistic or a column that does not exist: it would decide nothing, and nobody would notice.

    Parameters:
        drift: the declaration.
        profile: of the reference, with all columns.

    Raises:
        DeclarationError: naming the nearest.

    Examples:
        >>> check_names(Drift(thresholds={"kss": {"constant": 0.3}}), Profile({}))
        Traceback (most recent call last):
        ...
        mlworks_orchestration.errors.DeclarationError: drift.thresholds names 'kss', which is neither a column nor a statistic; did you mean 'ks'? ...
    """
    for column_type, names in drift.statistics.items():
        taking = [statistic.name for statistic in registered() if str(column_type) in statistic.types]
        for name in names:
            if name not in taking:
                message = (
                    f"drift.statistics names {name!r}, which is no statistic of {column_type} columns; {nearest(name, taking, 'docs/statistics.md')}."
                )
                raise DeclarationError(message)
    known = {statistic.name for statistic in registered()} | {key.column for key in profile.columns}
    for name in drift.thresholds:
        if name not in known:
            message = f"drift.thresholds names {name!r}, which is neither a column nor a statistic; {nearest(name, known)}."
            raise DeclarationError(message)
