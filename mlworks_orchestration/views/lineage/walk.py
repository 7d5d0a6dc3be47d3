"""What every step of a walk through a lineage needs."""

from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.spec import Catalog
from mlworks_orchestration.training import Registry
from mlworks_orchestration.views.lineage.commits import Commits
from mlworks_orchestration.views.lineage.graph import Drawing


class Stores(NamedTuple):
    """Where lineage is recorded.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations, as they are today.
        registry: MLflow's models; what it does not tell is named as missing.
    """

    lake: Lake
    catalog: Catalog
    registry: Registry


@dataclass
class Walk:
    """A walk from something to what it was made of.

    Parameters:
        stores: where lineage is recorded.
        checks: whether to read the results of data quality on the way.
    """

    stores: Stores
    checks: bool = True
    drawing: Drawing = field(default_factory=Drawing)
    commits: Commits = field(init=False)
    _inputs: dict[tuple[str, int], pl.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read each table's log once a walk."""
        self.commits = Commits(self.stores.lake)

    def afresh(self) -> "Walk":
        """Return a walk that has found nothing yet, and need not read again what this one has read."""
        other = Walk(self.stores, self.checks, _inputs=self._inputs)
        other.commits = self.commits
        return other

    def inputs(self, table: str, version: int) -> pl.DataFrame:
        """Return what each partition of a table says in its column `inputs`: the versions that it was computed from.

        Raises:
            LakeError: if the version cannot be read any more.
        """
        if (table, version) not in self._inputs:
            self._inputs[table, version] = self.lake.read(table, columns=[PARTITION, "inputs"], version=version).unique(maintain_order=True)
        return self._inputs[table, version]

    @property
    def lake(self) -> Lake:
        """The Delta tables."""
        return self.stores.lake

    @property
    def catalog(self) -> Catalog:
        """All declarations."""
        return self.stores.catalog
