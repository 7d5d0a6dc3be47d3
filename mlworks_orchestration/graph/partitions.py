"""Partitions in Dagster's terms."""

import math
from collections.abc import Sequence
from datetime import timedelta

import dagster as dg

from mlworks_orchestration.graph.names import RANGE_END, RANGE_START
from mlworks_orchestration.spec import Partitions

_CRON = {"hour": "0 * * * *", "day": "0 0 * * *", "week": "0 0 * * 1", "month": "0 0 1 * *"}
_SHORTEST = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1), "month": timedelta(days=28)}


def definition(partitions: Partitions) -> dg.TimeWindowPartitionsDefinition:
    """Return Dagster's definition of the same partitions, key for key."""
    return dg.TimeWindowPartitionsDefinition(
        start=partitions.start.strftime(partitions.key_format),
        end=partitions.end.strftime(partitions.key_format) if partitions.end else None,
        fmt=partitions.key_format,
        timezone=partitions.timezone,
        cron_schedule=_CRON[partitions.every],
    )


def cron(partitions: Partitions) -> str:
    """Return the cron expression that ticks when a partition has ended."""
    return _CRON[partitions.every]


def looking_back(partitions: Partitions, span: timedelta) -> dg.TimeWindowPartitionMapping:
    """Map a partition to itself and the earlier ones that reach `span` back."""
    return dg.TimeWindowPartitionMapping(start_offset=-math.ceil(span / _SHORTEST[partitions.every]), allow_nonexistent_upstream_partitions=True)


def range_tags(keys: Sequence[str]) -> dict[str, str]:
    """Return the run tags that make one run of all partitions from the first to the last of `keys`."""
    return {RANGE_START: min(keys), RANGE_END: max(keys)}
