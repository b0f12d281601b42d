"""A feed that stopped makes nobody clean, lets nothing grow by itself, and its silence is missing, not zero."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring import indicators
from services.scoring.features import Features
from services.scoring.frames import FEEDS, Facts, gather, horizons
from services.scoring.rulebook import Scored, shipped
from services.scoring.rules import Level, assess
from shared.clock import local_date
from tests.scoring_facts import AT, PROJECT, USCC, a_version, feeds_of, versions_of

DAY = timedelta(days=1)
THEN = AT - 5 * DAY


def known(rows: list[dict[str, Any]], at: datetime, stopped_at: datetime | None, kind: Scored = "employer") -> Facts:
    feeds = feeds_of(rows).with_columns(pl.lit(stopped_at, FEEDS["stopped_at"]).alias("stopped_at"))
    who = USCC if kind == "employer" else PROJECT
    return gather([who], versions_of(rows), feeds, shipped().of_subject(kind), at)


def found(rows: list[dict[str, Any]], at: datetime, stopped_at: datetime | None, kind: Scored = "employer") -> Features:
    return indicators.features_at(known(rows, at, stopped_at, kind), shipped(), kind)


def level(rows: list[dict[str, Any]], at: datetime, stopped_at: datetime | None) -> Level:
    signalled = indicators.assess_signalled(found(rows, at, stopped_at), shipped(), "employer", local_date(at))
    calm = assess((), shipped().scale(local_date(at)), local_date(at))
    return signalled.get(USCC, calm).level


def value(features: Features, code: str) -> Any:
    return features.values[code][0]


def social_fees(*periods: str) -> list[dict[str, Any]]:
    given = {"payable": "9000", "paid": "0", "arrears": "9000"}
    return [a_version("tax_social_fee", each, period=each, **given, _reported=THEN) for each in periods]


FEES = social_fees("2026-08", "2026-09", "2026-10")


@pytest.mark.parametrize("days", [0, 40, 200, 800])
def test_who_owes_does_not_become_clean_because_the_feed_stopped(days: int) -> None:
    assert level(FEES, AT + days * DAY, stopped_at=THEN) == "orange"


def test_while_the_feed_lives_what_is_no_longer_reported_ends() -> None:
    assert level(FEES, AT + 800 * DAY, stopped_at=None) == "none"


@given(st.integers(0, 1500))
def test_what_a_stopped_feed_told_never_grows_by_itself(days: int) -> None:
    now, later = (found(FEES, at, THEN) for at in (AT, AT + days * DAY))
    for code in ("si_open_months", "si_arrears", "si_reported_months"):
        assert value(later, code) == value(now, code)


def test_no_word_of_a_living_event_feed_is_zero_and_of_a_stopped_one_missing() -> None:
    others = [a_version("court_dishonest", filed_at="2026-11-01", _subject="91330110MA2CEABC2B", _reported=THEN)]
    assert value(found(others, AT, None), "dishonest_12m") == 0
    assert value(found(others, AT, THEN), "dishonest_12m") is None


def test_a_debt_that_was_paid_before_the_feed_stopped_is_missing_not_zero() -> None:
    paid = [a_version("tax_social_fee", period="2026-10", payable="9000", paid="9000", arrears="0", _reported=THEN)]
    assert value(found(paid, AT, None), "si_open_months") == 0
    assert value(found(paid, AT, THEN), "si_open_months") is None


def test_another_agencys_feed_that_lives_is_believed() -> None:
    here = [a_version("ut_water", account_no="1", period="2026-10", arrears="0", _agency="east", _reported=THEN)]
    there = [
        a_version("ut_water", "k2", account_no="2", period="2026-10", _agency="west", _subject="x", _reported=THEN)
    ]
    feeds = feeds_of([*here, *there]).with_columns(
        pl.when(pl.col("agency") == "west").then(pl.lit(THEN, FEEDS["stopped_at"])).alias("stopped_at")
    )
    facts = gather([USCC], versions_of([*here, *there]), feeds, shipped().of_subject("employer"), AT)
    assert value(indicators.features_at(facts, shipped(), "employer"), "water_stopped") == 0


def test_a_bank_that_stopped_misses_no_further_labour_fee() -> None:
    began = AT - 100 * DAY
    rows = [
        a_version(
            "hc_project",
            state="在建",
            start_date=f"{began:%Y-%m-%d}",
            _kind="project",
            _subject=PROJECT,
            _reported=began,
        ),
        a_version(
            "bk_special_account",
            account_no="62",
            opened_at=f"{began:%Y-%m-%d}",
            _kind="project",
            _subject=PROJECT,
            _reported=began,
        ),
        a_version(
            "bk_account_flow",
            "f",
            account_no="62",
            txn_at=began.isoformat(),
            direction="in",
            amount="1",
            purpose="labour fee in",
            _kind="account",
            _subject="62",
            _reported=began,
        ),
    ]
    missed = [
        value(found(rows, AT - days * DAY, began + 3 * DAY, "project"), "fee_cycles_missed") for days in (60, 30, 0)
    ]
    assert missed == [0, 0, 0]
    assert value(found(rows, AT, None, "project"), "fee_cycles_missed") == 1


def test_a_stopped_feeds_horizon_stands_still() -> None:
    stopped = {"tax_social_fee": {"an-agency": local_date(THEN)}}
    later = AT + 700 * DAY
    assert (
        horizons(shipped().datasets, later, stopped)["tax_social_fee"]
        == horizons(shipped().datasets, THEN)["tax_social_fee"]
    )
    assert horizons(shipped().datasets, later, stopped)["pw_usage"] == horizons(shipped().datasets, later)["pw_usage"]
