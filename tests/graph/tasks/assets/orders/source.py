"""Orders of a day, made by formula: from the 23rd on the notes are about something else and lateness no longer follows the amount."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from mlworks_orchestration.spec import TimeWindow

FIRST, CHANGE, A_DAY = date(2013, 1, 1), date(2013, 1, 23), 40
WORDS = {False: ("fine thanks", "all good", "nice shop"), True: ("broken again", "very angry", "never came")}
OTHERS = ("lorem ipsum dolor", "quod erat demonstrandum", "carpe diem quam minimum")


def of_day(day: date) -> pl.DataFrame:
    """Return the orders of a day with what became of them; each shop numbers its own."""
    random, number = np.random.default_rng(day.toordinal()), (day - FIRST).days
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    amount, angry = random.uniform(0, 10, A_DAY), random.random(A_DAY) < 0.4
    slope = 1.0 if day < CHANGE else -1.0
    said = [str(random.choice(WORDS[bool(each)] if day < CHANGE else OTHERS)) for each in angry]
    return pl.DataFrame(
        {
            "order_id": [f"{day}-{order}" for order in range(A_DAY)],
            "ordered_at": [midnight + timedelta(minutes=36 * order) for order in range(A_DAY)],
            "amount": amount,
            "shop": [f"shop {order}" for order in range(A_DAY)],
            "note": said,
            "day": [number] * A_DAY,
            "units_yesterday": 20.0 + 2.0 * number + random.normal(0, 2, A_DAY),
            "late": random.random(A_DAY) < 1 / (1 + np.exp(-slope * (amount - 5))),
            "angry": angry.astype(np.int64),
            "units": 22.0 + 2.0 * number + random.normal(0, 1, A_DAY),
        },
        schema_overrides={"ordered_at": pl.Datetime("us", "UTC")},
    )


def orders(window: TimeWindow) -> pl.DataFrame:
    """Return the orders of a window."""
    return _within(window).drop("late", "angry", "units")


def results(window: TimeWindow) -> pl.DataFrame:
    """Return what became of them."""
    return _within(window).select("order_id", "ordered_at", "late", "angry", "units")


def _within(window: TimeWindow) -> pl.DataFrame:
    days = (window.end - window.start).days
    return pl.concat([of_day(window.start.date() + timedelta(days=number)) for number in range(days)])
