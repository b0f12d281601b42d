"""Who may hand records in, who may read a receipt, and that it names every error."""

from tests.ingest_desk import Door, a_tax_record, counts, person_headers


async def test_without_the_datasets_scope_nothing_is_taken(door: Door) -> None:
    answer = await door.send("tax_arrears", [], scope="ingest:ut_water")
    assert (answer.status_code, answer.json()["check"]) == (403, "scope_missing")


async def test_a_person_cannot_hand_in_records(door: Door) -> None:
    answer = await door.client.post(
        "/v1/datasets/tax_arrears/records", json=[], headers=person_headers("ingest:tax_arrears")
    )
    assert (answer.status_code, answer.json()["check"]) == (403, "role")


async def test_a_dataset_that_does_not_exist_is_not_found(door: Door) -> None:
    assert (await door.send("no_such_dataset", [])).status_code == 404


async def test_another_agencys_receipt_is_not_found(door: Door) -> None:
    receipt = (await door.send("tax_arrears", [a_tax_record()])).json()
    path = f"/v1/receipts/{receipt['receipt_id']}"
    assert (await door.get(path)).status_code == 200
    for hidden in (path, f"{path}/errors"):
        assert (await door.get(hidden, agency="water-company")).status_code == 404


async def test_an_auditor_sees_a_receipt_and_leaves_a_trace(door: Door) -> None:
    receipt = (await door.send("tax_arrears", [a_tax_record()])).json()
    path = f"/v1/receipts/{receipt['receipt_id']}"
    assert (await door.client.get(path, headers=person_headers("alerts:read"))).status_code == 403
    assert (await door.client.get(path, headers=person_headers("audit:read"))).json() == receipt
    trace = await door.rows("select actor, action from ingest.audit where subject = :r", r=receipt["receipt_id"])
    assert trace == [("person:li", "receipt.read")]


async def test_every_error_is_listed_although_the_answer_holds_a_thousand(door: Door) -> None:
    receipt = (await door.send("tax_arrears", [{}] * 1500)).json()
    assert counts(receipt) == (1500, 0, 0, 1500, 0)
    assert len(receipt["errors"]) == 1000
    path = f"/v1/receipts/{receipt['receipt_id']}/errors"
    lines = (await door.get(path)).text.splitlines()
    assert len(lines) == 1500 * 4
    table = await door.get(path, accept="text/csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.text.splitlines()[0] == "\ufeffrow,item,code,message,message_zh"
    assert len(table.text.splitlines()) == 1500 * 4 + 1
