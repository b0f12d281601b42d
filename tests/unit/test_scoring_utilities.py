"""E11 and E12: arrears and a drop of use are two signs, and points add within one code (domain.md 5.2, "6 / 6")."""

from typing import Any

import pytest

from services.scoring.judgement import judge
from services.scoring.rulebook import shipped
from tests.scoring_facts import TODAY, a_version, assessed, facts_of, signal

METERS = {"E11": ("ut_water", "volume"), "E12": ("ut_gas", "volume")}
USUAL = [100.0] * 13


def months_of_use(code: str, use: list[float], **last: object) -> list[dict[str, Any]]:
    """One row a month, the first for last month; `last` holds only for that one."""
    dataset, item = METERS[code]
    count = TODAY.year * 12 + TODAY.month - 1
    paid = {"arrears": "0.00", "arrears_days": 0}
    return [
        a_version(
            dataset,
            f"m|{back}",
            account_no="m",
            period=f"{(count - back) // 12}-{(count - back) % 12 + 1:02}",
            **{item: amount, **(last if back == 1 else paid)},
        )
        for back, amount in enumerate(use, start=1)
    ]


OWED = {"arrears": "88.00", "arrears_days": 45}
STOPPED = {"arrears": "88.00", "arrears_days": 5, "account_state": "stopped"}
CALM = {"arrears": "0.00", "arrears_days": 0}
HALVED, GONE = [50.0, 50.0, *USUAL], [10.0, *USUAL]


@pytest.mark.parametrize(
    ("code", "use", "last", "points"),
    [
        ("E11", USUAL, CALM, None),
        ("E11", USUAL, OWED, 6),
        ("E11", HALVED, CALM, 6),
        ("E11", HALVED, OWED, 12),
        ("E11", GONE, OWED, 12),
        ("E11", USUAL, STOPPED, 6),
        ("E11", HALVED, STOPPED, 12),
        ("E11", GONE, STOPPED, 12),
        ("E12", USUAL, OWED, 6),
        ("E12", GONE, CALM, 6),
        ("E12", HALVED, OWED, 12),
        ("E12", GONE, OWED, 12),
    ],
)
def test_arrears_and_a_drop_of_one_meter_give_six_points_each(
    code: str, use: list[float], last: dict[str, object], points: int | None
) -> None:
    found = signal(assessed(*months_of_use(code, use, **last)), code)
    assert (found and found.points) == points


def said(use: list[float], **last: object) -> tuple[str, str]:
    """The sentence of E11, in both languages."""
    (verdict,) = judge(facts_of(*months_of_use("E11", use, **last)), shipped(), "employer", {})
    (reason,) = verdict.reasons
    return reason.text_zh, reason.text_en


def test_the_sentence_tells_of_both_signs() -> None:
    assert said(HALVED, **OWED) == (
        "水费欠费45天,共 88.00 元;用水量连续两月较常年下降,较小的一月下降50%",
        "Water bill 45 days overdue, CNY 88.00; water use down for two months, by 50% in the lesser one",
    )


def test_a_fall_that_is_rounded_up_is_not_said_to_be_that_much_or_more() -> None:
    """By 50.6% and by 60%: "51% or more" was said of both."""
    zh, en = said([40.0, 49.4, *USUAL], **CALM)
    assert zh == "用水量连续两月较常年下降,较小的一月下降51%"
    assert en == "Water use down for two months, by 51% in the lesser one"
