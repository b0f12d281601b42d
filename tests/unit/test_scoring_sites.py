"""Who comes to a site: silence is a doubt about the data and never a level; folded months say what the punches say."""

from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.judgement import Verdict, judge
from services.scoring.rulebook import parse, shipped
from services.scoring.sites import worker_months
from shared.calendar import is_working_day
from tests.scoring_facts import PROJECT, TODAY, Rows, a_version, assessed, facts_of, features
from tests.scoring_sites import TEN, a_site, by_hand, fee, on_project, presence, register, weeks

DAYS = st.dates(date(2026, 8, 1), TODAY)
PUNCHES = st.lists(st.tuples(st.sampled_from(TEN), DAYS, st.booleans()), max_size=30)


def judged(*rows: dict[str, Any]) -> Verdict:
    (verdict,) = judge(facts_of(*rows, kind="project"), shipped(), "project", {})
    return verdict


def doubts(*rows: dict[str, Any]) -> list[str]:
    return [each.indicator for each in judged(*rows).data_quality]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("2026-11-19", []),  # a Thursday: only the Friday has passed; today is Monday, and not over
        ("2026-11-18", []),
        ("2026-11-17", ["P18"]),
        ("2026-09-30", ["P18"]),
    ],
)
def test_an_active_site_without_attendance_for_three_working_days_is_a_doubt(last: str, expected: list[str]) -> None:
    assert doubts(*a_site(), *presence(last, *TEN)) == expected


@pytest.mark.parametrize("state", ["停工", "完工", "complete"])
def test_a_site_that_has_stopped_or_ended_owes_no_attendance(state: str) -> None:
    assert doubts(*a_site(state=state), *presence("2026-10-17", *TEN)) == []


def test_a_site_that_never_told_of_anybody_is_not_known() -> None:
    assert doubts(*a_site()) == []


def test_the_doubt_is_said_in_both_languages_with_the_rows_that_were_last() -> None:
    (doubt,) = judged(*a_site(), *presence("2026-11-17", *TEN)).data_quality
    assert doubt.text_zh == "在建项目已3个工作日未上传考勤"
    assert "3 working days" in doubt.text_en
    assert (doubt.points, doubt.floor) == (0, None)
    assert {row.dataset for row in doubt.receipts} == {"hc_attendance"}


@settings(max_examples=25)
@given(st.sampled_from([[], [fee("2026-09-22")], [fee("2026-08-22")], weeks(TEN, TEN[:5])]), DAYS)
def test_a_doubt_about_the_data_never_touches_level_points_or_what_listeners_hear(more: Rows, last: date) -> None:
    rows = [*a_site(), *more, *presence(str(last), *TEN)]
    verdict = judged(*rows)
    assert "P18" not in [signal.indicator for signal in verdict.assessment.signals]
    assert "P18" not in [reason.indicator for reason in verdict.reasons]
    assert verdict.assessment == assessed(*rows, kind="project")


def test_an_indicator_of_the_data_that_gives_points_is_refused() -> None:
    pages = resources.files("services.scoring") / "data"
    datasets, features_, indicators, parameters = (
        (pages / f"{name}.yaml").read_text("utf-8") for name in ("datasets", "features", "indicators", "parameters")
    )
    graver = indicators.replace('zh: "在建项目已', 'points: 5, zh: "在建项目已')
    with pytest.raises(ValueError, match="P18: what speaks of the data"):
        parse(*(page.encode() for page in (datasets, features_, graver, parameters)))


@settings(max_examples=25)
@given(PUNCHES)
def test_a_folded_month_says_what_its_punches_say(punches: list[tuple[str, date, bool]]) -> None:
    """As store/attendance.py folds: the last punch of each worker's month, with the days of all."""
    every = {(who, day): made for who, day, made in punches}
    rows = [row for (who, day), made in every.items() for row in (by_hand if made else presence)(str(day), who)]
    raw = [*a_site(), *register(TEN[:5]), *rows]
    folded = [*a_site(), *register(TEN[:5]), *_folded(every)]
    one, other = features(*raw, kind="project"), features(*folded, kind="project")
    assert one.values.equals(other.values)
    for code in ("attendance_made_percent", "workers_without_real_name", "attendance_silent_days"):
        assert one.evidence[code].sort("time", "receipt_id").equals(other.evidence[code].sort("time", "receipt_id"))


def _folded(every: dict[tuple[str, date], bool]) -> Rows:
    months: dict[tuple[str, str], list[tuple[date, bool]]] = {}
    for (who, day), made in every.items():
        months.setdefault((who, f"{day:%Y-%m}"), []).append((day, made))
    lines = []
    for (who, _), days in months.items():
        last, _ = max(days)
        came = sum(1 << (day.day - 1) for day, _ in days)
        made_days = sum(1 << (day.day - 1) for day, by_hand_too in days if by_hand_too)
        items = {"id_no": who, "punch_at": f"{last}T08:00:00+08:00", "came": str(came), "made": str(made_days)}
        lines.append(a_version("hc_attendance", f"{who}{last}", **items))
    return on_project(*lines)


def test_a_holiday_is_no_collapse() -> None:
    """The week of the National Day: nobody comes, and nothing is said about anybody."""
    at = date(2026, 10, 8)
    days = [at - timedelta(days=back) for back in range(1, 36)]
    rows = [row for day in days for row in presence(str(day), *(TEN if day < date(2026, 10, 1) else TEN[:1]))]
    moment = datetime(2026, 10, 8, 4, tzinfo=UTC)
    known = [row | {"reported_at": moment} for row in (*a_site(), *rows)]
    assert features(*known, at=moment, kind="project").values["attendance_fall_percent"].to_list() == [None]


def test_what_was_usual_is_the_same_however_late_in_the_month_one_asks() -> None:
    """The days before go back into September on the sixth and on the twelfth of November alike."""
    last = date(2026, 10, 29)
    days = [day for day in (last - timedelta(days=back) for back in range(60)) if is_working_day(day)]
    came = {day: 2 if last - day < timedelta(days=7) else 4 if day > date(2026, 10, 14) else 10 for day in days}
    rows = [row for day, count in came.items() for row in presence(str(day), *TEN[:count])]
    for today in (6, 12):
        at = datetime(2026, 11, today, 4, tzinfo=UTC)
        known = [row | {"reported_at": at, "source_time": at} for row in (*a_site(), *rows)]
        values = features(*known, at=at, kind="project").values
        assert (values["attendance_now"].item(), values["attendance_usual"].item()) == (2, 10)


def test_a_worker_who_came_twice_a_day_is_one_day_and_by_hand_if_any_was() -> None:
    at = [f"2026-11-10T{hour}:00:00+08:00" for hour in ("08", "18")]
    rows = [
        a_version("hc_attendance", f"w{hour}", id_no="w", punch_at=hour, origin=origin)
        for hour, origin in zip(at, ("device", "generated"), strict=True)
    ]
    table = worker_months(facts_of(*a_site(), *on_project(*rows), kind="project"))
    assert table.select("came", "made").rows() == [(1 << 9, 1 << 9)]
    assert table.select(pl.col("subject")).item() == PROJECT
