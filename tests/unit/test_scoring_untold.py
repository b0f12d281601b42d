"""What a case does not tell is left out and said; what has a term counts within it, and is looked at when it turns."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.scoring.judgement import Verdict, judge
from services.scoring.rulebook import shipped
from tests.scoring_facts import TODAY, a_version, days_ago, facts_of, features


def judged(*rows: dict[str, Any]) -> Verdict:
    (verdict,) = judge(facts_of(*rows), shipped(), "employer", {})
    return verdict


def executed(key: str, **items: object) -> dict[str, Any]:
    return a_version("court_enforcement", key, position="executed", **items)


CAPITAL = a_version("samr_entity", reg_capital="100.000000")
TOLD, UNTOLD = executed("a", target="600000.00", got="50000.00"), executed("b", target="70000.00")


def test_of_a_case_that_does_not_tell_what_was_reached_the_sentence_says_so() -> None:
    (reason,) = judged(TOLD, UNTOLD).reasons
    assert reason.text_zh == "被执行未到位 550,000.00 元;另有1件未报标的或到位金额,未计入"
    assert reason.text_en == (
        "CNY 550,000.00 under enforcement not reached; left out: 1 case that does not tell target or what was reached"
    )
    assert reason.figures == {"enforcement_unreached": "550000.00", "enforcement_untold": 1}
    (of_both,) = judged(TOLD, UNTOLD, executed("c", got="5.00"), CAPITAL).reasons
    assert of_both.text_en.endswith("left out: 2 cases that do not tell target or what was reached")


def test_where_every_case_tells_both_nothing_is_said_of_others() -> None:
    (reason,) = judged(TOLD).reasons
    assert reason.text_en == "CNY 550,000.00 under enforcement not reached"


@pytest.mark.parametrize(("got", "points"), [("899999.99", None), ("700000.00", 12), ("700000.01", None)])
def test_a_fifth_of_the_registered_capital_is_a_fifth_of_what_cases_tell(got: str, points: int | None) -> None:
    """200,000 not reached is a fifth of a capital of a million; the case that does not tell is left out."""
    capital = a_version("samr_entity", reg_capital="100.000000")
    told = executed("a", target="900000.00", got=got)
    verdict = judged(told, executed("b", target="600000.00"), capital)
    assert [reason.points for reason in verdict.reasons] == ([points] if points else [])


def test_of_one_case_that_does_not_tell_what_was_reached_nothing_is_known() -> None:
    values = features(UNTOLD).values
    assert values["enforcement_unreached"].to_list() == [None]
    assert values["enforcement_untold"].to_list() == [1]


FREEZE = {"burden_type": "freeze", "state": "valid"}


@pytest.mark.parametrize(
    ("term", "level_points", "review"),
    [
        ({"start_date": days_ago(9), "end_date": days_ago(-7)}, 10, TODAY + timedelta(days=8)),
        ({"start_date": days_ago(-3), "end_date": days_ago(-7)}, 0, TODAY + timedelta(days=3)),
        ({"start_date": days_ago(9), "end_date": days_ago(1)}, 0, None),
        ({"start_date": days_ago(9), "end_date": "9999-12-31"}, 10, None),
    ],
)
def test_a_freeze_counts_within_its_term_and_is_looked_at_again_when_that_turns(
    term: dict[str, str], level_points: int, review: date | None
) -> None:
    found = features(a_version("samr_equity_burden", **term, **FREEZE))
    assert judged(a_version("samr_equity_burden", **term, **FREEZE)).assessment.points == level_points
    assert dict(found.review.iter_rows()).get("91330110MA2CEABC1A") == review


def test_a_ticket_dated_to_come_is_looked_at_on_its_day() -> None:
    ticket = a_version("gov_ticket", received_at=f"{TODAY + timedelta(days=5)}T09:00:00+08:00", is_wage=True)
    found = features(ticket)
    assert found.values["wage_tickets_30d"].to_list() == [0]
    assert found.review["ends"].to_list() == [TODAY + timedelta(days=5)]
