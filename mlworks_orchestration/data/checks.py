"""What a declared expectation is called: in words for people, and in the terms of Great Expectations."""

from mlworks_orchestration.data.gx import Check
from mlworks_orchestration.data.partitioning import PARTITION
from mlworks_orchestration.spec import Between, Expectation, FeatureTable, InSet, NotNull, RowCount, Unique

ROWS = "rows"
"""The column of a frame with one row a partition that says how many rows that one has."""

_SHOWN_VALUES = 5


def check_of(expected: Expectation, table: FeatureTable) -> Check:
    """Return the check of Great Expectations that stands for `expected`.

    Parameters:
        expected: one of the table's expectations.
        table: the table; `schema` asks for its columns.

    Examples:
        >>> check_of(NotNull(kind="not_null", column="dest"), None)
        Check(name='ExpectColumnValuesToNotBeNull', arguments={'column': 'dest'})
    """
    match expected:
        case Between():
            return Check("ExpectColumnValuesToBeBetween", {"column": expected.column, "min_value": expected.min, "max_value": expected.max})
        case InSet():
            return Check("ExpectColumnValuesToBeInSet", {"column": expected.column, "value_set": expected.values})
        case NotNull():
            return Check("ExpectColumnValuesToNotBeNull", {"column": expected.column})
        case Unique():
            # Rows are compared within their partition, and also those whose values are missing: "no two rows agree".
            return Check("ExpectCompoundColumnsToBeUnique", {"column_list": [*expected.over, PARTITION], "ignore_row_if": "never"})
        case RowCount():
            return Check("ExpectColumnValuesToBeBetween", {"column": ROWS, "min_value": expected.min, "max_value": expected.max})
        case _:
            return Check("ExpectTableColumnsToMatchSet", {"column_set": list(table.columns), "exact_match": True})


def in_words(expected: Expectation) -> str:
    """Return `expected` as one reads it aloud.

    Examples:
        >>> in_words(Between(kind="between", column="distance", min=0, mostly=0.99))
        'between(distance, min=0, mostly=0.99)'
        >>> in_words(InSet(kind="in_set", column="origin", values=["EWR", "JFK"]))
        "in_set(origin, 'EWR', 'JFK')"
        >>> in_words(RowCount(kind="row_count", max=9))
        'row_count(min=1, max=9)'
    """
    words = [*expected.columns(), *_values_in_words(expected)]
    words += [f"{bound}={value}" for bound in ("min", "max") if (value := getattr(expected, bound, None)) is not None]
    if (mostly := getattr(expected, "mostly", 1.0)) < 1.0:
        words.append(f"mostly={mostly:g}")
    return f"{expected.kind}({', '.join(words)})" if words else expected.kind


def _values_in_words(expected: Expectation) -> list[str]:
    if not isinstance(expected, InSet):
        return []
    shown = [repr(value) for value in expected.values[:_SHOWN_VALUES]]
    hidden = len(expected.values) - len(shown)
    return [*shown, f"{hidden} more"] if hidden else shown
