"""Whether a target goes with a feature as it did: compared within cells of the feature, so that the feature's own drift does not count."""

from dataclasses import replace
from math import pi, sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from mlworks_orchestration.monitoring.drift.comparison.cells import Flags
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats, Integers
from mlworks_orchestration.monitoring.drift.profiles.relations import RelationProfile
from mlworks_orchestration.monitoring.drift.profiles.tabulate import OTHER, in_classes

GROUPS = 10
"""Into how many groups of about equal size in the reference a numeric feature is cut."""

LEAST_ROWS = 10
"""Fewest rows of a group on either side for which it is compared, and of the smaller side a cell on average."""

LEAST_SHARE = 0.5
"""Share of the window's rows that must lie in groups that can be compared."""

_ROUNDING = 1e-9


class Change(NamedTuple):
    """How the target changed, from one group of the feature to another.

    Parameters:
        spread: standard deviation of the change over the groups, beyond chance, in the target's unit or in log odds.
        p_value: if it is the same in all groups.
        effect: the spread in standard deviations of the target within cells of the reference.
    """

    spread: float
    p_value: float
    effect: float


class _Sides(NamedTuple):
    """Both sides in the cells that both have, and the group of each cell."""

    reference: RelationProfile
    window: RelationProfile
    groups: Integers


def change_of(reference: RelationProfile, window: RelationProfile) -> Change | str:
    """Test whether the target's change from reference to window is the same over all of the feature, or say why it cannot be told.

    Within each cell of the feature the two sides' targets are compared; cells are averaged, by the rows that both have there, into at most ten groups
    of a numeric feature, or one a category. Cochran's Q (1954) tests that all groups changed alike; the spread is that of DerSimonian and Laird
    (1986). A change that is the same everywhere is drift of the label, not of the relation. For a target of classes the change is the log odds ratio
    of Mantel and Haenszel with the variance of Robins, Breslow and Greenland (1986), each class against the most frequent, p-values by Bonferroni;
    log odds become standard deviations as in Chinn (2000).

    Parameters:
        reference: of a feature and the target.
        window: of the same.
    """
    if not reference.present or not window.present:
        return "one side has no rows with feature and target"
    if (reference.precision is None, not reference.classes) != (window.precision is None, not window.classes):
        return "feature or target is a number on one side and a category on the other"
    sides = _side_by_side(reference, window)
    if isinstance(sides, str):
        return sides
    return _classes_changed(sides) if reference.classes else _means_changed(sides)


def _side_by_side(reference: RelationProfile, window: RelationProfile) -> _Sides | str:
    whole = RelationProfile.merged([reference, window])
    if whole.distinct < 2:  # noqa: PLR2004 - a relation needs two values
        return "the feature does not vary"
    precision = whole.finest(max(GROUPS, min(reference.present, window.present) // LEAST_ROWS))
    sides = [side.coarsened(precision) for side in (reference, window)]
    cells = np.intersect1d(sides[0].cells, sides[1].cells)
    cells = cells[cells != OTHER] if precision is None else cells
    picked = [_picked(side, np.isin(side.cells, cells), whole.classes) for side in sides]
    groups = np.arange(len(cells)) if precision is None else _groups(picked[0].counts.sum(axis=1))
    rows = [np.bincount(groups, weights=side.counts.sum(axis=1), minlength=1) for side in picked]
    use = (np.minimum(*rows) >= LEAST_ROWS)[groups] if len(groups) else np.zeros(0, dtype=np.bool_)
    covered = picked[1].counts[use].sum() / window.present
    if len(np.unique(groups[use])) < 2 or covered < LEAST_SHARE:  # noqa: PLR2004
        return (
            f"{covered:.0%} of the window's rows lie where both sides have {LEAST_ROWS} rows or more in a group of the feature; "
            f"a comparison needs {LEAST_SHARE:.0%} of them, in two groups"
        )
    picked = [_picked(side, use, whole.classes) for side in picked]
    return _Sides(picked[0], picked[1], np.unique(groups[use], return_inverse=True)[1])


def _picked(side: RelationProfile, use: Flags, classes: tuple[str, ...]) -> RelationProfile:
    counts = in_classes(side.counts, side.classes, classes)
    return replace(side, cells=side.cells[use], classes=classes, counts=counts[use], means=side.means[use], squares=side.squares[use])


def _groups(rows: Floats) -> Integers:
    """Return a number for each cell, equal in neighbouring cells that together have about a tenth of the rows."""
    middles = np.cumsum(rows) - rows / 2
    groups: Integers = np.minimum((middles / max(rows.sum(), 1) * GROUPS).astype(np.int64), GROUPS - 1)
    return groups


def _means_changed(sides: _Sides) -> Change | str:
    before, after = (side.counts[:, 0] for side in sides[:2])
    weights = before * after / (before + after)
    total = np.bincount(sides.groups, weights)
    change = np.bincount(sides.groups, weights * (sides.window.means - sides.reference.means)) / total
    variance = np.zeros(len(total))
    for side, rows in zip(sides[:2], (before, after), strict=True):
        freedom = np.bincount(sides.groups, rows - 1)
        if not freedom.all():
            return "no two rows of a group share a value of the feature, so the target's spread within it is unknown"
        within = np.bincount(sides.groups, side.squares) / freedom
        variance += within * np.bincount(sides.groups, weights**2 / rows) / total**2
    means = sides.reference.means
    scale = float(np.square(means - np.average(means, weights=before)).max() + sides.reference.squares.max())
    if not scale:
        return "the target does not vary in the reference"
    within_reference = float(sides.reference.squares.sum() / (before - 1).sum())
    heterogeneity = _heterogeneity(change, np.maximum(variance, _ROUNDING * scale))
    return Change(*heterogeneity, heterogeneity[0] / sqrt(max(within_reference, _ROUNDING * scale)))


def _classes_changed(sides: _Sides) -> Change | str:
    common = int(sides.reference.counts.sum(axis=0).argmax())
    others = [c for c in range(sides.reference.counts.shape[1]) if c != common]
    found = [odds for other in others if (odds := _odds_changed(sides, common, other)) is not None]
    if not found:
        return "fewer than two classes of the target have rows enough on both sides"
    spread, p_value = min(found, key=lambda pair: pair[1])
    return Change(spread, min(1.0, p_value * len(found)), spread * sqrt(3) / pi)


def _odds_changed(sides: _Sides, common: int, other: int) -> tuple[float, float] | None:
    """Return the spread over groups of the log odds ratios, and its p-value; None if fewer than two groups have enough of both classes."""
    a, b = (sides.window.counts[:, column] for column in (other, common))
    c, d = (sides.reference.counts[:, column] for column in (other, common))
    groups = int(sides.groups.max()) + 1
    enough = np.minimum(np.bincount(sides.groups, a + b, groups), np.bincount(sides.groups, c + d, groups)) >= LEAST_ROWS
    if min(a.sum() + c.sum(), b.sum() + d.sum()) < LEAST_ROWS or enough.sum() < 2:  # noqa: PLR2004
        return None
    n = np.maximum(a + b + c + d, 1)
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    rs, ss, pr, crossed, qs = (np.bincount(sides.groups, term, groups) for term in (r, s, p * r, p * s + q * r, q * s))
    corners = np.array([np.bincount(sides.groups, corner, groups) for corner in (a, b, c, d)]) + 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(rs / ss)
        variance = pr / (2 * rs**2) + crossed / (2 * rs * ss) + qs / (2 * ss**2)
    # A group in which one side lacks a class has no odds ratio of its own: half a row in each corner (Haldane 1956) gives it a wide one.
    bare = (rs == 0) | (ss == 0)
    ratio = np.where(bare, np.log(corners[0] * corners[3] / corners[1] / corners[2]), ratio)
    variance = np.where(bare, (1 / corners).sum(axis=0), variance)
    return _heterogeneity(ratio[enough], variance[enough])


def _heterogeneity(change: Floats, variance: Floats) -> tuple[float, float]:
    """Return by how much changes differ beyond chance, and the p-value of their being alike."""
    weights = 1 / variance
    q = float((weights * np.square(change - np.average(change, weights=weights))).sum())
    freedom = len(change) - 1
    scale = float(weights.sum() - np.square(weights).sum() / weights.sum())
    return sqrt(max(0.0, q - freedom) / scale), float(chdtrc(freedom, q))
