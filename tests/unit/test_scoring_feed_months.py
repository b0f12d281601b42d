"""Months of an event feed: who is not in the month that it tells of owes nothing; a feed that stopped clears nobody."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from services.scoring import indicators
from services.scoring.frames import Facts, gather, newest_month
from services.scoring.rulebook import shipped
from services.scoring.rules import assess
from tests.scoring_facts import AT, TODAY, USCC, a_version, feeds_of, signal, versions_of

SEPTEMBER, OCTOBER = 2026 * 12 + 8, 2026 * 12 + 9


def owing(*periods: str, balance: str = "500.00") -> list[dict[str, Any]]:
    then = AT - timedelta(days=40)
    return [a_version("tax_arrears", each, as_of=each, balance=balance, _reported=then) for each in periods]


def facts(rows: list[dict[str, Any]], told: int | None, at: datetime = AT) -> Facts:
    feeds = feeds_of(rows).with_columns(pl.lit(told, pl.Int32).alias("month"))
    return gather([USCC], versions_of(rows), feeds, shipped().of_subject("employer"), at)


def e05(rows: list[dict[str, Any]], told: int | None, at: datetime = AT) -> int | None:
    """The points of E05."""
    known = facts(rows, told, at)
    found = indicators.signals(
        indicators.features_at(known, shipped(), "employer").values, shipped().in_force(TODAY, "employer")
    )
    each = signal(assess(found.get(USCC, ()), shipped().scale(TODAY), TODAY), "E05")
    return each.points if each else None


@pytest.mark.parametrize(
    ("periods", "told", "points"),
    [
        (("2026-08", "2026-09"), SEPTEMBER, 10),
        (("2026-08", "2026-09"), OCTOBER, None),
        (("2026-08", "2026-09", "2026-10"), OCTOBER, 10),
        (("2026-08", "2026-10"), OCTOBER, None),
        (("2026-09", "2026-10"), SEPTEMBER, 10),  # his own record is newer than what counts of the feed
        (("2026-08", "2026-09"), None, 10),
    ],
)
def test_tax_arrears_run_up_to_the_newest_month_that_the_feed_tells_of(
    periods: tuple[str, ...], told: int | None, points: int | None
) -> None:
    assert e05(owing(*periods), told) == points


def test_a_large_balance_is_gone_with_the_month_in_which_the_feed_does_not_name_it() -> None:
    assert e05(owing("2026-09", balance="150000.00"), SEPTEMBER) == 15
    assert e05(owing("2026-09", balance="150000.00"), OCTOBER) is None
    known = facts(owing("2026-09"), OCTOBER)
    assert indicators.features_at(known, shipped(), "employer").values["tax_balance"].to_list() == [0]


def test_a_feed_that_has_stopped_clears_nobody() -> None:
    assert e05(owing("2026-08", "2026-09"), SEPTEMBER, AT + timedelta(days=400)) == 10


def test_who_owes_tax_is_looked_at_again_every_day() -> None:
    for told in (SEPTEMBER, None):
        review = indicators.features_at(facts(owing("2026-08", "2026-09"), told), shipped(), "employer").review
        assert review["ends"].to_list() == [TODAY + timedelta(days=1)]


def test_a_month_to_come_is_no_month_that_a_feed_tells_of() -> None:
    dataset = shipped().datasets["tax_arrears"]
    told = pl.DataFrame({"as_of": ["2026-09", "2031-01", "2026-08", None, "x"]})
    assert newest_month(told, dataset, AT) == SEPTEMBER
    assert newest_month(pl.DataFrame({"as_of": [None]}), dataset, AT) is None
    assert newest_month(pl.DataFrame(height=1), dataset, AT) is None
