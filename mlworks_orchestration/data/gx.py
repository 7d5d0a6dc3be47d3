"""Great Expectations, called on one frame at a time: which rows of it break which expectation."""

import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import polars as pl

# Great Expectations keeps one project and one loaded batch a process; two threads at once would judge each other's rows.
_ONE_AT_A_TIME = threading.Lock()

_EVERY_UNEXPECTED_ROW = {
    "result_format": "COMPLETE",
    "partial_unexpected_count": 0,
    "return_unexpected_index_query": False,
    "exclude_unexpected_values": True,
}


class Check(NamedTuple):
    """One expectation of Great Expectations: the name of its class and what it is made with."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What Great Expectations says of a frame.

    Parameters:
        success: whether the expectation holds on the whole frame.
        unexpected: positions of the rows that break it, ascending; empty for an expectation that is not about rows.
        error: why it cannot be judged, for example a comparison of text with a number; empty if it could be.
    """

    success: bool
    unexpected: list[int]
    error: str


def run(frame: pl.DataFrame, checks: Sequence[Check]) -> list[Outcome]:
    """Judge `frame` by each of `checks`.

    Parameters:
        frame: only the columns that the checks name; it is copied to pandas.
        checks: expectations of Great Expectations.

    Returns:
        One outcome a check, in their order.

    Examples:
        >>> frame = pl.DataFrame({"distance": [5.0, -1.0, None]})
        >>> [outcome.unexpected for outcome in run(frame, [Check("ExpectColumnValuesToNotBeNull", {"column": "distance"})])]
        [[2]]
    """
    if not checks:
        return []
    with _ONE_AT_A_TIME:
        results = _validate(frame, checks)
    outcomes = {result.expectation_config.meta["position"]: _outcome(result) for result in results}
    return [outcomes[position] for position in range(len(checks))]


def _validate(frame: pl.DataFrame, checks: Sequence[Check]) -> list[Any]:
    batches = _batches()
    from great_expectations import ExpectationSuite, expectations  # noqa: PLC0415 - 2.4 s, and not without the filter of _batches

    # Results come back in an order of their own, so each check carries its position.
    suite = ExpectationSuite(
        name="checks",
        expectations=[getattr(expectations, check.name)(**check.arguments, meta={"position": i}) for i, check in enumerate(checks)],
    )
    try:
        return list(batches.get_batch({"dataframe": frame.to_pandas()}).validate(suite, result_format=_EVERY_UNEXPECTED_ROW).results)
    finally:
        # The last frame stays loaded, so let that be one without rows. A new source for each call costs 10 ms.
        batches.get_batch({"dataframe": frame.clear().to_pandas()}).validate(ExpectationSuite(name="nothing"))


def _outcome(result: Any) -> Outcome:  # noqa: ANN401 - Great Expectations is untyped here
    # One exception stands by itself; those of metrics stand under the metrics' names.
    info = result.exception_info
    raised = [each for each in ([info] if "raised_exception" in info else info.values()) if each["raised_exception"]]
    return Outcome(
        success=bool(result.success),
        unexpected=[int(row) for row in result.result.get("unexpected_index_list") or []],
        error=str(raised[0]["exception_message"]) if raised else "",
    )


@cache
def _batches() -> Any:  # noqa: ANN401 - Great Expectations is untyped here
    """Return what takes a frame as a batch, in the one context: in memory, without analytics from its first moment on, without progress bars."""
    with warnings.catch_warnings():
        # Great Expectations 1.24 imports these two deprecated modules of Python's; nothing else is hidden.
        warnings.filterwarnings("ignore", message="module 'sre_(constants|parse)' is deprecated", category=DeprecationWarning)
        import great_expectations  # noqa: PLC0415 - 2.4 s

    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults  # noqa: PLC0415 - as above

    quiet = DataContextConfig(
        analytics_enabled=False,
        progress_bars={"globally": False},
        store_backend_defaults=InMemoryStoreBackendDefaults(),
    )
    context = great_expectations.get_context(mode="ephemeral", project_config=quiet)
    return context.data_sources.add_pandas("frames").add_dataframe_asset("frame").add_batch_definition_whole_dataframe("rows")
