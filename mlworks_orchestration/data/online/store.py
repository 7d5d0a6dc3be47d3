"""What an online store is: rows by table and entity, changed all at once or not at all."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol


class Row(NamedTuple):
    """The latest row of an entity.

    Of two rows of an entity the one with the greater event time is the later; of equal ones that which became known later; of its
    versions in the lake the newer.

    Parameters:
        entity: its key, as text.
        event: its event time, in microseconds since 1970.
        known: its known time likewise; 0 where the table has none.
        version: the Delta version of the lake's table that it was read from.
        values: all its columns but the entity's, as a JSON object.
    """

    entity: str
    event: int
    known: int
    version: int
    values: str


class OnlineStore(Protocol):
    """Holds the published rows.

    Both methods raise OnlineError, without any password, if the store does not answer.
    """

    @property
    def shown(self) -> str:
        """Its address, as it may be shown."""

    def put(self, table: str, rows: Iterable[Row], version: int, *, whole: bool) -> None:
        """Publish rows, in one atomic change: readers see all of it or nothing, and so does whoever comes after a crash.

        A row replaces that of its entity unless that is later. With `whole`, the rows are all that the table has: they replace whatever was read
        from an older or the same version of the lake's table, and what they do not replace of it is removed.

        Parameters:
            table: the feature table's name.
            rows: one an entity.
            version: the Delta version of the lake's table that they were read from.
            whole: whether they are all that the table has.
        """

    def get(self, table: str, entities: Sequence[str]) -> list[Row | None]:
        """Return the row of each entity, None where there is none.

        Parameters:
            table: the feature table's name.
            entities: keys.

        Raises:
            NotReadyError: if nothing was ever published of the table.
        """
