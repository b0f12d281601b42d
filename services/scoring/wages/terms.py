"""Until when wages are to be paid, by parameters of the book; and which datasets wages are made of."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType

import msgspec
import polars as pl

from services.scoring.rulebook import Dataset, Rulebook
from shared.calendar import previous_working_day

WINDOW_MONTHS = 24
DUE = {"month": pl.Int32(), "due_on": pl.Date()}


def due_days(today: date, book: Rulebook) -> pl.DataFrame:
    """DUE: of each month of the window until when its wages are to be paid. Months before the law are left out.

    Every indicator and page asks here (`due_on`).
    """
    this_month = today.year * 12 + today.month - 1
    found = {month: due_on(month, book) for month in range(this_month - WINDOW_MONTHS + 1, this_month + 1)}
    known = [(month, day) for month, day in found.items() if day]
    return pl.DataFrame(known, schema=DUE, orient="row")


def due_on(month: int, book: Rulebook) -> date | None:
    """Until when a month's wages (a count since year 0) are to be paid; None before there was such a law.

    Decree 724, art. 13-14: on the agreed day, in the same or the next cycle; before a holiday if it falls on one. No
    register tells the agreed day, so the last lawful one counts: `wage_due_days` after the month's end, and never later
    than the last day of the month after it, which of January's wages is 28 or 29 February.
    """
    last_day = _last_day(month)
    try:
        days = book.parameter("wage_due_days", last_day)
    except KeyError:
        return None
    return previous_working_day(min(last_day + timedelta(days=days), _last_day(month + 1)))


def _last_day(month: int) -> date:
    following = month + 1
    return date(following // 12, following % 12 + 1, 1) - timedelta(days=1)


@cache
def shipped_datasets() -> Mapping[str, Dataset]:
    """What wages read of the catalogue's datasets, as it is in the package."""
    page = resources.files("services.scoring") / "data" / "wages.yaml"
    read = msgspec.yaml.decode(page.read_bytes(), type=tuple[Dataset, ...])
    return MappingProxyType({each.dataset: each for each in read})
