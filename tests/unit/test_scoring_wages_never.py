"""What never happens to wages, whatever is told, in whatever order and however often."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.wages import STATES
from services.scoring.wages.months import SUMS
from tests.scoring_facts import AT
from tests.scoring_wages import Row, a_line, a_sheet, a_worker, an_account, wages

MONTHS = ("2026-08", "2026-09", "2026-10", "2026-11")
WORKERS = ("w1", "w2", "w3")
money = st.integers(0, 900_000).map(lambda fen: str((Decimal(fen) / 100).quantize(Decimal("0.01"))))
days_of_pay = st.none() | st.integers(-100, 20).map(lambda days: (AT + timedelta(days=days)).date().isoformat())


@st.composite
def a_version_of_a_line(draw: st.DrawFn) -> Row:
    """Any state of one of a few lines: hours apart, so that versions follow each other or tie."""
    is_back = draw(st.booleans())
    stated: dict[str, Any] = {
        "payable": draw(st.none() | money),
        "deduct": draw(st.none() | money),
        "actual": draw(st.none() | money),
        "paid_at": draw(days_of_pay),
        "payer_account": draw(st.sampled_from((None, "acc", "boss"))),
        "is_back_pay": is_back,
        "back_month": draw(st.sampled_from(MONTHS)) if is_back else None,
    }
    said_at = datetime(2026, 11, 20, draw(st.integers(0, 3)), tzinfo=UTC)
    where = {"number": draw(st.sampled_from(MONTHS)), "worker": draw(st.sampled_from(WORKERS))}
    return a_line(**where, **stated, _time=said_at)


def _in_rows(story: list[Row]) -> list[Row]:
    """No two versions come from the same row of a receipt."""
    return [line | {"row_no": row} for row, line in enumerate(story, 1)]


SHEETS = [*(a_sheet(month, month) for month in MONTHS), an_account(), a_worker("w3", "manager")]
stories = st.lists(a_version_of_a_line(), min_size=1, max_size=15).map(_in_rows)
presence = st.dictionaries(st.tuples(st.sampled_from(WORKERS), st.sampled_from(MONTHS)), st.integers(1, 31), max_size=6)


@settings(max_examples=25)
@given(stories, presence, st.integers())
def test_order_and_repetition_never_change_a_line(
    story: list[Row], came: dict[tuple[str, str], int], seed: int
) -> None:
    told = wages(*SHEETS, *story, came=came)
    again = [*SHEETS, *story, *story]
    random.Random(seed).shuffle(again)  # noqa: S311 - an order, no secret
    assert wages(*again, came=came) == told


@settings(max_examples=25)
@given(stories, presence)
def test_the_lines_always_sum_to_their_month_and_every_line_is_in_one_state(
    story: list[Row], came: dict[tuple[str, str], int]
) -> None:
    lines, months = wages(*SHEETS, *story, came=came)
    assert len({(line["month"], line["worker"]) for line in lines}) == len(lines)
    assert {line["state"] for line in lines} <= set(STATES)
    for month in months.values():
        own = [line for line in lines if line["month"] == month["month"]]
        assert sum(month[state] for state in STATES) == month["workers"] == len(own)
        assert [month[name] for name in SUMS] == [sum(line[name] for line in own) for name in SUMS]
        assert month["overdue"] + month["open_not_due"] == sum(line["open"] for line in own)


@settings(max_examples=25)
@given(stories)
def test_a_payment_is_never_counted_twice_nor_for_two_months(story: list[Row]) -> None:
    lines, _ = wages(*SHEETS, *story)
    newest = _newest(story)
    made = [
        Decimal(each["actual"] or 0) for each in newest if each["paid_at"] and each["paid_at"] <= AT.date().isoformat()
    ]
    assert sum(line["paid"] for line in lines) == sum(made)


@settings(max_examples=25)
@given(stories, presence)
def test_nobody_who_came_is_paid_without_attendance_and_nothing_paid_in_full_is_open(
    story: list[Row], came: dict[tuple[str, str], int]
) -> None:
    lines, _ = wages(*SHEETS, *story, came=came)
    for line in lines:
        if line["state"] == "paid_without_attendance":
            assert line["paid"] > 0 == line["days"]
            assert line["role"] != "manager"
        if line["state"] in ("paid_in_full_on_time", "paid_late", "attended_without_payroll", "no_claim"):
            assert line["open"] == 0
        if line["state"] in ("paid_short", "not_paid"):
            assert line["open"] > 0
        assert line["payable"] - line["deducted"] == line["due"] >= 0


def _newest(story: list[Row]) -> list[dict[str, Any]]:
    """Of each line what was said last, told apart as the store does."""
    last: dict[str, Row] = {}
    for row in sorted(story, key=lambda row: (row["source_time"], row["receipt_id"], row["row_no"])):
        last[row["key"]] = row
    bodies = pl.Series([row["body"] for row in last.values()])
    item = pl.Struct({"actual": pl.String, "paid_at": pl.String})
    return bodies.str.json_decode(item).to_list()
