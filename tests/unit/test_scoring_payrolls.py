"""P07 and P09: who was left out of the sheets, as soon as it can be said of his team; and what one worker was paid."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.scoring.frames import gather
from services.scoring.indicators import features_at
from services.scoring.rulebook import shipped
from tests.scoring_facts import AT, PROJECT, Rows, a_version, assessed, features, feeds_of, signal, versions_of
from tests.scoring_sites import a_site, presence
from tests.scoring_wages import SITE, a_line, a_sheet, a_worker

Team = tuple[str | None, str | None]
FIRST, SECOND = [f"a{number}" for number in range(10)], [f"b{number}" for number in range(10)]


def floor(code: str, *rows: dict[str, Any], at: datetime = AT) -> str | None:
    found = signal(assessed(*rows, kind="project", at=at), code)
    return found.floor if found else None


def sheet(number: str, workers: list[str], month: str = "2026-10", **given: Any) -> Rows:
    lines = [a_line(worker, number, paid_at=None, payable=None, actual=None, deduct=None) for worker in workers]
    return [a_sheet(number, month, worker_cnt=len(workers), **given), *lines]


def team(workers: list[str], **whose: Any) -> Rows:
    return [a_worker(worker, **whose) for worker in workers]


def two_teams(month: str = "2026-10", first: dict[str, Any] | None = None, second: Any = None) -> Rows:
    """Ten workers of two teams each, who came; by default of two subcontractors."""
    whose = (first or {"corp_uscc": "A", "team_no": "t1"}, second or {"corp_uscc": "B", "team_no": "t1"})
    people = [*team(FIRST, **whose[0]), *team(SECOND, **whose[1])]
    return [*a_site(), *presence(f"{month}-10", *FIRST, *SECOND), *people]


A, B = {"corp_uscc": "A", "team_no": "t1"}, {"corp_uscc": "B", "team_no": "t1"}


def left_out(*rows: dict[str, Any], at: datetime = AT) -> tuple[Any, Any]:
    found = features(*rows, kind="project", at=at).values
    return found["workers_without_wage"].item(), found["attending_workers"].item()


def test_a_team_whose_sheet_has_not_come_is_not_left_out() -> None:
    assert left_out(*two_teams(), *sheet("a", FIRST, **A)) == (0, 20)
    assert left_out(*two_teams(), *sheet("a", FIRST[2:], **A)) == (2, 20)
    assert left_out(*two_teams(), *sheet("a", FIRST, **A), *sheet("b", SECOND[3:], **B)) == (3, 20)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Two teams of one subcontractor, each with a sheet of its own.
        ({"corp_uscc": "A", "team_no": "t1"}, {"corp_uscc": "A", "team_no": "t2"}, 0),
        # The subcontractor's sheet names no team: it is for both.
        ({"corp_uscc": "A", "team_no": None}, {"corp_uscc": "A", "team_no": "t2"}, 10),
    ],
)
def test_a_team_of_the_same_subcontractor_waits_for_its_own_sheet(
    first: dict[str, Any], second: dict[str, Any], expected: int
) -> None:
    assert left_out(*two_teams(first=first, second=second), *sheet("a", FIRST, **first))[0] == expected


def test_a_team_without_a_sheet_is_left_out_once_its_wages_were_due() -> None:
    # October's are due on 30 November; three days are the patience with sheets.
    rows = [row | {"reported_at": AT} for row in (*two_teams(), *sheet("a", FIRST, **A))]
    for days, expected in ((7, 0), (10, 0), (11, 10)):
        assert left_out(*rows, at=AT + timedelta(days=days))[0] == expected


def test_who_stands_on_no_register_waits_for_the_team_whose_sheet_named_him_before() -> None:
    site = [*a_site(), *presence("2026-09-10", *FIRST, *SECOND), *presence("2026-10-10", *FIRST, *SECOND)]
    before = [*sheet("a9", FIRST, "2026-09", **A), *sheet("b9", SECOND, "2026-09", **B)]
    assert left_out(*site, *before, *sheet("a", FIRST, **A)) == (0, 20)
    assert left_out(*site, *before, *sheet("a", FIRST, **A), *sheet("b", SECOND[1:], **B)) == (1, 20)


def test_whose_team_nobody_knows_waits_for_every_team() -> None:
    unknown = presence("2026-10-10", "nobody")
    assert left_out(*two_teams(), *unknown, *sheet("a", FIRST, **A)) == (0, 21)
    assert left_out(*two_teams(), *unknown, *sheet("a", FIRST, **A), *sheet("b", SECOND, **B)) == (1, 21)


def test_who_has_moved_to_a_team_that_is_still_to_come_is_not_left_out_of_his_old_one() -> None:
    moved = a_worker("a0", **B)
    rows = [row for row in two_teams() if row["key"] != moved["key"]]
    assert left_out(*rows, moved, *sheet("a", FIRST[1:], **A)) == (0, 20)


def test_a_sheet_of_this_month_for_one_team_hides_nobody_who_was_left_out_the_month_before() -> None:
    september = [*presence("2026-09-10", *FIRST, *SECOND), *sheet("a9", FIRST, "2026-09", **A)]
    assert left_out(*two_teams(), *september, *sheet("a", FIRST, **A)) == (10, 20)
    # October of both is whole: what is told is October.
    assert left_out(*two_teams(), *september, *sheet("a", FIRST, **A), *sheet("b", SECOND, **B)) == (0, 20)


def test_a_sheet_without_any_line_is_none() -> None:
    """Its lines come in another file, which may not have been sent at all."""
    waited = {"_reported": AT - timedelta(days=9)}
    header = a_sheet("b", "2026-10", worker_cnt=10, **B, **waited)
    assert left_out(*two_teams(), *sheet("a", FIRST, **A), header) == (0, 20)
    assert left_out(*two_teams(), header) == (None, None)


def test_who_is_paid_for_the_month_on_a_later_sheet_is_not_left_out() -> None:
    later = [a_sheet("n", "2026-11", worker_cnt=1, **A), a_line("a0", "n", is_back_pay=True, back_month="2026-10")]
    rows = [*two_teams(), *sheet("a", FIRST[1:], **A), *sheet("b", SECOND, **B)]
    assert left_out(*rows) == (1, 20)
    assert left_out(*rows, *later) == (0, 20)


def test_two_projects_whose_sheets_have_the_same_number_are_each_their_own() -> None:
    other = {"_subject": "another"}
    rows = [
        *a_site(),
        *presence("2026-10-10", "w1", "w2"),
        a_sheet("pr", "2026-10", worker_cnt=2),
        a_line("w1", "pr"),
        a_sheet("pr", "2026-10", worker_cnt=1, **other),
    ]
    facts = gather([PROJECT, "another"], versions_of(rows), feeds_of(rows), shipped().of_subject("project"), AT)
    alone = left_out(*[row for row in rows if row["subject"] != "another"])
    together = features_at(facts, shipped(), "project").values.filter(subject=PROJECT)
    assert together["workers_without_wage"].item() == alone[0]


def test_a_punch_without_a_number_is_nobody_who_was_left_out() -> None:
    punch = a_version("hc_attendance", "x", punch_at="2026-10-10T08:00:00+08:00", **SITE)
    assert left_out(*two_teams(), punch, *sheet("a", FIRST, **A), *sheet("b", SECOND, **B)) == (0, 20)


def test_who_is_left_out_agrees_with_asking_of_each_worker_in_turn() -> None:
    dice = random.Random(11)  # noqa: S311 - no secret
    for _ in range(30):
        crew = {f"w{n}": (dice.choice(["A", "B", None]), dice.choice(["1", "2", None])) for n in range(6)}
        sheets: dict[Team, list[str]] = {
            (dice.choice("AB"), dice.choice(["1", "2", None])): dice.sample(sorted(crew), 2) for _ in range(2)
        }
        rows = [*a_site(), *presence("2026-10-10", *crew)]
        rows += [a_worker(who, corp_uscc=corp, team_no=team) for who, (corp, team) in crew.items()]
        for (corp, number), named in sheets.items():
            rows += sheet(f"{corp}{number}", named, corp_uscc=corp, team_no=number)
        teams = _teams_of(crew, sheets)
        came = {team for team in teams.values() if any(_may_be(team, each) for each in sheets)}
        listed = {who for named in sheets.values() for who in named}
        expected = [who for who in crew if who not in listed and _all_came(teams[who], set(teams.values()), came)]
        assert left_out(*rows) == (len(expected), len(crew))


def _teams_of(crew: dict[str, Team], sheets: dict[Team, list[str]]) -> dict[str, Team]:
    """By the register; of whom it tells neither by the sheet that names him, the last by number."""
    by_sheet = {who: team for team in sorted(sheets, key=lambda team: f"{team[0]}{team[1]}") for who in sheets[team]}
    return {who: team if any(team) else by_sheet.get(who, team) for who, team in crew.items()}


def _may_be(one: Team, other: Team) -> bool:
    return all(mine is None or theirs is None or mine == theirs for mine, theirs in zip(one, other, strict=True))


def _all_came(team: Team, teams: set[Team], came: set[Team]) -> bool:
    return all(each in came for each in teams if _may_be(team, each))


def wage(worker: str, number: str, actual: str, **given: Any) -> dict[str, Any]:
    return a_line(worker, number, payable=actual, actual=actual, deduct=None, **({"paid_at": "2026-11-10"} | given))


def of_months(*months: str) -> Rows:
    return [a_sheet(month, month) for month in months]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([a_sheet("x", "2026-10"), wage("w", "x", "50000.00")], None),
        ([a_sheet("x", "2026-10"), wage("w", "x", "50000.01")], "red"),
        # Two sheets of a month, below the line each.
        (
            [a_sheet("x", "2026-10"), a_sheet("y", "2026-10"), wage("w", "x", "30000.00"), wage("w", "y", "20000.01")],
            "red",
        ),
        # Two workers, or two months, are not one.
        ([a_sheet("x", "2026-10"), wage("w", "x", "30000.00"), wage("v", "x", "30000.00")], None),
        ([*of_months("2026-09", "2026-10"), wage("w", "2026-09", "30000.00"), wage("w", "2026-10", "30000.00")], None),
        # A sum without a day, or with one to come, was paid to nobody.
        ([a_sheet("x", "2026-10"), wage("w", "x", "90000.00", paid_at=None)], None),
        ([a_sheet("x", "2026-10"), wage("w", "x", "90000.00", paid_at="2026-11-24")], None),
        # Back pay is of the month that it is for; of none that is told it is of no month.
        (
            [
                *of_months("2026-09", "2026-10"),
                wage("w", "2026-09", "30000.00"),
                wage("w", "2026-10", "20000.01", is_back_pay=True, back_month="2026-09"),
            ],
            "red",
        ),
        ([a_sheet("x", "2026-10"), wage("w", "x", "90000.00", is_back_pay=True, back_month=None)], None),
    ],
)
def test_one_workers_pay_is_judged_by_worker_and_month(rows: Rows, expected: str | None) -> None:
    assert floor("P09", *a_site(), *rows) == expected


def test_one_workers_pay_of_a_calendar_year_is_judged_too() -> None:
    def paid(months: list[str], yuan: str) -> str | None:
        return floor("P09", *a_site(), *of_months(*months), *(wage("w", month, yuan) for month in months))

    ten = [f"2026-{month:02}" for month in range(1, 11)]
    assert paid(ten, "30000.00") is None
    assert paid(ten, "30000.01") == "red"
    assert paid(["2025-11", "2025-12", *ten], "27000.00") is None


def test_what_a_manager_earns_is_no_workers_wage() -> None:
    ten = [f"2026-{month:02}" for month in range(1, 11)]
    rows = [*a_site(), *of_months(*ten), *(wage("m", month, "31000.00") for month in ten)]
    assert floor("P09", *rows) == "red"
    assert floor("P09", *rows, a_worker("m", "manager")) is None
    worker = wage("w", "2026-10", "50000.01")
    assert floor("P09", *rows, a_worker("m", "manager"), worker) == "red"


def test_what_was_told_long_ago_is_not_told_again() -> None:
    old = {"_reported": AT - timedelta(days=61)}
    rows = [a_sheet("x", "2026-08"), wage("w", "x", "90000.00", paid_at="2026-09-10", **old)]
    assert floor("P09", *a_site(), *rows) is None


def test_of_a_site_without_sheets_no_pay_is_known() -> None:
    found = features(*a_site(), kind="project").values
    assert (found["highest_month_wage"].item(), found["highest_year_wage"].item()) == (None, None)


def test_the_highest_pay_agrees_with_adding_it_up_by_hand() -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    months = ["2025-12", "2026-09", "2026-10"]
    for _ in range(10):
        sums: dict[tuple[str, str], int] = {}
        rows: Rows = []
        for number in range(12):
            month, back = dice.choice(months), dice.choice([None, *months])
            who, yuan, day = dice.choice("uvw"), dice.randrange(40_000), dice.choice([None, "2026-11-20", "2026-11-24"])
            told = {"is_back_pay": back is not None, "back_month": back, "paid_at": day}
            rows += [a_sheet(f"s{number}", month), wage(who, f"s{number}", f"{yuan}.00", **told)]
            if day == "2026-11-20":
                sums[who, back or month] = sums.get((who, back or month), 0) + yuan
        years: dict[tuple[str, str], int] = {}
        for (who, month), yuan in sums.items():
            years[who, month[:4]] = years.get((who, month[:4]), 0) + yuan
        found = features(*rows, kind="project").values
        assert found["highest_month_wage"].item() == max(sums.values(), default=None)
        assert found["highest_year_wage"].item() == max(years.values(), default=None)
