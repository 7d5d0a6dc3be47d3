"""How a column's profile is stored: one JSON object, the format's name and version in it.

Every profile has `format` ("mlworks.profile"), `version` (3), `type` and `missing` (rows).

Type "categorical" has `counts`, rows by category; `other`, rows of categories that are not among them; and `bound`, at most so many rows of any one
category are among those.

Type "numeric" has, of the finite values, `n`, `mean`, `squares` (sum of squared distances from the mean), `minimum` and `maximum`; `size`, the
number of bins; and `bins`: base64 of zlib of bytes. All numbers in them are little-endian. First comes the number of groups, two bytes; a group is
all bins whose leading 12 bits agree (see `bins.py`), and these bits, as a number with a sign, are its name. Then come the precisions of the groups, a
byte each. Then four runs of numbers that are at least 1: of each group, how far its name is from the one before (the first from -2049), and
how many bins it has; of each bin, how many bins of its precision further it lies than the one before in its group (the first counts from 1), and
its rows. Each of these numbers is a byte, or 0 where it takes more; those follow in full at the end, as 64-bit integers, of all of which the least
significant bytes come first, then the next ones, up to the eighth. Type "datetime" is the same of seconds since 1970 in UTC.

Versions 1 and 2, of before the first release, took longer to read; they are refused.
"""

import json
import zlib

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.columns import PROFILES, ColumnProfile

FORMAT = "mlworks.profile"
VERSION = 3


def to_json(profile: ColumnProfile) -> str:
    """Return a column's profile as text.

    Examples:
        >>> from mlworks_orchestration.monitoring.drift.profiles.categorical import CategoricalProfile
        >>> to_json(CategoricalProfile(0, {"EWR": 2}))
        '{"format":"mlworks.profile","version":3,"type":"categorical","missing":0,"counts":{"EWR":2},"other":0,"bound":0}'
    """
    head = {"format": FORMAT, "version": VERSION, "type": profile.type}
    return json.dumps(head | profile.to_document(), separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def from_json(text: str) -> ColumnProfile:
    """Read what `to_json` wrote.

    Raises:
        DataError: if the text is no profile, or one of a version that this release does not know.

    Examples:
        >>> from mlworks_orchestration.monitoring.drift.profiles.categorical import CategoricalProfile
        >>> from_json(to_json(CategoricalProfile(0, {"EWR": 2, "JFK": 1}))).distinct
        2
    """
    try:
        document = json.loads(text)
        known = document["format"], document["version"]
        if known == (FORMAT, VERSION):
            return PROFILES[document["type"]].from_document(document)
    except (ValueError, KeyError, TypeError, OverflowError, zlib.error) as error:
        message = f"A stored profile is damaged ({type(error).__name__}: {error}); it begins with {text[:60]!r}. Materialise its partition again."
        raise DataError(message) from error
    message = (
        f"A stored profile has the format {known[0]!r}, version {known[1]!r}; this release reads {FORMAT!r}, version {VERSION}. "
        "Upgrade mlworks-orchestration, or materialise the partition's profile again with this release."
    )
    raise DataError(message)
