"""E36 on a real PostgreSQL: whoever is tied to a warned employer is told, scored soon, and told when it was wrong."""

from dataclasses import replace
from typing import Any

from services.scoring import usecases
from services.scoring.rulebook import shipped
from services.scoring.usecases import Moment
from shared.clock import now
from shared.db import Session, sql
from shared.ids import new_id
from tests.scoring_events import accepted, registration, social_fee
from tests.scoring_facts import a_uscc, recent_month
from tests.scoring_models import a_person


def moment() -> Moment:
    return Moment(now(), shipped(), new_id)


async def _tied(session: Session, contractor: str, team: str) -> None:
    """A contractor and a labour company on one project, and a population that knows it."""
    project = "330110202601010036"
    site: dict[str, list[Any]] = {"project_code": [project], "gc_uscc": [contractor], "name": ["某某工程"]}
    sheet: dict[str, list[Any]] = {"payroll_no": ["pr36"], "project_code": [project], "corp_uscc": [team]}
    sheet |= {"pay_month": [recent_month(1)], "worker_cnt": [1], "signed_cnt": [1]}
    await usecases.take_in(session, accepted("hc_project", [project], site, subject_kind="project"), moment())
    await usecases.take_in(session, accepted("hc_payroll", [project], sheet, subject_kind="project"), moment())
    await usecases.request_run(session, "test", "li", now(), new_id)
    while await usecases.carry_on(session, moment()):
        pass


async def _caught_up(session: Session) -> int:
    scored = 0
    while found := await usecases.catch_up(session, moment(), 100):
        scored += found
    return scored


async def _last(session: Session, uscc: str) -> dict[str, Any]:
    rows = await sql(session, "select * from scoring.score where subject_id = :id order by score_id desc", id=uscc)
    return dict(rows.mappings().first() or {})


def _indicators(line: dict[str, Any]) -> list[str]:
    return [reason["indicator"] for reason in line["reasons"]]


async def test_a_warning_reaches_who_is_tied_to_it_can_be_worked_out_again_and_is_taken_back(session: Session) -> None:
    contractor, team = a_uscc(), a_uscc()
    for uscc in (contractor, team):
        await usecases.take_in(session, registration(uscc), moment())
        await usecases.take_in(session, social_fee(uscc, 1), moment())
    await _tied(session, contractor, team)
    await usecases.take_in(session, social_fee(contractor, 3), moment())
    assert (await _last(session, contractor))["level"] == "orange"
    assert await _caught_up(session) == 1
    line = await _last(session, team)
    assert _indicators(line) == ["E01", "E36"]
    assert line["reasons"][1]["figures"] == {"related_warned_180d": 1}
    # The warning of the one is no warning of the other: nobody is told of it, and it goes no further.
    assert await _caught_up(session) == 0
    assert "E36" not in _indicators(await _last(session, contractor))
    explained = await usecases.explain(session, line["score_id"], a_person("li"), is_again=True)
    assert isinstance(explained, usecases.Explanation)
    assert explained.again
    assert (explained.again.reason, explained.again.differences, explained.is_whole) == (None, (), True)
    paid = social_fee(contractor, 3, "0.00")
    await usecases.take_in(session, paid, replace(moment(), falls_at_once=True))
    assert await _caught_up(session) == 1
    assert _indicators(await _last(session, team)) == ["E01"]


async def test_no_level_of_a_relative_is_held_that_stood_on_a_warning_that_was_never_true(session: Session) -> None:
    contractor, team = a_uscc(), a_uscc()
    for uscc in (contractor, team):
        await usecases.take_in(session, registration(uscc), moment())
    await usecases.take_in(session, social_fee(team, 2), moment())
    await _tied(session, contractor, team)
    await usecases.take_in(session, social_fee(contractor, 3), moment())
    await _caught_up(session)
    assert ((await _last(session, team))["level"], (await _last(session, team))["points"]) == ("blue", 23)
    await usecases.take_in(session, social_fee(contractor, 3, "0.00"), replace(moment(), falls_at_once=True))
    await _caught_up(session)
    line = await _last(session, team)
    assert (line["level"], line["level_source"], line["points"]) == ("none", "indicators", 15)
