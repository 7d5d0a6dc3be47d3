"""What lies in a folder or an object store, asked of delta-rs's own file systems."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError


class LocatedTable(DeltaTable):
    """A Delta table whose files are found wherever it lies; delta-rs gives those below a folder with a space or an accent as in a URL, encoded."""

    def file_uris(self, *filters: Any, **pruning: Any) -> list[str]:  # noqa: ANN401 - delta-rs has types for them that it does not export
        """Return where the files of the table's version are, as polars and pyarrow open them.

        Parameters:
            filters: of partitions, as delta-rs takes them; all files without.
            pruning: likewise.
        """
        uris, root = super().file_uris(*filters, **pruning), self.table_uri.removeprefix("file://")
        if root == self.table_uri or root == unquote(root):
            return uris
        return [unquote(root) + uri.removeprefix(root) for uri in uris]


def listing(uri: str, storage_options: Mapping[str, str] | None) -> dict[str, int | None]:
    """Return what is under a folder or URL, by relative path: the size of a file, None of a folder.

    Parameters:
        uri: of the folder.
        storage_options: of the object store, as delta-rs takes them.
    """
    from deltalake.fs import DeltaStorageHandler  # noqa: PLC0415 - needs pyarrow, which reading and writing do without
    from pyarrow.fs import FileSelector, PyFileSystem  # noqa: PLC0415

    try:
        store = PyFileSystem(DeltaStorageHandler(uri, dict(storage_options or {})))
    except TableNotFoundError:
        # What delta-rs says of a folder that is not there: a lake in which nothing was written yet.
        return {}
    return {info.path: info.size for info in store.get_file_info(FileSelector("", allow_not_found=True, recursive=True))}


def is_there(uri: str, storage_options: Mapping[str, str] | None) -> bool:
    """Return whether there is a file.

    Parameters:
        uri: of the file.
        storage_options: of the object store, as delta-rs takes them.
    """
    from deltalake.fs import DeltaStorageHandler  # noqa: PLC0415 - needs pyarrow, which reading and writing do without
    from pyarrow.fs import FileType, PyFileSystem  # noqa: PLC0415

    folder, _, name = uri.rpartition("/")
    try:
        store = PyFileSystem(DeltaStorageHandler(folder, dict(storage_options or {})))
        return store.get_file_info(name).type is FileType.File
    except TableNotFoundError:
        return False
