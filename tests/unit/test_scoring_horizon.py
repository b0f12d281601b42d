"""Horizons: what is older than any rule looks back stays in the store, and no answer depends on it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from services.ingest.catalogue import shipped as catalogue
from services.scoring import indicators, rulebook
from services.scoring.frames import counted, gather, horizons, newest
from services.scoring.rulebook import shipped
from tests.scoring_facts import AT, PROJECT, USCC, a_receipt, a_version, features, feeds_of, versions_of

BOUNDED = {code: each for code, each in shipped().datasets.items() if each.horizon_months}
SITE: dict[str, Any] = {"_kind": "project", "_subject": PROJECT}
BANK: dict[str, Any] = {"_kind": "account", "_subject": "acc", "_agency": "bank"}


def test_a_horizon_begins_with_a_month_of_china() -> None:
    assert horizons(BOUNDED, AT)["hc_attendance"] == datetime(2025, 8, 31, 16, tzinfo=UTC)
    assert "samr_entity" not in horizons(shipped().datasets, AT)


def test_a_horizon_is_put_only_where_a_record_is_dated_by_its_report_or_by_what_rules_look_at() -> None:
    for code, dataset in BOUNDED.items():
        assert tuple(catalogue().datasets[code].source_time) in ((), dataset.time), code


def _pages(horizon: int) -> list[bytes]:
    book = shipped()
    datasets = [
        msgspec.structs.replace(each, horizon_months=horizon) if each.dataset == "tax_social_fee" else each
        for each in book.datasets.values()
    ]
    features_page = {"measured": book.measured, "derived": book.derived, "built": book.built}
    return [msgspec.yaml.encode(page) for page in (datasets, features_page, book.indicators, book.parameters)]


def test_a_horizon_that_would_hide_what_a_feature_looks_at_is_refused() -> None:
    assert rulebook.parse(*_pages(13)).datasets["tax_social_fee"].horizon_months == 13
    with pytest.raises(ValueError, match="beyond the horizon of tax_social_fee"):
        rulebook.parse(*_pages(12))


def a_punch(day: datetime, worker: str, number: int) -> dict[str, Any]:
    return a_version("hc_attendance", f"p{number}", id_no=worker, punch_at=day.isoformat(), _time=day, **SITE)


def a_flow(day: datetime, purpose: str, number: int) -> dict[str, Any]:
    direction = "in" if purpose.endswith("in") else "out"
    items = {
        "account_no": "acc",
        "txn_at": day.isoformat(),
        "direction": direction,
        "purpose": purpose,
        "balance": number,
    }
    return a_version("bk_account_flow", f"f{number}", payee_is_worker=False, **items, _time=day, **BANK)


@st.composite
def a_projects_life(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Punches and flows of three years, beside an account and a payroll."""
    days = st.integers(0, 1100).map(lambda days: AT - timedelta(days=days))
    opened = draw(days).date().isoformat()
    rows = [
        a_version("hc_project", PROJECT, state="在建", **SITE),
        a_version("bk_special_account", "acc", account_no="acc", opened_at=opened, _agency="bank", **SITE),
        a_flow(AT, "wage out", 99),
    ]
    for number, day in enumerate(draw(st.lists(days, max_size=6))):
        rows.append(a_punch(day, draw(st.sampled_from(("w1", "w2"))), number))
        pay_month = f"{day:%Y-%m}"
        rows.append(a_version("hc_payroll", f"pr{number}", payroll_no=f"pr{number}", pay_month=pay_month, **SITE))
    purposes = st.sampled_from(("labour fee in", "wage out"))
    rows += [a_flow(day, draw(purposes), number) for number, day in enumerate(draw(st.lists(days, max_size=6)))]
    return rows


def _seen(rows: list[dict[str, Any]], at: datetime) -> list[dict[str, Any]]:
    since = horizons(shipped().datasets, at)
    return [row for row in rows if row["source_time"] >= since.get(row["dataset"], row["source_time"])]


@given(a_projects_life())
@settings(max_examples=40, deadline=None)
def test_no_feature_of_a_project_ever_depends_on_what_lies_beyond_the_horizon(rows: list[dict[str, Any]]) -> None:
    boundless = {code: msgspec.structs.replace(each, horizon_months=None) for code, each in shipped().datasets.items()}
    book = msgspec.structs.replace(shipped(), datasets=boundless)
    seen = _seen(rows, AT)
    # The feeds' reports are the same: when a feed began is no matter of a project's own records.
    whole = gather([PROJECT], versions_of(rows), feeds_of(seen), book.of_subject("project"), AT)
    assert_frame_equal(
        features(*seen, kind="project").values,
        indicators.features_at(whole, book, "project").values,
        check_dtypes=False,
    )


def test_an_old_version_never_comes_up_again_because_a_newer_one_is_too_old() -> None:
    old = AT - timedelta(days=900)
    paid = a_version("tax_social_fee", period="2026-10", arrears="0.00", _time=old)
    owed = a_version("tax_social_fee", period="2026-10", arrears="9.00", _time=old - timedelta(days=1), _row=2)
    # The older one even arrived last, and its month is in everyone's window.
    late = owed | {"reported_at": AT, "receipt_id": a_receipt(2)}
    assert features(paid | {"reported_at": old}, late).values["si_open_months"].to_list() == [None]


@st.composite
def records_of_all_ages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Versions of a few records, of datasets with and without a horizon and of one that no rule reads."""
    ages = st.integers(0, 1100).map(lambda days: AT - timedelta(days=days))
    datasets = st.sampled_from(("tax_social_fee", "tax_arrears", "samr_entity", "no_rule_reads_this"))
    return [
        a_version(draw(datasets), draw(st.sampled_from("ab")), number=number, _time=draw(ages), _row=number)
        for number in range(1, draw(st.integers(2, 9)))
    ]


@given(records_of_all_ages())
@settings(deadline=None)
def test_what_was_read_for_a_model_too_counts_for_the_rules_as_if_they_had_read_it_themselves(
    rows: list[dict[str, Any]],
) -> None:
    datasets = shipped().of_subject("employer")
    own = gather([USCC], versions_of(rows), feeds_of(rows), datasets, AT)
    for_both = counted(newest(versions_of(rows)), datasets, AT)
    shared = gather([USCC], for_both, feeds_of(rows), datasets, AT, are_newest=True)
    for code in datasets:
        assert_frame_equal(shared.frames[code], own.frames[code])
