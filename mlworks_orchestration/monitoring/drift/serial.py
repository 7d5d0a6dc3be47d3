"""How a column's profile is stored: one JSON object, the format's name and version in it.

Every profile has `format` ("mlworks.profile"), `version` (1), `type` and `missing` (rows). Type "categorical" has `counts`: rows by category. Type
"numeric" has `precision` (leading bits of the order-preserving integer form of a float64 that name a bin), `first` (the lowest bin) and `steps`
(from each bin to the next, modulo 2**64), `counts` (rows a bin), and of the finite values `n`, `mean`, `squares` (sum of squared distances from the
mean), `minimum` and `maximum`.
"""

import json
from typing import Any

import numpy as np

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.bins import COARSEST, EXACT, Bins
from mlworks_orchestration.monitoring.drift.columns import CategoricalProfile, ColumnProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.moments import Moments

FORMAT = "mlworks.profile"
VERSION = 1


def to_json(profile: ColumnProfile) -> str:
    """Return a column's profile as text.

    Examples:
        >>> to_json(CategoricalProfile(0, {"EWR": 2}))
        '{"format":"mlworks.profile","version":1,"type":"categorical","missing":0,"counts":{"EWR":2}}'
    """
    head = {"format": FORMAT, "version": VERSION, "type": profile.type, "missing": profile.missing}
    body = _numeric(profile) if isinstance(profile, NumericProfile) else {"counts": dict(sorted(profile.counts.items()))}
    return json.dumps(head | body, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def from_json(text: str) -> ColumnProfile:
    """Read what `to_json` wrote.

    Raises:
        DataError: if the text is no profile, or one of a version that this release does not know.

    Examples:
        >>> from_json(to_json(NumericProfile.of(np.array([1.0, 1.0, 3.0])))).distinct
        2
    """
    try:
        document = json.loads(text)
        known = document["format"], document["version"]
        if known == (FORMAT, VERSION):
            return _read(document)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        message = f"A stored profile is damaged ({type(error).__name__}: {error}); it begins with {text[:60]!r}. Materialise its partition again."
        raise DataError(message) from error
    message = (
        f"A stored profile has the format {known[0]!r}, version {known[1]!r}; this release reads {FORMAT!r}, version {VERSION}. "
        "Upgrade mlworks-orchestration, or materialise the partition's profile again with this release."
    )
    raise DataError(message)


def _numeric(profile: NumericProfile) -> dict[str, Any]:
    keys = profile.bins.keys
    return {
        "precision": profile.bins.precision,
        "first": int(keys[0]) if len(keys) else None,
        "steps": np.diff(keys).tolist(),
        "counts": profile.bins.counts.tolist(),
        **profile.moments._asdict(),
    }


def _read(document: dict[str, Any]) -> ColumnProfile:
    if document["type"] == CategoricalProfile.type:
        return CategoricalProfile(int(document["missing"]), {str(name): int(rows) for name, rows in dict(document["counts"]).items()})
    first = [] if document["first"] is None else [document["first"]]
    keys = np.cumsum(np.array(first + document["steps"], dtype=np.int64))
    counts = np.array(document["counts"], dtype=np.int64)
    if document["type"] != NumericProfile.type or keys.shape != counts.shape or not COARSEST <= document["precision"] <= EXACT:
        message = f"type {document['type']!r}, precision {document['precision']!r}, {len(keys)} bins and {len(counts)} counts"
        raise ValueError(message)
    return NumericProfile(int(document["missing"]), Bins(document["precision"], keys, counts), Moments(*(document[name] for name in Moments._fields)))
