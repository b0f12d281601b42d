"""Who may hand records in, who may read a receipt, and that it names every error."""

from typing import Any

import pytest

from tests.ingest_desk import Door, a_tax_record, agency_headers, counts, person_headers

_TAX = agency_headers("tax-bureau", "ingest:tax_arrears")


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


@pytest.mark.parametrize(
    ("dataset", "headers", "body"),
    [
        ("tax_arrears", {}, "[]"),
        ("tax_arrears", {"authorization": "Bearer x"}, "[]"),
        ("tax_arrears", person_headers("ingest:tax_arrears"), "[]"),
        ("ut_water", _TAX, "[]"),
        ("no_such_dataset", _TAX, "[]"),
        ("tax_arrears", _TAX | {"content-type": "text/plain"}, "[]"),
        ("tax_arrears", _TAX | {"content-type": ""}, "[]"),
        ("tax_arrears", _TAX | {"content-encoding": "br"}, "[]"),
        ("tax_arrears", _TAX | {"content-encoding": "gzip"}, "[]"),
        ("tax_arrears", _TAX | {"idempotency-key": "a b"}, "[]"),
        ("tax_arrears", _TAX | {"content-digest": "sha-256=:AAAA:"}, "[]"),
        ("tax_arrears", _TAX, "["),
        ("tax_arrears", _TAX, '[{"nobody_knows": 1}]'),
        ("tax_arrears", _TAX, "[]"),
        ("tax_arrears", _TAX, '[{"uscc": "x"}, {}]'),
    ],
)
async def test_a_request_without_a_query_is_answered_as_one_with_a_query_that_says_nothing(
    door: Door, dataset: str, headers: dict[str, str], body: str
) -> None:
    path = f"/v1/datasets/{dataset}/records"
    given = {"content-type": "application/json"} | headers
    brief, documented = [
        await door.client.post(path + query, content=body, headers=given) for query in ("", "?nothing=said")
    ]
    assert brief.status_code == documented.status_code
    assert _lasting(brief.json()) == _lasting(documented.json())
    own = {"x-request-id"}
    assert {name: value for name, value in brief.headers.items() if name not in own} == {
        name: value for name, value in documented.headers.items() if name not in own
    }


def _lasting(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("receipt_id", "request_id")}
