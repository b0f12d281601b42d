"""A score arrives: it becomes an alert, merges, is watched or suppressed; twice and out of order it changes nothing."""

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import now
from shared.db import sql
from shared.events import AlertRaised, ProjectScored
from shared.ids import new_id
from tests.alerts_world import WUCHANG, World, a_reason, a_score, a_uscc


async def rows(world: World, table: str, uscc: str) -> list[dict[str, Any]]:
    async with world.db.transaction() as session:
        found = await sql(session, f"select * from alerts.{table} where subject_id = :uscc", uscc=uscc)  # noqa: S608
        return [dict(row) for row in found.mappings()]


async def test_a_yellow_score_becomes_an_alert_at_the_town_of_the_workplace(world: World) -> None:
    alert = await world.raised("yellow")
    assert (alert["state"], alert["level"], alert["town"]) == ("DISPATCHED", "yellow", WUCHANG)
    assert alert["reasons"][0]["text_zh"] == "社保欠缴3个月"
    assert [entry["actor"] for entry in alert["history"]] == ["system", "system"]
    raised = [event for event in await world.said(alert["id"]) if isinstance(event, AlertRaised)]
    assert [(event.level, event.division) for event in raised] == [("yellow", WUCHANG)]


@pytest.mark.parametrize("level", ["none", "blue"])
async def test_blue_is_watched_only(world: World, level: Any) -> None:
    uscc = a_uscc()
    await world.hear(a_score(uscc, level))
    assert await rows(world, "alerts", uscc) == []
    assert [row["outcome"] for row in await rows(world, "signals", uscc)] == ["watched"]


async def test_a_level_that_is_only_held_after_a_fall_raises_no_alert(world: World) -> None:
    uscc = a_uscc()
    held = {"computed_level": "blue", "level_source": "cool_down"}
    await world.hear(a_score(uscc, "orange", **held))
    assert [(row["level"], row["outcome"]) for row in await rows(world, "signals", uscc)] == [("blue", "watched")]
    await world.hear(a_score(uscc, "orange", computed_level="none", level_source="override"))
    assert len(await rows(world, "alerts", uscc)) == 1


async def test_the_same_score_twice_is_one_alert_and_one_announcement(world: World) -> None:
    uscc = a_uscc()
    score = a_score(uscc)
    await world.hear(score, score, score)
    assert len(await rows(world, "alerts", uscc)) == 1
    assert len(await rows(world, "signals", uscc)) == 1
    assert len([one for one in await world.said(uscc) if isinstance(one, AlertRaised)]) == 1


async def test_a_later_score_merges_into_the_open_alert_and_raises_its_colour(world: World) -> None:
    alert = await world.raised("yellow")
    worse = a_score(alert["uscc"], "red", reasons=[a_reason(), a_reason("E09", "utilities")], points=85)
    await world.hear(worse)
    merged = await world.alert_of(alert["uscc"])
    assert (merged["id"], merged["level"], merged["points"]) == (alert["id"], "red", 85)
    assert merged["indicators"] == ["E01", "E09"]
    assert merged["due_at"] < alert["due_at"]
    await world.hear(a_score(alert["uscc"], "none", reasons=[]))
    assert (await world.alert_of(alert["uscc"]))["level"] == "red"
    assert len(await rows(world, "alerts", alert["uscc"])) == 1


async def test_the_order_in_which_scores_arrive_does_not_decide_the_colour(world: World) -> None:
    uscc, at = a_uscc(), now()
    first = a_score(uscc, "red", scored_at=at - timedelta(hours=2), reasons=[a_reason("E06")])
    second = a_score(uscc, "yellow", scored_at=at - timedelta(hours=1))
    await world.hear(second, first)
    alert = await world.alert_of(uscc)
    assert alert["level"] == "red"
    assert [reason["indicator"] for reason in alert["reasons"]] == ["E01"]  # of the newest score


async def test_a_workplace_that_becomes_known_sends_the_waiting_alert_on(world: World) -> None:
    uscc = a_uscc()
    await world.hear(a_score(uscc, "yellow", division=None))
    assert (await world.alert_of(uscc))["state"] == "GENERATED"
    await world.hear(a_score(uscc, "yellow", division=WUCHANG))
    assert (await world.alert_of(uscc))["state"] == "DISPATCHED"


async def test_a_workplace_that_went_to_another_district_waits_for_the_analyst(world: World) -> None:
    alert = await world.raised(division="330110008")  # 崇贤 went to Linping in 2021
    assert (alert["state"], alert["division"], alert["workplace"]) == ("GENERATED", "330110", "330110008")


async def test_after_a_false_signal_only_news_raises_a_new_alert(world: World) -> None:
    path = await world.verifying()
    await world.must("inspector1", f"{path}/false", {"cause": "bad_data", "reason": "税务数据滞后"})
    await world.must("analyst", f"{path}/false/approve")
    uscc = (await world.see("analyst", path))["uscc"]
    await world.hear(a_score(uscc, "yellow"), a_score(uscc, "yellow"))
    states = sorted(row["state"] for row in await rows(world, "alerts", uscc))
    assert states == ["FALSE", "SUPPRESSED"]
    await world.hear(a_score(uscc, "yellow", reasons=[a_reason(), a_reason("E27", "complaints")]))
    fresh = await world.alert_of(uscc)
    assert fresh["state"] == "DISPATCHED"
    assert fresh["previous_alert_id"]


async def test_a_higher_colour_is_news_even_with_the_same_indicator(world: World) -> None:
    path = await world.verifying()
    await world.must("inspector1", f"{path}/false", {"cause": "bad_data", "reason": "税务数据滞后"})
    await world.must("analyst", f"{path}/false/approve")
    uscc = (await world.see("analyst", path))["uscc"]
    await world.hear(a_score(uscc, "red"))
    assert (await world.alert_of(uscc))["level"] == "red"


async def test_a_project_is_alerted_with_its_general_contractor(world: World) -> None:
    code, contractor = f"P{new_id().hex[:12]}", a_uscc()
    score = a_score(contractor, "red")
    values = {name: getattr(score, name) for name in score.__struct_fields__ if name != "uscc"}
    await world.hear(ProjectScored(project_code=code, gc_uscc=contractor, gc_name="某建设集团", **values))
    alert = await world.alert_of(code)
    assert (alert["subject_kind"], alert["uscc"]) == ("project", contractor)
