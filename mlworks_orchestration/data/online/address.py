"""Where the online store is: an address that may hold a password, which is never shown."""

from urllib.parse import unquote, urlsplit

from mlworks_orchestration.data.online.store import OnlineStore
from mlworks_orchestration.errors import NotReadyError, OnlineError

ADDRESS = "MLWORKS_ONLINE"
"""The environment variable that holds it."""

_FORMS = "sqlite:////srv/online.db, or redis://user:password@host:6379/0 (rediss:// with TLS)"


def open_store(address: str) -> OnlineStore:
    """Return the online store at an address; it is reached when it is first asked.

    Parameters:
        address: `sqlite:///` and a path, or a Redis URL; a password in it appears in no error.

    Raises:
        OnlineError: if there is no address, or if it cannot be understood.

    Examples:
        >>> open_store("redis://:secret@127.0.0.1:6379/0").shown
        'redis://:***@127.0.0.1:6379/0'
    """
    if not address:
        message = f"There is no online store: {ADDRESS} is not set. Set it to {_FORMS}."
        raise OnlineError(message)
    if address.startswith("sqlite:///"):
        from mlworks_orchestration.data.online.sqlite_store import SqliteStore  # noqa: PLC0415 - only the store that is used

        return SqliteStore(address.removeprefix("sqlite:///"))
    if address.startswith(("redis://", "rediss://")):
        from mlworks_orchestration.data.online.redis_store import RedisStore  # noqa: PLC0415 - as above

        return RedisStore(address, _redis_shown(address), _secrets(address))
    message = f"The address of the online store ({ADDRESS}) begins with neither sqlite:/// nor redis://; write it like {_FORMS}."
    raise OnlineError(message)


def not_published(table: str, shown: str) -> NotReadyError:
    """Return the error that nothing was ever published of a table.

    Parameters:
        table: its name.
        shown: the store's address, as it may be shown.
    """
    message = f"Nothing is published of feature table {table} at {shown}; run `mlworks publish {table}`, or materialise online/{table}."
    return NotReadyError(message)


def _redis_shown(address: str) -> str:
    """Return the address without its password; what a malformed one holds is not repeated, for it may be part of a password."""
    parts = urlsplit(address)
    try:
        wrong = not parts.hostname or parts.port == 0 or "@" in parts.path + parts.query or bool(parts.fragment)
    except ValueError:
        wrong = True
    if wrong:
        message = (
            f"The address of the online store ({ADDRESS}) is no Redis URL. Write redis://user:password@host:6379/0, and in the password %2F for "
            "a /, %3F for a ?, %23 for a #."
        )
        raise OnlineError(message)
    credentials, at, place = parts.netloc.rpartition("@")
    shown = f"{credentials.partition(':')[0]}:***@" if at else ""
    return f"{parts.scheme}://{shown}{place}{parts.path}"


def _secrets(address: str) -> list[str]:
    """Return what must not be shown, as it is written and as it is meant."""
    credentials = address.partition("://")[2].rpartition("@")[0]
    query = urlsplit(address).query
    password = credentials.partition(":")[2]
    return [secret for secret in (password, unquote(password), query, unquote(query)) if secret]
