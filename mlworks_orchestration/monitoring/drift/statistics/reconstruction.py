"""How well the principal components of a reference rebuild the rows of a window."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats, Integers
from mlworks_orchestration.monitoring.drift.profiles.comoments import LIMIT, CoMoments, scatter_about
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile

SHARE = 0.65
"""Share of the reference's variance that the components explain at least, as in NannyML."""


class Components(NamedTuple):
    """What the principal components of a reference leave out.

    Parameters:
        names: of the numbers that vary in the reference.
        center: their means, shape (columns,).
        scale: their standard deviations, a missing value counting as the mean, shape (columns,).
        residual: projects standardised rows on what the components leave out, shape (columns, columns).
        kept: how many components there are.
    """

    names: tuple[str, ...]
    center: Floats
    scale: Floats
    residual: Floats
    kept: int


def components_of(numbers: Sequence[str], moments: CoMoments) -> Components | None:
    """Return the fewest principal components of the correlation matrix that explain 65 % of the variance; None if they would leave nothing out.

    Parameters:
        numbers: names of the columns.
        moments: of these; a missing value counts as its column's mean.
    """
    center, variance = np.diag(moments.means), np.diag(moments.scatter) / max(moments.rows, 1)
    varying = np.sqrt(variance) > 1e-12 * np.abs(center)
    scale = np.sqrt(variance[varying])
    correlation = scatter_about(moments, center)[np.ix_(varying, varying)] / np.outer(scale, scale) / max(moments.rows, 1)
    values, vectors = np.linalg.eigh(correlation)
    explained = np.cumsum(values[::-1])
    kept = int(np.searchsorted(explained, SHARE * len(values) - 1e-9)) + 1
    if kept >= len(values):
        return None
    left_out = vectors[:, : len(values) - kept]
    names = tuple(name for name, use in zip(numbers, varying, strict=True) if use)
    return Components(names, center[varying], scale, left_out @ left_out.T, kept)


def error_of(components: Components, profile: JointProfile) -> float:
    """Return the mean over all rows of the squared distance of a standardised row from what the components rebuild; no row is needed for it.

    Parameters:
        components: of the reference.
        profile: of any rows, with all the components' columns; a missing value counts as the reference's mean.
    """
    picked = [profile.numbers.index(name) for name in components.names]
    about = scatter_about(profile.moments.of_columns(picked), components.center) / np.outer(components.scale, components.scale)
    return float((components.residual * about).sum()) / profile.rows


def errors_of(components: Components, profile: JointProfile, rows: Integers | slice = slice(None)) -> Floats:
    """Return the squared distance of rows of a profile's sample, shape (rows,).

    Parameters:
        components: of the reference.
        profile: with all the components' columns.
        rows: which of the sample; all by default.
    """
    values = profile.sample[rows][:, [profile.numbers.index(name) for name in components.names]]
    standardised = np.where(np.abs(values) <= LIMIT, values - components.center, 0.0) / components.scale
    errors: Floats = ((standardised @ components.residual) * standardised).sum(axis=1)
    return errors
