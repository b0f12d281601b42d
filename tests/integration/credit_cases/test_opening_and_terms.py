"""How a case opens and moves: neighbours' events, the screening, and the terms within which it is decided."""

import asyncio
from datetime import timedelta

from services.credit.consumers import consumer
from shared.calendar import add_working_days
from shared.clock import today
from tests.credit_office import Office, overdue, paid, revoked


async def test_an_overdue_order_becomes_a_case_with_a_suggestion(office: Office) -> None:
    order = overdue()
    await office.hear(order)
    case = await office.case_of(order)
    assert case["state"] == "order_overdue"
    assert case["grounds"] == ["one_worker", "ten_workers"]
    assert case["decision_due_on"] == add_working_days(order.term_ends_on, 20).isoformat()
    assert "refusal_group_amount" in case["banner"]
    assert {each["code"]: each["verified"] for each in case["parameters"]}["refusal_group_amount"] is False


async def test_payment_within_the_term_ends_the_case_in_whatever_order_the_events_come(office: Office) -> None:
    first, second = overdue(), overdue()
    await office.hear(first)
    await office.hear(paid(first, first.term_ends_on))
    await office.hear(paid(second, second.term_ends_on))
    await office.hear(second)
    assert [(await office.case_of(order))["state"] for order in (first, second)] == ["not_met", "not_met"]


async def test_the_same_events_twice_and_at_once_change_nothing(office: Office) -> None:
    order = overdue()
    late = paid(order, order.term_ends_on + timedelta(days=1))
    await asyncio.gather(*(consumer.deliver(event, office.db) for event in (order, late, order, late, order)))
    case = await office.case_of(order)
    assert case["state"] == "order_overdue"
    assert case["paid_on"] == late.paid_on.isoformat()
    assert [step["event"] for step in case["steps"]] == ["open"]


async def test_an_order_revoked_before_the_decision_ends_the_case(office: Office) -> None:
    order = overdue()
    case_id = await office.decidable(order)
    await office.hear(revoked(order))
    assert (await office.case_of(order))["state"] == "not_met"
    assert (await office.person().get(f"/v1/credit/cases/{case_id}/decision-document")).status_code == 409


async def test_outside_a_province_with_known_amounts_nobody_is_screened(office: Office) -> None:
    order = overdue(division="500101001")
    await office.hear(order)
    squad = office.person("squad_leader", division="5001")
    [case] = (await squad.get("/v1/credit/cases")).json()["cases"][:1]
    refused = await squad.post(f"/v1/credit/cases/{case['id']}/screen", json={"meets": True})
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:anxin:problem:legal-parameter-missing"
    head = office.person(division="5001")
    for code, value in (("refusal_single_amount", "10000"), ("refusal_group_amount", "60000")):
        body = {"code": code, "region": "50", "valid_from": "2014-01-01", "value": value, "verified": True}
        recorded = await head.post("/v1/credit/parameters", json=body | {"source": "渝高法〔2014〕"})
        assert recorded.status_code == 201
    assert (await squad.post(f"/v1/credit/cases/{case['id']}/screen", json={"meets": True})).status_code == 200


async def test_no_decision_before_the_objection_window_ends_nor_after_the_term(office: Office) -> None:
    order = overdue()
    case_id = await office.noticed(order)
    path = f"/v1/credit/cases/{case_id}/decision-document"
    office.go_to(add_working_days(today(), 5))
    assert (await office.person().get(path)).status_code == 409
    office.go_to(add_working_days(order.term_ends_on, 20) + timedelta(days=1))
    late = await office.person().get(path)
    assert late.status_code == 409
    assert "term for the decision" in late.json()["detail"]


async def test_an_extension_gives_twenty_more_working_days_once(office: Office) -> None:
    order = overdue()
    case_id = await office.noticed(order)
    path = f"/v1/credit/cases/{case_id}"
    extended = await office.person().post(f"{path}/extend", json={"reason": "案情复杂"})
    assert extended.json()["decision_due_on"] == add_working_days(order.term_ends_on, 40).isoformat()
    assert (await office.person().post(f"{path}/extend", json={"reason": "再延"})).status_code == 409
    office.go_to(add_working_days(order.term_ends_on, 40))
    assert (await office.person().get(f"{path}/decision-document")).status_code == 200
