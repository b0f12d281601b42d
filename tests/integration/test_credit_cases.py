"""From an overdue order to a signed listing, on a real PostgreSQL; neighbours are played by events."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from sqlalchemy.exc import DBAPIError

from services.credit.consumers import consumer, expire_due
from services.credit.listing.documents import expected_exit
from shared import audit
from shared.calendar import add_working_days
from shared.clock import today
from shared.db import sql
from shared.ids import new_id
from tests.conftest import SettingsOf
from tests.credit_office import (
    HEAD_KEY,
    Office,
    a_credit_code,
    credit_settings,
    open_office,
    overdue,
    paid,
    revoked,
    sign,
)


@pytest.fixture
async def office(settings_of: SettingsOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    clock = tmp_path / "clock"
    clock.write_text("0")
    monkeypatch.setenv("ANXIN_CLOCK_FILE", str(clock))
    issuer_key = ECKey.generate_key("P-256", auto_kid=True)
    settings = credit_settings(settings_of("credit"), tmp_path, issuer_key)
    async with open_office(settings, issuer_key, clock) as running:
        yield running


async def test_an_overdue_order_becomes_a_case_with_a_suggestion(office: Office) -> None:
    order = overdue()
    await office.hear(order)
    case = await office.case_of(order)
    assert case["state"] == "order_overdue"
    assert case["grounds"] == ["one_worker", "ten_workers"]
    assert case["decision_due_on"] == add_working_days(order.term_ends_on, 20).isoformat()
    assert "refusal_group_amount" in case["banner"]
    assert {each["code"]: each["verified"] for each in case["parameters"]}["refusal_group_amount"] is False


async def test_the_whole_way_to_the_list_and_what_the_world_then_sees(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    checked = (await office.agency().get(f"/v1/credit/check/{order.uscc}")).json()
    assert checked["listed"] is True
    assert checked["since"] == today().isoformat()
    assert checked["expected_exit"] == expected_exit(today(), 3).isoformat()
    assert checked["decision_no"] == listing["decision_no"]
    assert listing["parties"] == [{"role": "legal_rep", "name": "王**"}]
    case = await office.case_of(order)
    assert [step["event"] for step in case["steps"]] == ["open", "screen_met", "serve_notice", "decide", "publish"]
    assert case["state"] == "listed"


async def test_the_feed_the_list_and_the_outbox_tell_the_same_event(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    after = {"after": listing["sequence"] - 1, "limit": 1}
    response = await office.agency().get("/v1/credit/events", params=after)
    assert response.headers["content-type"] == "application/cloudevents-batch+json"
    [event] = response.json()
    assert event["type"] == "cn.anxin.credit.listed.v1"
    assert event["data"]["sequence"] == listing["sequence"]
    assert event["data"]["signature"] == listing["signature"]
    async with office.db.transaction() as session:
        statement = "select body from credit.outbox where event_id = :id"
        body = (await sql(session, statement, id=event["id"])).scalar_one()
    assert json.loads(body) == event
    shown = (await office.person("auditor").get("/v1/credit/list", params=after)).json()["listings"]
    assert [entry["uscc"] for entry in shown] == [order.uscc]


async def test_no_worker_no_wage_and_no_full_name_leaves(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    after = {"after": listing["sequence"] - 1, "limit": 1}
    event = (await office.agency().get("/v1/credit/events", params=after)).text
    payload = (await office.document_signed(listing)).decode()
    for secret in ("王小明", "3301**", "14321", "96000", "120000"):
        assert secret not in event + payload


async def test_another_officers_key_a_changed_document_and_another_role_are_refused(office: Office) -> None:
    case_id = await office.decidable(overdue())
    document = await office.document(case_id)
    decide = f"/v1/credit/cases/{case_id}/decide"
    other = ECKey.generate_key("P-256")
    refused = await office.person().post(decide, json={"signature": sign(document, other)})
    assert (refused.status_code, refused.json()["check"]) == (403, "signature_key")
    tampered = document.replace(b"2026", b"2027", 1)
    changed = await office.person().post(decide, json={"signature": sign(tampered)})
    assert (changed.status_code, changed.json()["type"]) == (409, "urn:anxin:problem:credit-document-changed")
    detached = sign(tampered).split(".")
    unseen = await office.person().post(decide, json={"signature": f"{detached[0]}..{detached[2]}"})
    assert (unseen.status_code, unseen.json()["type"]) == (422, "urn:anxin:problem:credit-signature-invalid")
    no_scope = await office.person("squad_leader").post(decide, json={"signature": sign(document)})
    assert (no_scope.status_code, no_scope.json()["check"]) == (403, "scope_missing")
    no_role = await office.person("everything", roles=["credit_officer"]).post(
        decide, json={"signature": sign(document)}
    )
    assert (no_role.status_code, no_role.json()["check"]) == (403, "role")
    assert (await office.person().post(decide, json={"signature": sign(document)})).status_code == 200
    again = await office.person().post(decide, json={"signature": sign(document)})
    assert (again.status_code, again.json()["state"]) == (409, "listed")


async def test_yesterdays_document_cannot_be_signed_today(office: Office) -> None:
    case_id = await office.decidable(overdue())
    document = await office.document(case_id)
    office.go_to(today() + timedelta(days=1))
    refused = await office.person().post(f"/v1/credit/cases/{case_id}/decide", json={"signature": sign(document)})
    assert refused.status_code == 409


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


async def test_an_objection_is_answered_and_then_the_head_may_decide(office: Office) -> None:
    case_id = await office.noticed(overdue())
    path = f"/v1/credit/cases/{case_id}"
    officer = office.person("credit_officer")
    objection = {"received_on": today().isoformat(), "objector": "王小明", "text": "已经支付"}
    objected = await officer.post(f"{path}/objection", json=objection)
    assert objected.json()["answer_due_on"] == add_working_days(today(), 5).isoformat()
    assert (await office.person().get(f"{path}/decision-document")).status_code == 409
    answer = {"sustained": False, "text": "经核实未支付"}
    assert (await office.person().post(f"{path}/objection/answer", json=answer)).status_code == 200
    assert (await office.person().get(f"{path}/decision-document")).status_code == 200


async def test_an_objection_after_its_term_is_refused_and_a_sustained_one_ends_the_case(office: Office) -> None:
    case_id = await office.noticed(overdue())
    path = f"/v1/credit/cases/{case_id}"
    first_day = today()
    office.go_to(add_working_days(first_day, 5) + timedelta(days=1))
    late = {"received_on": today().isoformat(), "objector": "王小明", "text": "异议"}
    assert (await office.person("credit_officer").post(f"{path}/objection", json=late)).status_code == 409
    in_time = late | {"received_on": first_day.isoformat()}
    assert (await office.person("credit_officer").post(f"{path}/objection", json=in_time)).status_code == 200
    ended = await office.person().post(f"{path}/objection/answer", json={"sustained": True, "text": "异议成立"})
    assert ended.json()["state"] == "not_met"


async def test_who_pays_and_promises_before_the_decision_may_be_spared(office: Office) -> None:
    order = overdue()
    case_id = await office.noticed(order)
    path = f"/v1/credit/cases/{case_id}"
    spare = {"granted": True, "promised_on": today().isoformat(), "reason": "已全部支付并书面承诺"}
    assert (await office.person().post(f"{path}/spare", json=spare)).status_code == 409
    await office.hear(paid(order, today()))
    assert (await office.person().post(f"{path}/spare", json=spare | {"promised_on": None})).status_code == 409
    assert (await office.person().post(f"{path}/spare", json=spare)).json()["state"] == "spared"


async def test_who_pays_before_the_decision_is_listed_only_after_sparing_was_weighed(office: Office) -> None:
    order = overdue()
    case_id = await office.decidable(order)
    await office.hear(paid(order, today()))
    path = f"/v1/credit/cases/{case_id}"
    assert (await office.person().get(f"{path}/decision-document")).status_code == 409
    refusal = {"granted": False, "reason": "拒绝作出书面承诺"}
    assert (await office.person().post(f"{path}/spare", json=refusal)).json()["state"] == "prior_notice"
    document = json.loads(await office.document(case_id))
    assert "不适用第七条" in document["blocks"]["cause"]["zh"]


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


async def test_a_revoked_order_takes_the_employer_off_the_list_and_says_so(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    await office.hear(revoked(order))
    await office.hear(revoked(order))
    assert (await office.agency().get(f"/v1/credit/check/{order.uscc}")).json()["listed"] is False
    assert (await office.case_of(order))["state"] == "revoked"
    events = (await office.agency().get("/v1/credit/events", params={"after": listing["sequence"]})).json()
    assert [event["type"] for event in events] == ["cn.anxin.credit.removed.v1"]
    assert events[0]["data"]["remove_type"] == "revoked"


async def test_an_order_revoked_before_the_decision_ends_the_case(office: Office) -> None:
    order = overdue()
    case_id = await office.decidable(order)
    await office.hear(revoked(order))
    assert (await office.case_of(order))["state"] == "not_met"
    assert (await office.person().get(f"/v1/credit/cases/{case_id}/decision-document")).status_code == 409


async def test_a_listing_ends_by_itself_after_three_years(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    leaves = expected_exit(today(), 3)
    assert listing["expected_exit"] == leaves.isoformat()
    office.go_to(leaves - timedelta(days=1))
    assert (await office.agency().get(f"/v1/credit/check/{order.uscc}")).json()["listed"] is True
    assert await expire_due(office.db) == 0
    office.go_to(leaves)
    assert (await office.agency().get(f"/v1/credit/check/{order.uscc}")).json()["listed"] is False
    assert await expire_due(office.db) >= 1
    assert await expire_due(office.db) == 0
    assert (await office.case_of(order))["state"] == "expired"
    events = (await office.agency().get("/v1/credit/events", params={"after": listing["sequence"]})).json()
    mine = [event for event in events if event["data"]["listing_id"] == listing["id"]]
    assert [event["data"]["remove_type"] for event in mine] == ["expired"]


async def test_a_disputed_entry_says_so_until_it_is_settled(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    path = f"/v1/credit/cases/{listing['case_id']}"
    officer, check = office.person("credit_officer"), f"/v1/credit/check/{order.uscc}"
    answer = {"sustained": False, "text": "经核实信息无误"}
    assert (await office.person().post(f"{path}/objection/answer", json=answer)).status_code == 409
    dispute = {"received_on": today().isoformat(), "objector": "王小明", "text": "名称有误"}
    assert (await officer.post(f"{path}/objection", json=dispute)).status_code == 200
    assert (await officer.post(f"{path}/objection", json=dispute)).status_code == 409
    assert (await office.agency().get(check)).json()["objection_flag"] is True
    assert (await office.person().post(f"{path}/objection/answer", json=answer)).status_code == 200
    assert (await office.agency().get(check)).json()["objection_flag"] is False


async def test_a_town_sees_its_own_cases_only(office: Office) -> None:
    order = overdue(division="330110005")
    await office.hear(order)
    case_id = (await office.case_of(order))["id"]
    path = f"/v1/credit/cases/{case_id}"
    assert (await office.person(division="330110005").get(path)).status_code == 200
    assert (await office.person(division="330110006").get(path)).status_code == 404
    assert (await office.person(division="330106").post(f"{path}/screen", json={"meets": True})).status_code == 404
    listed = (await office.person(division="330110006").get("/v1/credit/cases", params={"limit": 200})).json()
    assert case_id not in [case["id"] for case in listed["cases"]]


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


async def test_every_question_is_kept_and_a_typing_error_is_not_an_answer(office: Office) -> None:
    uscc = a_credit_code()
    assert (await office.agency("tax-bureau").get(f"/v1/credit/check/{uscc}")).json()["listed"] is False
    wrong = uscc[:17] + ("0" if uscc[17] != "0" else "1")
    assert (await office.agency().get(f"/v1/credit/check/{wrong}")).status_code == 422
    async with office.db.transaction() as session:
        rows = (await sql(session, "select caller, listed from credit.query_log where uscc = :u", u=uscc)).all()
    assert [tuple(row) for row in rows] == [("agency:tax-bureau", False)]


@pytest.mark.parametrize(
    "statement",
    [
        "delete from credit.query_log",
        "update credit.feed set body = ''",
        "delete from credit.step",
        "update credit.parameter set value = 1",
        "truncate credit.audit",
    ],
)
async def test_what_is_append_only_cannot_be_changed_by_the_service(office: Office, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        await _run(office, statement)


async def test_the_database_itself_refuses_a_listed_case_without_a_listing(office: Office) -> None:
    order = overdue()
    await office.hear(order)
    statement = "update credit.listing_case set state = 'listed' where order_id = :order"
    with pytest.raises(DBAPIError, match="check constraint"):
        await _run(office, statement, order=order.order_id)


async def _run(office: Office, *statements: str, **parameters: object) -> None:
    async with office.db.transaction() as session:
        for statement in statements:
            await sql(session, statement, **parameters)


async def test_the_audit_chain_holds_the_signature(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    async with office.db.transaction() as session:
        assert await audit.broken_at(session) is None
        query = "select actor, details from credit.audit where action = 'credit.decide' and subject = :case"
        entry = (await sql(session, query, case=listing["case_id"])).one()
    assert entry.actor == "person:bureau_head"
    assert entry.details["signature"] == listing["signature"]
    assert entry.details["thumbprint"] == HEAD_KEY.thumbprint()


async def test_the_feed_has_no_gap_and_no_reader_can_miss_an_event_while_heads_decide_at_once(office: Office) -> None:
    orders = [overdue() for _ in range(6)]
    noticed = [await office.noticed(order) for order in orders]
    office.go_to(add_working_days(today(), 5) + timedelta(days=1))
    documents = [await office.document(case_id) for case_id in noticed]
    before = (await office.agency().get("/v1/credit/events", params={"limit": 1000})).json()
    seen = [event["data"]["sequence"] for event in before]
    reading = asyncio.create_task(_follow_feed(office, seen, len(before) + len(orders)))
    signed = zip(noticed, documents, strict=True)
    decide = [
        office.person().post(f"/v1/credit/cases/{case_id}/decide", json={"signature": sign(document)})
        for case_id, document in signed
    ]
    assert {answer.status_code for answer in await asyncio.gather(*decide)} == {200}
    await asyncio.wait_for(reading, 20)
    assert seen == list(range(1, len(seen) + 1))


async def _follow_feed(office: Office, seen: list[int], until: int) -> None:
    client = office.agency()
    while len(seen) < until:
        events = (await client.get("/v1/credit/events", params={"after": max(seen, default=0)})).json()
        seen += [event["data"]["sequence"] for event in events]
        await asyncio.sleep(0)


async def test_a_rolled_back_listing_leaves_no_gap(office: Office) -> None:
    with pytest.raises(DBAPIError, match="division by zero"):
        await _run(office, "update credit.feed_head set sequence = sequence + 1", "select 1 / 0")
    listing = await office.listed(overdue())
    events = (await office.agency().get("/v1/credit/events", params={"limit": 1000})).json()
    assert [event["data"]["sequence"] for event in events] == list(range(1, listing["sequence"] + 1))


async def test_unknown_cases_and_wrong_bodies_are_refusals_not_errors(office: Office) -> None:
    everything = office.person("everything")
    path = f"/v1/credit/cases/{new_id()}"
    assert (await everything.get(path)).status_code == 404
    assert (await everything.post(f"{path}/screen", json={"meets": True})).status_code == 404
    assert (await everything.post(f"{path}/screen", json={"meets": "?", "x": 1})).status_code == 422
    assert (await everything.post(f"{path}/decide", json={"signature": "a b"})).status_code == 422
    assert (await everything.get("/v1/credit/events", params={"after": -1})).status_code == 422
