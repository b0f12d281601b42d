"""Steps of domain.md 5.2 that had no value at their threshold: just below, on it, just above, and at a window's end."""

from typing import Any

import pytest

from tests.scoring_facts import Rows, a_version, assessed, days_ago, signal
from tests.unit.test_scoring_indicators import events, moment_ago, monthly
from tests.unit.test_scoring_meters import bills


def water(use: list[object], **last: object) -> Rows:
    return monthly("ut_water", "volume", use, account_no="w", **last)


def listed(**items: object) -> dict[str, Any]:
    return a_version("hrss_arrears_list", **items)


def penalised(days: int) -> dict[str, Any]:
    return a_version("hrss_labor_penalty", close_date=days_ago(days))


def petition(people: int, days: int = 1) -> Rows:
    return events("gov_petition", 1, received_at=days_ago(days), people_cnt=people)


def ruling(**items: object) -> dict[str, Any]:
    return a_version("court_unperformed", **({"cause": "追索劳动报酬纠纷"} | items))


def cases(count: int, workers: int, days: int = 1) -> Rows:
    return events("hrss_arbitration", count, accept_date=days_ago(days), worker_num=workers)


def seen(signs: list[str], days: int = 1) -> Rows:
    return events("gov_grid_event", 1, reported_at=moment_ago(days), signs=signs)


USUAL = [100] * 16
STEPS: list[tuple[str, Rows, tuple[int, str] | None]] = [
    # E11: half in two months, four fifths in one; beyond 30 days.
    ("E11", water([50, 51, *USUAL]), None),
    ("E11", water([51, 50, *USUAL]), None),
    ("E11", water([49, 49, *USUAL]), (6, "none")),
    ("E11", water([21, *USUAL]), None),
    ("E11", water([20, *USUAL]), (6, "none")),
    ("E11", water([19, *USUAL]), (6, "none")),
    ("E11", monthly("ut_water", "account_state", ["stopped"], account_no="w", arrears="0.00"), None),
    ("E11", monthly("ut_water", "account_state", ["stopped"], account_no="w", arrears="0.01"), (6, "none")),
    # E16: whatever is unpaid of a wage ruling; what was not told was not performed either.
    ("E16", [ruling(unpaid="0.00")], None),
    ("E16", [ruling(unpaid="0.01")], (25, "orange")),
    ("E16", [ruling()], (25, "orange")),
    # E19: an entry, until it is removed.
    ("E19", [a_version("samr_abnormal", cause="未按规定公示年度报告", removed_at=days_ago(0))], None),
    ("E19", [a_version("samr_abnormal")], (4, "none")),
    # E20
    ("E20", [a_version("samr_serious_illegal", listed_at=days_ago(9), removed_at=days_ago(0))], None),
    # E24: three cases or ten workers in ninety days.
    ("E24", cases(2, 4), None),
    ("E24", cases(3, 1), (15, "none")),
    ("E24", cases(3, 1, days=90), (15, "none")),
    ("E24", cases(3, 1, days=91), None),
    ("E24", cases(1, 9), None),
    ("E24", cases(1, 10), (25, "none")),
    ("E24", cases(1, 11), (25, "none")),
    ("E24", cases(1, 10, days=91), None),
    # E26: a penalty for two years, a listing for three.
    ("E26", [penalised(730)], (10, "none")),
    ("E26", [penalised(731)], None),
    ("E26", [penalised(-1)], None),
    ("E26", [listed(listed_at=days_ago(1095))], (25, "orange")),
    ("E26", [listed(listed_at=days_ago(1096))], None),
    ("E26", [listed(listed_at=days_ago(9), remove_date=days_ago(0))], None),
    ("E26", [penalised(1), listed(listed_at=days_ago(9))], (25, "orange")),
    # E29: five people, fifty people, sixty days; two petitions are two groups.
    ("E29", petition(49), (20, "orange")),
    ("E29", petition(50), (35, "red")),
    ("E29", petition(51), (35, "red")),
    ("E29", petition(5, days=60), (20, "orange")),
    ("E29", petition(5, days=61), None),
    ("E29", events("gov_petition", 2, received_at=days_ago(1), people_cnt=4), None),
    # E30
    ("E30", events("ps_wage_incident", 1, reported_at=moment_ago(60), kind="gathering", people_cnt=10), (35, "red")),
    ("E30", events("ps_wage_incident", 1, reported_at=moment_ago(61), kind="gathering", people_cnt=10), None),
    ("E30", events("ps_wage_incident", 1, reported_at=moment_ago(1), kind="dispute", people_cnt=10), None),
    # E31: kinds of sign, each once, however many saw it.
    ("E31", seen([]), None),
    ("E31", events("gov_grid_event", 1, reported_at=moment_ago(1), signs=" , ,"), None),
    (
        "E31",
        events("gov_grid_event", 1, reported_at=moment_ago(1), signs="layoff, stop_work,Stop work,"),
        (20, "none"),
    ),
    ("E31", events("gov_grid_event", 1, reported_at=moment_ago(1), signs="layoff, boss lost"), (35, "red")),
    ("E31", seen(["layoff", "layoff"]), (10, "none")),
    ("E31", seen(["layoff", "stop work", "rent owed"]), (30, "none")),
    ("E31", seen(["layoff", "stop work", "rent owed", "gathering"]), (30, "none")),
    ("E31", seen(["layoff"], days=60), (10, "none")),
    ("E31", seen(["layoff"], days=61), None),
]


@pytest.mark.parametrize(("code", "rows", "expected"), STEPS)
def test_a_step_stands_from_its_threshold_on_and_no_earlier(
    code: str, rows: Rows, expected: tuple[int, str] | None
) -> None:
    found = signal(assessed(*rows), code)
    assert (found and (found.points, found.floor)) == expected


@pytest.mark.parametrize(
    ("now", "usual", "points"),
    [
        # 0.14 of 0.70 is a fifth: as floats 0.01 and 0.13 came to more, and 0.14 / 0.70 does.
        (["0.01", "0.13"], ["0.05", "0.65"], 18),
        (["0.01", "0.14"], ["0.05", "0.65"], None),
        (["0.10", "0.10", "0.10"], ["0.50", "0.50", "0.50"], 18),
        (["0.14"], ["0.70"], 18),
        (["0.1401"], ["0.7000"], None),
    ],
)
def test_a_fall_to_a_fifth_is_one_whatever_floats_make_of_the_sum(
    now: list[str], usual: list[str], points: int | None
) -> None:
    rows = bills(*([float(last), *[float(each)] * 15] for last, each in zip(now, usual, strict=True)))
    found = signal(assessed(*rows), "E10")
    assert (found and found.points) == points


@pytest.mark.parametrize(("before", "now", "points"), [(7, 6, 15), (30, 27, 15), (41, 37, None), (110, 99, 15)])
def test_a_tenth_of_the_insured_is_a_tenth(before: int, now: int, points: int | None) -> None:
    found = signal(assessed(*monthly("hrss_insured_headcount", "pension_payers", [now, before])), "E02")
    assert (found and found.points) == points
