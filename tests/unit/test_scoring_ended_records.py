"""A record that a full list does not name any more is paid or over, not unknown: its reasons go with it, on its day."""

from datetime import date, datetime, timedelta
from typing import Any

from tests.scoring_facts import AT, a_receipt, a_version, assessed, features, signal

CLOSED = AT - timedelta(days=2)


def ended(version: dict[str, Any], at: datetime = CLOSED, reported: datetime | None = None) -> dict[str, Any]:
    """The end of a record as of a moment."""
    told = reported or at
    return version | {"source_time": at, "reported_at": told, "row_no": 0, "receipt_id": a_receipt(9)}


def owing(period: str, arrears: str = "14043.33") -> dict[str, Any]:
    then = AT - timedelta(days=20)
    return a_version("tax_social_fee", f"k|{period}", period=period, arrears=arrears, _reported=then)


def value(name: str, *rows: dict[str, Any], at: datetime = AT) -> tuple[Any, Any]:
    """A feature and the day it speaks of."""
    found = features(*rows, at=at).values
    return found.item(0, name), found.item(0, f"{name}@")


def test_reasons_go_with_the_record_on_the_day_on_which_its_end_is_known() -> None:
    months = [owing(period) for period in ("2026-08", "2026-09", "2026-10")]
    assert signal(assessed(*months), "E01") is not None
    rows = [*months, *(ended(each) for each in months)]
    assert assessed(*rows).signals == ()
    assert signal(assessed(*rows, at=CLOSED - timedelta(hours=1)), "E01") is not None


def test_what_has_ended_is_zero_and_not_missing() -> None:
    one = owing("2026-10")
    assert value("si_open_months", one, ended(one)) == (0, date(2026, 11, 21))
    assert value("si_open_months") == (None, None)


def test_the_end_of_the_newest_month_does_not_bring_an_older_one_up_again() -> None:
    def billed(period: str) -> dict[str, Any]:
        then = AT - timedelta(days=20)
        return a_version("pw_usage", f"A|{period}", account_no="A", period=period, arrears="90.00", _reported=then)

    before, newest = billed("2026-09"), billed("2026-10")
    assert value("power_arrears", before, newest)[0] == 90
    assert value("power_arrears", before, newest, ended(newest))[0] == 0
    assert value("power_arrears", before, newest, ended(before))[0] == 90


def test_an_end_breaks_a_run_of_months() -> None:
    def owed(period: str) -> dict[str, Any]:
        then = AT - timedelta(days=20)
        return a_version("tax_arrears", period, as_of=period, balance="5.00", _reported=then)

    months = [owed(period) for period in ("2026-08", "2026-09", "2026-10")]
    assert value("tax_arrears_run", *months)[0] == 3
    assert value("tax_arrears_run", *months, ended(months[2]))[0] == 0
    assert value("tax_arrears_run", *months, ended(months[1]))[0] == 1


def test_an_entry_of_a_list_that_is_over_is_not_counted_as_one_without_an_end() -> None:
    entry = a_version("samr_abnormal", listed_at="2026-01-05", cause="无法联系", _reported=AT - timedelta(days=20))
    assert value("abnormal_unreachable", entry)[0] == 1
    assert value("abnormal_unreachable", entry, ended(entry))[0] == 0


def test_a_headcount_that_is_no_more_is_no_fall_to_zero() -> None:
    then = AT - timedelta(days=20)
    months = [
        a_version("hrss_insured_headcount", period, period=period, pension_payers="80", _reported=then)
        for period in ("2026-09", "2026-10")
    ]
    assert value("headcount_fall_1m", *months)[0] == 0
    assert value("headcount_fall_1m", *months, ended(months[1]))[0] is None


def test_a_record_that_comes_back_counts_again() -> None:
    one = owing("2026-10")
    back = one | {"source_time": CLOSED + timedelta(days=1), "reported_at": CLOSED + timedelta(days=1)}
    assert value("si_open_months", one, ended(one), back)[0] == 1
