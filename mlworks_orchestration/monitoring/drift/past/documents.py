"""The format and version of what is stored of a reference."""

from collections.abc import Mapping
from typing import Any

from mlworks_orchestration.errors import DataError


def check_format(document: Mapping[str, Any], name: str, version: int) -> None:
    """Refuse a document that is not of a format and version.

    Raises:
        DataError: naming both sides.
    """
    known = document.get("format"), document.get("version")
    if known != (name, version):
        message = (
            f"A stored document has the format {known[0]!r}, version {known[1]!r}; this release reads {name!r}, version {version}. "
            "Upgrade mlworks-orchestration, or build the reference again with this release."
        )
        raise DataError(message)
