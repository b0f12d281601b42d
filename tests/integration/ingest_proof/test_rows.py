"""Each row of a receipt can be seen again as it was sent, with what became of it - masked, and on record."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.db import Database
from tests.conftest import SettingsOf
from tests.ingest_desk import (
    CITIZEN,
    GOOD,
    WRONG_CHECK,
    Door,
    a_tax_record,
    a_worker,
    agency_headers,
    open_door,
    person_headers,
)


async def row(door: Door, receipt: dict[str, Any], number: int = 1, **more: str) -> dict[str, Any]:
    answer = await door.get(f"/v1/receipts/{receipt['receipt_id']}/rows/{number}", **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def seen_by_person(
    door: Door, receipt: dict[str, Any], scope: str = "receipts:read", **more: Any
) -> httpx.Response:
    given = person_headers(scope, **({"division": "330110"} | more))
    return await door.client.get(f"/v1/receipts/{receipt['receipt_id']}/rows/1", headers=given)


async def actions(door: Door, receipt: dict[str, Any]) -> list[tuple[Any, ...]]:
    return await door.rows(
        "select actor, action, details from ingest.audit where subject = :r order by seq", r=receipt["receipt_id"]
    )


async def test_every_outcome_is_told_with_its_reason(door: Door) -> None:
    sent = [
        a_tax_record(1),
        a_tax_record(70_102, uscc=WRONG_CHECK),
        a_tax_record(3, balance="-1", as_of="2026-13"),
        a_tax_record(4, balance="5", stat_at="2026-11-01T08:00:00+08:00"),
        a_tax_record(4, balance="6", stat_at="2026-11-02T08:00:00+08:00"),
    ]
    receipt = (await door.send("tax_arrears", sent)).json()
    found = [await row(door, receipt, number) for number in range(1, 6)]
    assert [each["outcome"] for each in found] == ["accepted", "unmatched", "rejected", "superseded", "accepted"]
    assert [each["is_present"] for each in found] == [True, True, False, False, True]
    assert [each["subject"] and each["subject"]["id"] for each in found] == [GOOD, None, None, GOOD, GOOD]
    assert {each["code"] for each in found[2]["errors"]} == {"not_above", "month_format"}
    assert all(each["message"] and each["message_zh"] for each in found[2]["errors"])
    assert found[2]["record"]["balance"] == "-1"
    assert found[3]["present"] == {"receipt_id": receipt["receipt_id"], "row": 5}


async def test_a_row_that_was_known_already_and_one_that_was_replaced_say_which_row_stands(door: Door) -> None:
    first = (await door.send("tax_arrears", [a_tax_record()])).json()
    again = (await door.send("tax_arrears", [a_tax_record()])).json()
    assert (await row(door, again))["outcome"] == "unchanged"
    assert (await row(door, again))["present"]["receipt_id"] == first["receipt_id"]
    newer = (await door.send("tax_arrears", [a_tax_record(balance="7", stat_at="2026-11-03T08:00:00+08:00")])).json()
    replaced = await row(door, first)
    assert (replaced["outcome"], replaced["is_present"]) == ("accepted", False)
    assert replaced["present"]["receipt_id"] == newer["receipt_id"]


@pytest.mark.parametrize("kind", ["application/x-ndjson", "text/csv", "application/json"])
async def test_the_row_is_counted_as_the_receipt_counts_it_whatever_the_format(door: Door, kind: str) -> None:
    records = [a_tax_record(number) for number in range(1, 4)]
    body = {
        "application/json": json.dumps(records),
        "application/x-ndjson": "\n\n".join(json.dumps(record) for record in records),
        "text/csv": "\r\n".join([",".join(records[0]), *(",".join(each.values()) for each in records)]),
    }[kind]
    receipt = (await door.send("tax_arrears", body, content_type=kind)).json()
    assert (await row(door, receipt, 3))["record"]["taxpayer_no"] == "T3"


async def test_a_row_that_was_taken_back_says_so_and_what_stood_before_it_stands_again(door: Door) -> None:
    first = (await door.send("tax_arrears", [a_tax_record()])).json()
    newer = (await door.send("tax_arrears", [a_tax_record(balance="7", stat_at="2026-11-03T08:00:00+08:00")])).json()
    path = f"/v1/receipts/{newer['receipt_id']}/rows"
    gone = await door.client.delete(f"{path}?reason=wrong", headers=agency_headers("tax-bureau", "ingest:tax_arrears"))
    assert gone.status_code == 200, gone.text
    found = await row(door, newer)
    assert (found["outcome"], found["is_present"]) == ("withdrawn", False)
    assert (await row(door, first))["is_present"] is True


async def test_a_repaired_credit_code_is_shown_as_it_was_sent_and_the_subject_as_it_is(door: Door) -> None:
    receipt = (await door.send("tax_arrears", [a_tax_record(uscc=GOOD.lower())])).json()
    found = await row(door, receipt)
    assert found["record"]["uscc"] == GOOD.lower()
    assert found["subject"] == {"kind": "employer", "id": GOOD, "matched_by": "credit_code_repaired"}


async def test_persons_are_masked_for_everybody(door: Door) -> None:
    receipt = (await door.send("hc_worker", [a_worker()])).json()
    found = await row(door, receipt)
    assert found["record"]["id_no"] == "110105********002X"
    assert (found["record"]["name"], found["record"]["mobile"]) == ("张**", "138****5678")
    assert set(found["masked"]) == {"id_no", "name", "mobile"}
    assert CITIZEN not in json.dumps(found)


async def test_another_agencys_row_and_a_row_that_is_not_there_are_not_found(door: Door) -> None:
    receipt = (await door.send("tax_arrears", [a_tax_record()])).json()
    path = f"/v1/receipts/{receipt['receipt_id']}/rows"
    assert (await door.get(f"{path}/1", agency="water-company")).status_code == 404
    assert (await door.get(f"{path}/2")).status_code == 404
    assert (await door.get(f"{path}/0")).status_code == 422
    assert (await door.get(f"/v1/receipts/{uuid4()}/rows/1")).status_code == 404


async def test_a_person_with_the_scope_sees_a_row_and_leaves_a_trace(door: Door) -> None:
    receipt = (await door.send("tax_arrears", [a_tax_record()])).json()
    for scope in ("alerts:read", "audit:read"):
        assert (await seen_by_person(door, receipt, scope)).status_code == 403
    assert (await seen_by_person(door, receipt)).json()["record"]["taxpayer_no"] == "T1"
    assert await actions(door, receipt) == [("person:li", "receipt.row.read", {"row": 1})]


async def test_a_person_sees_only_rows_of_his_division_and_a_refused_look_is_on_record(door: Door) -> None:
    project = {"project_code": "3301102026000001", "name": "某项目", "division": "330110005"}
    receipt = (await door.send("hc_project", [project])).json()
    for division, status in (("330110", 200), ("330110005", 200), ("330110006", 403), ("330106", 403), (None, 403)):
        answer = await seen_by_person(door, receipt, division=division)
        assert (division, answer.status_code) == (division, status)
    assert [action for _, action, _ in await actions(door, receipt)].count("receipt.row.refused") == 3


async def test_a_town_does_not_see_what_names_no_place(door: Door) -> None:
    receipt = (await door.send("tax_arrears", [a_tax_record()])).json()
    refused = await seen_by_person(door, receipt, division="330110005")
    assert (refused.status_code, refused.json()["check"]) == (403, "jurisdiction")


async def test_a_file_that_is_gone_still_tells_what_became_of_the_row(settings_of: SettingsOf) -> None:
    async with open_door(settings_of("ingest")) as door:
        receipt = (await door.send("tax_arrears", [a_tax_record(balance="-1", taxpayer=str(uuid4()))])).json()
        await _forget(door, settings_of, receipt)
        found = await row(door, receipt)
    assert (found["outcome"], found["record"], found["raw_file"]["state"]) == ("rejected", None, "gone")


async def _forget(door: Door, settings_of: SettingsOf, receipt: dict[str, Any]) -> None:
    """As the table's owner may, and the service may not."""
    owner = Database(settings_of("anxin_owner"))
    async with owner.transaction() as session:
        connection = await session.connection()
        statement = "delete from ingest.body where sha256 = decode(%s, 'hex')"
        await connection.exec_driver_sql(statement, (receipt["sha256"],))
    await owner.close()
