"""Who uses data tells its source that a record is wrong; the source answers in time, and is believed when it is so."""

import json
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prometheus_client import generate_latest

from services.ingest.catalogue import shipped
from services.ingest.watch import watch_once
from shared import clock
from shared.calendar import add_working_days
from tests.ingest_desk import CITIZEN, Door, a_tax_record, agency_headers, person_headers

SOURCE, USER, OTHER = "tax-bureau", "hrss-yuhang", "water-company"


async def sent(door: Door, **changes: Any) -> str:
    """A receipt of one row of tax arrears."""
    return str((await door.send("tax_arrears", [a_tax_record(**changes)])).json()["receipt_id"])


async def disputed(door: Door, receipt: str, headers: dict[str, str] | None = None, **told: Any) -> httpx.Response:
    given = headers or agency_headers(USER, "use:tax_arrears")
    path = f"/v1/receipts/{receipt}/rows/1/dispute"
    return await door.client.post(path, headers=given, json={"reason": "该企业已缴清"} | told)


async def answered(door: Door, dispute: str, agency: str = SOURCE, **told: Any) -> httpx.Response:
    headers = agency_headers(agency, "ingest:tax_arrears")
    return await door.client.post(f"/v1/disputes/{dispute}/answer", headers=headers, json=told)


async def listed(door: Door, headers: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    answer = await door.client.get(f"/v1/disputes{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["disputes"]
    return found


async def feed(door: Door) -> dict[str, Any]:
    headers = person_headers("quality:read")
    answer = await door.client.get(f"/v1/quality?agency={SOURCE}&dataset=tax_arrears", headers=headers)
    (found,) = answer.json()["feeds"]
    counts: dict[str, Any] = found["disputes"]
    return counts


async def test_the_source_sees_who_called_which_row_wrong_and_until_when_it_has_to_answer(door: Door) -> None:
    receipt = await sent(door)
    raised = await disputed(door, receipt, item="balance")
    assert raised.status_code == 201, raised.text
    told = raised.json()
    assert (told["state"], told["state_zh"], told["item"]) == ("open", "待核实", "balance")
    assert told["due_on"] == add_working_days(clock.today(), 10).isoformat()
    seen = await listed(door, agency_headers(SOURCE, "ingest:tax_arrears"), f"?after={_before(told)}")
    assert [(each["receipt_id"], each["row"], each["raised_by"]) for each in seen] == [(receipt, 1, USER)]
    assert await listed(door, agency_headers(OTHER, "ingest:ut_water")) == []


def _before(told: dict[str, Any]) -> str:
    return f"{told['dispute_id'][:-4]}0000"


async def test_a_correction_is_believed_when_the_record_stands_no_more_as_it_was(door: Door) -> None:
    receipt = await sent(door)
    dispute = (await disputed(door, receipt)).json()["dispute_id"]
    early = await answered(door, dispute, outcome="corrected")
    assert (early.status_code, early.json()["type"]) == (409, "urn:anxin:problem:not-corrected")
    right = await sent(door, balance="7", stat_at="2026-11-03T08:00:00+08:00")
    for wrong in (receipt, str(uuid4())):
        refused = await answered(door, dispute, outcome="corrected", receipt_id=wrong)
        assert refused.status_code in (404, 409)
    done = await answered(door, dispute, outcome="corrected", receipt_id=right)
    assert (done.json()["state"], done.json()["corrected_by"]) == ("corrected", right)
    again = await answered(door, dispute, outcome="upheld", reason="x")
    assert (again.status_code, again.json()["type"]) == (409, "urn:anxin:problem:dispute-answered")


async def test_a_row_that_was_taken_back_is_corrected_without_another_receipt(door: Door) -> None:
    receipt = await sent(door)
    dispute = (await disputed(door, receipt)).json()["dispute_id"]
    path = f"/v1/receipts/{receipt}/rows?reason=wrong"
    await door.client.delete(path, headers=agency_headers(SOURCE, "ingest:tax_arrears"))
    assert (await answered(door, dispute, outcome="corrected")).json()["state"] == "corrected"


async def test_a_record_is_upheld_with_a_reason_and_never_without(door: Door) -> None:
    dispute = (await disputed(door, await sent(door))).json()["dispute_id"]
    assert (await answered(door, dispute, outcome="upheld")).status_code == 422
    assert (await answered(door, dispute, outcome="upheld", reason="  ")).status_code == 422
    done = (await answered(door, dispute, outcome="upheld", reason="已核实：税款尚未入库")).json()
    assert (done["state"], done["answer"]) == ("upheld", "已核实：税款尚未入库")
    by_user = await listed(door, agency_headers(USER, "use:tax_arrears"), "?state=upheld")
    assert done["dispute_id"] in [each["dispute_id"] for each in by_user]


async def test_only_the_source_answers_and_to_others_there_is_no_such_dispute(door: Door) -> None:
    dispute = (await disputed(door, await sent(door))).json()["dispute_id"]
    for agency in (USER, OTHER):
        assert (await answered(door, dispute, agency, outcome="upheld", reason="x")).status_code == 404
    person = person_headers("receipts:dispute quality:read")
    told = {"outcome": "upheld", "reason": "x"}
    assert (await door.client.post(f"/v1/disputes/{dispute}/answer", headers=person, json=told)).status_code == 403
    seen = await door.client.get(f"/v1/disputes/{dispute}", headers=agency_headers(OTHER, "ingest:ut_water"))
    assert seen.status_code == 404


async def test_whoever_may_not_use_a_dataset_does_not_learn_that_a_receipt_is_there(door: Door) -> None:
    receipt = await sent(door)
    assert (await disputed(door, receipt, agency_headers(OTHER, "use:ut_water"))).status_code == 404
    own = await disputed(door, receipt, agency_headers(SOURCE, "use:tax_arrears"))
    assert (own.status_code, own.json()["type"]) == (409, "urn:anxin:problem:record-is-own")


async def test_a_person_disputes_within_his_division_and_is_not_named_to_the_source(door: Door) -> None:
    receipt = await sent(door)
    assert (await disputed(door, receipt, person_headers("receipts:read", division="330110"))).status_code == 403
    town = person_headers("receipts:dispute", division="330110999")
    assert (await disputed(door, receipt, town)).json()["check"] == "jurisdiction"
    officer = person_headers("receipts:dispute", division="330110")
    raised = (await disputed(door, receipt, officer)).json()
    assert raised["raised_by"]
    (seen,) = await listed(door, agency_headers(SOURCE, "ingest:tax_arrears"), f"?after={_before(raised)}")
    assert (seen["raised_by_kind"], seen["raised_by"]) == ("person", None)
    assert raised["dispute_id"] in [each["dispute_id"] for each in await listed(door, officer)]
    nobody = await door.client.get("/v1/disputes", headers=person_headers("scores:read"))
    assert nobody.status_code == 403


async def test_what_counts_nowhere_needs_no_correction_and_what_is_asked_twice_is_asked_once(door: Door) -> None:
    receipt = await sent(door)
    first, second = await disputed(door, receipt), await disputed(door, receipt, reason="再次")
    assert (second.status_code, second.json()["dispute_id"]) == (200, first.json()["dispute_id"])
    replaced = await sent(door, number=2)
    await sent(door, number=2, balance="7", stat_at="2026-11-03T08:00:00+08:00")
    old = await disputed(door, replaced)
    assert (old.status_code, old.json()["type"]) == (409, "urn:anxin:problem:row-not-in-force")
    refused = await sent(door, number=3, balance="-1")
    assert (await disputed(door, refused)).status_code == 409


@pytest.mark.parametrize("told", [{"reason": ""}, {"reason": " "}, {"item": "no_such"}, {"reason": "\0"}, {"more": 1}])
async def test_a_dispute_that_makes_no_sense_is_refused(door: Door, told: dict[str, Any]) -> None:
    assert (await disputed(door, await sent(door), **told)).status_code == 422


async def test_what_is_not_answered_in_time_stands_in_quality_and_in_the_metrics(door: Door) -> None:
    await sent(door)
    await watch_once(door.db, shipped(), clock.now())
    before = await feed(door)
    dispute = (await disputed(door, await sent(door))).json()["dispute_id"]
    await _make_due(door, dispute, add_working_days(clock.today(), 0))
    assert await feed(door) == {"open": before["open"] + 1, "overdue": before["overdue"]}
    await _make_due(door, dispute, date(2026, 1, 5))
    assert await feed(door) == {"open": before["open"] + 1, "overdue": before["overdue"] + 1}
    (found,) = [one for one in await listed(door, person_headers("quality:read")) if one["dispute_id"] == dispute]
    assert found["is_overdue"]
    await watch_once(door.db, shipped(), clock.now())
    said = f'anxin_ingest_disputes{{agency="{SOURCE}",dataset="tax_arrears",state="overdue"}}'
    (line,) = [line for line in generate_latest().decode().splitlines() if line.startswith(said)]
    assert float(line.split()[-1]) == before["overdue"] + 1
    await answered(door, dispute, outcome="upheld", reason="x")
    assert await feed(door) == before


async def told(door: Door, dispute: str) -> list[tuple[str, dict[str, Any]]]:
    """What was announced about a dispute: subject and data, in order."""
    rows = await door.rows(
        "select subject, convert_from(body, 'UTF8') from ingest.outbox where subject like 'records.disput%' order by id"
    )
    events = [(subject, json.loads(text)["data"]) for subject, text in rows]
    return [(subject, data) for subject, data in events if data["dispute_id"] == dispute]


@pytest.mark.parametrize("dataset", ["tax_arrears", "hc_attendance"])
async def test_a_dispute_and_its_answer_are_announced_with_the_records_key_and_without_the_reason(
    door: Door, dataset: str
) -> None:
    record = (
        a_tax_record(number=77)
        if dataset == "tax_arrears"
        else {"project_code": "P1", "id_no": CITIZEN, "punch_at": "2026-11-20T08:00:00"}
    )
    receipt = str((await door.send(dataset, [record])).json()["receipt_id"])
    (accepted,) = await door.announced(receipt)
    headers = agency_headers(USER, f"use:{dataset}")
    dispute = (await disputed(door, receipt, headers, reason="该企业已缴清")).json()["dispute_id"]
    await disputed(door, receipt, headers)  # again: said once
    path, told_answer = f"/v1/disputes/{dispute}/answer", {"outcome": "upheld", "reason": "已核实"}
    await door.client.post(path, headers=agency_headers(SOURCE, f"ingest:{dataset}"), json=told_answer)
    (first, raised), (second, answer) = await told(door, dispute)
    assert (first, second) == ("records.disputed", "records.dispute.answered")
    assert [raised["key"]] == accepted["keys"]
    assert (raised["receipt_id"], raised["row"], raised["raised_by_kind"]) == (receipt, 1, "agency")
    assert (answer["outcome"], answer["corrected_by"]) == ("upheld", None)
    assert "缴清" not in str(raised)
    assert "核实" not in str(answer)


async def _make_due(door: Door, dispute: str, day: date) -> None:
    change = "update ingest.dispute set due_on = :day where dispute_id = cast(:d as uuid) returning 1"
    assert await door.rows(change, day=day, d=dispute)


async def test_raising_and_answering_are_on_record_without_the_reason(door: Door) -> None:
    dispute = (await disputed(door, await sent(door))).json()["dispute_id"]
    await answered(door, dispute, outcome="upheld", reason="已核实")
    rows = await door.rows("select actor, action, details from ingest.audit where subject = :d order by seq", d=dispute)
    assert [(actor, action) for actor, action, _ in rows] == [
        (f"agency:{USER}", "dispute.raised"),
        (f"agency:{SOURCE}", "dispute.answered"),
    ]
    assert "缴清" not in str(rows)
