"""A person's number in the clear: for whoever may, for a purpose, and on record before it is shown."""

from typing import Any

from tests.ingest_desk import CITIZEN, Door, a_worker, agency_headers, person_headers


async def actions(door: Door, receipt: dict[str, Any]) -> list[tuple[Any, ...]]:
    return await door.rows(
        "select actor, action, details from ingest.audit where subject = :r order by seq", r=receipt["receipt_id"]
    )


async def test_a_number_is_unmasked_with_the_scope_for_a_purpose_and_on_record_before_it_is_shown(door: Door) -> None:
    receipt = (await door.send("hc_worker", [a_worker()])).json()
    path = f"/v1/receipts/{receipt['receipt_id']}/rows/1/unmask"
    wanted = {"item": "id_no", "purpose": "case", "reference": "余人社监案〔2026〕0001号"}
    may = person_headers("receipts:read receipts:unmask", division="330110")
    answer = await door.client.post(path, json=wanted, headers=may)
    assert (answer.status_code, answer.json()["value"]) == (200, CITIZEN)
    assert await actions(door, receipt) == [("person:li", "identity.unmasked", {"row": 1, **wanted})]
    assert (await door.client.post(path, json=wanted | {"purpose": ""}, headers=may)).status_code == 422


async def test_without_the_scope_nothing_is_unmasked_and_the_attempt_is_on_record(door: Door) -> None:
    receipt = (await door.send("hc_worker", [a_worker()])).json()
    path = f"/v1/receipts/{receipt['receipt_id']}/rows/1/unmask"
    wanted = {"item": "id_no", "purpose": "case", "reference": "A-1234"}
    auditor = person_headers("receipts:read audit:read", division="330110")
    for given in (auditor, agency_headers("tax-bureau", "ingest:hc_worker")):
        answer = await door.client.post(path, json=wanted, headers=given)
        assert (answer.status_code, answer.json()["check"]) == (403, "scope_missing")
    assert [(actor, action) for actor, action, _ in await actions(door, receipt)] == [
        ("person:li", "identity.unmask.refused"),
        ("agency:tax-bureau", "identity.unmask.refused"),
    ]
