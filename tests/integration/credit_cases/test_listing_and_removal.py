"""The signed decision, what the world sees of it, and how an employer leaves the list."""

from datetime import timedelta

from joserfc.jwk import ECKey

from services.credit.consumers import expire_due
from services.credit.listing.documents import expected_exit
from shared.clock import today
from tests.credit_office import Office, overdue, paid, revoked, sign


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


async def test_news_of_a_payment_in_time_takes_the_employer_off_the_list_though_it_comes_late(office: Office) -> None:
    order = overdue()
    listing = await office.listed(order)
    await office.hear(paid(order, order.term_ends_on + timedelta(days=1)))
    assert (await office.case_of(order))["state"] == "listed"
    await office.hear(paid(order, order.term_ends_on))
    assert (await office.agency().get(f"/v1/credit/check/{order.uscc}")).json()["listed"] is False
    assert (await office.case_of(order))["state"] == "revoked"
    events = (await office.agency().get("/v1/credit/events", params={"after": listing["sequence"]})).json()
    assert [event["data"]["remove_type"] for event in events] == ["revoked"]


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
