"""People work on an alert: the table holds over HTTP, roles and jurisdictions are checked, each step is on record."""

from datetime import timedelta

import pytest

from services.alerts import store
from services.alerts.models import AlertHistory
from shared.audit import broken_at
from shared.clock import now, today
from shared.db import sql
from shared.events import AlertFound
from tests.alerts_world import INSPECTORS, RENHE, WUCHANG, World, a_score, a_uscc


async def test_an_alert_is_worked_on_from_the_score_to_its_closing(world: World) -> None:
    path = await world.confirmed()
    await world.must("inspector1", f"{path}/dispose", {"measure": "talk"})
    receipt = [{"kind": "bank_receipt", "reference": "工行回单 20261123"}]
    paid = {"reason": "工资已全部发放", "paid_amount": "36000", "documents": receipt}
    await world.must("inspector1", f"{path}/resolve", paid)
    await world.must("analyst", f"{path}/review", {"sampled_workers": 3, "unpaid_amount": 0})
    closed = await world.must("analyst", f"{path}/close")
    assert (closed["state"], closed["state_zh"]) == ("CLOSED", "办结销号")
    file = await world.see("analyst", path)
    steps = [entry["event"] for entry in file["history"]]
    assert steps == [
        *("raise", "auto_dispatch", "accept", "verify", "confirm", "dispose", "resolve", "review", "close")
    ]
    assert file["closed_at"]
    assert all(deadline["stopped_at"] for deadline in file["deadlines"])


async def test_a_finding_is_announced_with_people_months_and_amount(world: World) -> None:
    path = await world.confirmed(workers=3, amount="36000.00")
    found = [event for event in await world.said(path.split("/")[-1]) if isinstance(event, AlertFound)]
    assert [(one.finding, one.workers, one.months, str(one.amount)) for one in found] == [
        ("confirmed", 3, 4, "36000.00")
    ]


async def test_an_illegal_step_answers_409_with_the_state_the_alert_is_in(world: World) -> None:
    alert = await world.raised()
    answer = await world.post("analyst", f"/v1/alerts/{alert['id']}/close")
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["type"], problem["state"]) == ("urn:anxin:problem:illegal-transition", "DISPATCHED")
    assert set(problem["allowed"]) == {"accept", "return", "escalate", "suspend"}


async def test_a_wrong_role_and_a_missing_scope_are_refused_by_name(world: World) -> None:
    alert = await world.raised()
    path = f"/v1/alerts/{alert['id']}/accept"
    wrong = await world.post("inspector1", path, scopes=["alerts:accept"])
    assert (wrong.status_code, wrong.json()["check"]) == (403, "role")
    missing = await world.post("inspector1", path)
    assert (missing.status_code, missing.json()["check"]) == (403, "scope_missing")
    assert (await world.alert_of(alert["uscc"]))["state"] == "DISPATCHED"


async def test_another_town_does_not_find_the_alert(world: World) -> None:
    alert = await world.raised()
    assert (await world.get("stranger", f"/v1/alerts/{alert['id']}")).status_code == 404
    assert (await world.post("stranger", f"/v1/alerts/{alert['id']}/accept")).status_code == 404
    listed = await world.see("stranger", "/v1/alerts", limit=200)
    assert all(item["division"] == RENHE for item in listed["items"])


async def test_row_level_security_hides_rows_even_from_a_plain_select(world: World) -> None:
    path = await world.confirmed()
    alert_id = path.rsplit("/", maxsplit=1)[-1]
    counts = {}
    for jurisdiction in ("*", WUCHANG, "330110", RENHE, "330113", ""):
        async with world.db.transaction(jurisdiction) as session:
            counts[jurisdiction] = [
                (await sql(session, f"select count(*) from alerts.{table} where {key} = :id", id=alert_id)).scalar_one()  # noqa: S608
                for table, key in (("alerts", "id"), ("alert_history", "alert_id"), ("deadlines", "alert_id"))
            ]
    assert counts["*"] == counts[WUCHANG] == counts["330110"]
    assert min(counts["*"]) > 0
    assert counts[RENHE] == counts["330113"] == counts[""] == [0, 0, 0]


async def test_a_town_cannot_push_an_alert_out_of_its_own_jurisdiction(world: World) -> None:
    alert = await world.raised()
    with pytest.raises(Exception, match="row-level security"):
        async with world.db.transaction(WUCHANG) as session:
            await sql(session, "update alerts.alerts set division = :d where id = :id", d=RENHE, id=alert["id"])


async def test_two_different_inspectors_are_needed(world: World) -> None:
    path = f"/v1/alerts/{(await world.raised())['id']}"
    await world.must("dispatcher", f"{path}/accept")
    for inspectors in ([], INSPECTORS[:1], [INSPECTORS[0], INSPECTORS[0]], [INSPECTORS[1], INSPECTORS[1]]):
        answer = await world.post(
            "inspector1", f"{path}/verify", {"visited_on": str(today()), "inspectors": inspectors}
        )
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:anxin:problem:two-inspectors-needed"
    assert (await world.see("inspector1", path))["state"] == "ACCEPTED"


async def test_a_false_signal_needs_a_second_person(world: World) -> None:
    path = await world.verifying()
    proposal = {"cause": "bad_data", "reason": "税务数据滞后"}
    assert (await world.post("analyst", f"{path}/false/approve")).json()["guard"] == "false_is_proposed"
    await world.must("inspector1", f"{path}/false", proposal)
    false = await world.must("analyst", f"{path}/false/approve")
    assert false["state"] == "FALSE"
    found = [event for event in await world.said(path.rsplit("/", maxsplit=1)[-1]) if isinstance(event, AlertFound)]
    assert [(one.finding, one.cause) for one in found] == [("false", "bad_data")]


async def test_closing_with_an_unpaid_balance_is_forbidden_unless_a_case_goes_on_with_it(world: World) -> None:
    path = await world.confirmed()
    await world.must("inspector1", f"{path}/dispose", {"measure": "mediation"})
    receipt = [{"kind": "worker_receipt", "reference": "签收表"}]
    short = await world.post(
        "inspector1", f"{path}/resolve", {"reason": "部分", "paid_amount": "35999.99", "documents": receipt}
    )
    assert (short.status_code, short.json()["guard"]) == (409, "wages_are_paid")
    case = {"link": {"kind": "case", "number": "余人社监立字〔2026〕7号"}}
    await world.must("squad", f"{path}/link-case", case)
    await world.must("analyst", f"{path}/review", {"sampled_workers": 2, "unpaid_amount": "1200"})
    assert (await world.must("analyst", f"{path}/close"))["state"] == "CLOSED"


async def test_workers_who_say_they_are_unpaid_keep_the_alert_open(world: World) -> None:
    path = await world.confirmed()
    await world.must("inspector1", f"{path}/dispose", {"measure": "talk"})
    receipt = [{"kind": "signed_payroll", "reference": "工资表"}]
    await world.must("inspector1", f"{path}/resolve", {"reason": "已发", "paid_amount": "36000", "documents": receipt})
    await world.must("analyst", f"{path}/review", {"sampled_workers": 3, "unpaid_amount": "500.00"})
    refused = await world.post("analyst", f"{path}/close")
    assert (refused.status_code, refused.json()["guard"]) == (409, "settled_or_linked")
    assert (await world.must("analyst", f"{path}/reopen", {"reason": "有一人未发"}))["state"] == "REOPENED"


async def test_a_returned_alert_goes_to_another_town_and_a_second_return_to_the_head(world: World) -> None:
    alert = await world.raised()
    path = f"/v1/alerts/{alert['id']}"
    await world.must("dispatcher", f"{path}/return", {"reason": "不在本街道"})
    assert (await world.post("analyst", f"{path}/dispatch", {"town": "330113001"})).json()["guard"] == "town_is_known"
    await world.must("analyst", f"{path}/dispatch", {"town": RENHE})
    assert (await world.get("dispatcher", path)).status_code == 404
    await world.must("stranger", f"{path}/return", {"reason": "也不在本街道"})
    refused = await world.post("analyst", f"{path}/dispatch", {"town": WUCHANG})
    assert (refused.status_code, refused.json()["check"]) == (403, "role")


async def test_ten_workers_are_a_group_and_escalate_the_alert_without_stopping_the_work(world: World) -> None:
    path = await world.confirmed(workers=10)
    file = await world.see("analyst", path)
    assert (file["state"], file["stage"], file["is_supervised"]) == ("ESCALATED", "CONFIRMED", True)
    assert (await world.must("inspector1", f"{path}/dispose", {"measure": "talk"}))["state"] == "DISPOSING"


async def test_an_alert_that_nobody_signs_for_is_escalated_when_its_time_is_up(world: World) -> None:
    alert = await world.raised("red")
    due = alert["deadlines"][-1]["due_at"]
    assert alert["deadlines"][-1]["clock"] == "sign"
    await world.tick(now())
    assert (await world.alert_of(alert["uscc"]))["state"] == "DISPATCHED"
    await world.tick(now() + timedelta(hours=3))
    late = await world.alert_of(alert["uscc"])
    assert (late["state"], late["stage"], late["history"][-1]["actor"]) == ("ESCALATED", "DISPATCHED", "system")
    assert late["deadlines"][-1]["breached_at"] == due
    await world.tick(now() + timedelta(hours=4))
    assert len((await world.alert_of(alert["uscc"]))["history"]) == len(late["history"])
    assert (await world.must("dispatcher", f"/v1/alerts/{alert['id']}/accept"))["state"] == "ACCEPTED"


async def test_a_suspended_alert_has_no_due_date_and_goes_on_when_the_suspension_ends(world: World) -> None:
    path = await world.confirmed()
    until = str(today() + timedelta(days=20))
    too_long = await world.post("bureau", f"{path}/suspend", {"reason": "等待法院", "until": "2099-01-01"})
    assert too_long.status_code == 422
    await world.must("bureau", f"{path}/suspend", {"reason": "等待法院", "until": until})
    file = await world.see("analyst", path)
    assert (file["state"], file["stage"], file["due_at"]) == ("SUSPENDED", "CONFIRMED", None)
    assert (await world.post("inspector1", f"{path}/dispose", {"measure": "talk"})).status_code == 409
    await world.tick(now() + timedelta(days=21))
    file = await world.see("analyst", path)
    assert file["state"] == "CONFIRMED"
    assert file["due_at"] > until


async def test_every_step_is_chained_and_in_the_audit_log(world: World) -> None:
    path = await world.confirmed()
    alert_id = path.rsplit("/", maxsplit=1)[-1]
    async with world.db.transaction() as session:
        entries = await store.history_of(session, AlertHistory, alert_id)  # type: ignore[arg-type]
        actions = await sql(session, "select action from audit where subject = :s order by seq", s=f"alert:{alert_id}")
        assert [entry.hash for entry in entries] == [store.entry_hash(entry) for entry in entries]
        assert [entry.previous_hash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
        assert "alert.confirm" in actions.scalars().all()
        assert await broken_at(session) is None
    with pytest.raises(Exception, match="permission denied"):
        async with world.db.transaction() as session:
            await sql(session, "update alerts.alert_history set actor = 'nobody'")


async def test_the_list_turns_pages_and_filters(world: World) -> None:
    alerts = [await world.raised("red") for _ in range(3)]
    page = await world.see("dispatcher", "/v1/alerts", limit=2, state="DISPATCHED", level="red", town=WUCHANG)
    assert [item["id"] for item in page["items"]] == [alerts[2]["id"], alerts[1]["id"]]
    more = await world.see("dispatcher", "/v1/alerts", limit=2, state="DISPATCHED", level="red", after=page["next"])
    assert more["items"][0]["id"] == alerts[0]["id"]
    assert all(item["level"] == "red" and item["due_at"] for item in page["items"])


async def test_an_unknown_workplace_waits_for_the_analyst(world: World) -> None:
    uscc = a_uscc()
    await world.hear(a_score(uscc, division=None))
    alert = await world.alert_of(uscc)
    assert (alert["state"], alert["division"], alert["town"]) == ("GENERATED", "330110", None)
    path = f"/v1/alerts/{alert['id']}"
    lower = await world.post("analyst", f"{path}/triage", {"reason": "核实主体", "level": "yellow"})
    assert (lower.status_code, lower.json()["guard"]) == (409, "colour_never_falls")
    assert (await world.must("analyst", f"{path}/triage", {"reason": "核实主体", "level": "red"}))["level"] == "red"
    sent = await world.must("analyst", f"{path}/dispatch", {"town": WUCHANG})
    assert (sent["state"], sent["town"], sent["division_name"]) == ("DISPATCHED", WUCHANG, "五常街道")
