"""What lies in a folder or an object store, asked of delta-rs's own file systems."""

from collections.abc import Mapping

from deltalake.exceptions import TableNotFoundError


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
