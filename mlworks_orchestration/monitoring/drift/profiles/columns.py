"""Profiles of one column: what is kept of its values, small enough to store a partition and exact enough to test. One class a type of column."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

from mlworks_orchestration.monitoring.drift.profiles.categorical import CategoricalProfile
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.profiles.numeric import DatetimeProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.relations import RelationProfile
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile


class ColumnProfile(Protocol):
    """What every profile of a column is and does.

    Merging is associative and commutative, and a document holds all that a profile says.
    """

    type: ClassVar[str]

    @property
    def rows(self) -> int:
        """All rows."""
        ...

    @property
    def missing(self) -> int:
        """Rows without a value."""
        ...

    @property
    def present(self) -> int:
        """Rows that have a value."""
        ...

    @property
    def distinct(self) -> int:
        """Distinct values, as far as the profile tells them apart."""
        ...

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Return the profile of all rows together."""
        ...

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it, as JSON can hold it."""
        ...

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` gave."""
        ...


_CLASSES: tuple[type[ColumnProfile], ...] = (NumericProfile, DatetimeProfile, CategoricalProfile, TextProfile, JointProfile, RelationProfile)

PROFILES = {profile.type: profile for profile in _CLASSES}
"""The classes by type: a new one is a file and a place in this list."""

__all__ = ["PROFILES", "CategoricalProfile", "ColumnProfile", "DatetimeProfile", "NumericProfile"]
