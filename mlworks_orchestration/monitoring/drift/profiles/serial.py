"""How a column's profile is stored: one JSON object, the format's name and version in it.

Every profile has `format` ("mlworks.profile"), `version` (4), `type` and `missing` (rows).

Type "categorical" has `counts`, rows by category; `other`, rows of categories that are not among them; and `bound`, at most so many rows of any one
category are among those.

Type "numeric" has, of the finite values, `n`, `mean`, `squares` (sum of squared distances from the mean), `minimum` and `maximum`; `size`, the number
of bins; and `bins`: base64 of zlib of bytes. All numbers in them are little-endian. A group is all bins whose leading 12 bits agree (see `bins.py`),
and these bits, as a number with a sign, are its name; a group of precision p has 2**(p - 12) cells. A number of rows takes 1, 2, 4 or 8 bytes in all
of a profile; a group is crowded if, of the bytes that its cells take, at least one in 16 is of a cell that has rows, and scattered otherwise. First
comes how many groups are crowded, two bytes; how many are scattered, two bytes; and how many bytes a number of rows takes, one byte. Then come the
precisions of the groups, a byte each, those of the crowded ones first, in ascending order. Then come five runs of numbers, of all of which the least
significant bytes come first, then the next ones: how much each group's name is more than the one before, modulo 2**16, two bytes; how many bins each
scattered group has, four bytes; the rows of each cell of the crowded groups, also where there are none; of each bin of the scattered groups,
ascending in each, which cell it is, eight bytes; and the rows of each of these. Type "datetime" is the same of seconds since 1970 in UTC.

Versions 1 to 3, of before the first release, took longer to read or to add up; they are refused.
"""

import json
import zlib

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.columns import PROFILES, ColumnProfile

FORMAT = "mlworks.profile"
VERSION = 4


def to_json(profile: ColumnProfile) -> str:
    """Return a column's profile as text.

    Examples:
        >>> from mlworks_orchestration.monitoring.drift.profiles.categorical import CategoricalProfile
        >>> to_json(CategoricalProfile(0, {"EWR": 2}))
        '{"format":"mlworks.profile","version":4,"type":"categorical","missing":0,"counts":{"EWR":2},"other":0,"bound":0}'
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
