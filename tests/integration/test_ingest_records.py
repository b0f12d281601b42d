"""Records handed in through the real application on a real PostgreSQL."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from hashlib import sha256

import httpx
import pytest
import zstandard

from services.ingest.sealing import SealedBody, open_body
from tests.conftest import SettingsOf
from tests.ingest_desk import ALSO_GOOD, GOOD, WRONG_CHECK, Door, a_tax_record, counts, open_door, person_headers


@pytest.fixture(scope="module")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        yield door


@pytest.fixture(autouse=True)
async def _a_clean_desk(door: Door) -> None:
    """Records of an earlier test would make those of the next one unchanged."""
    async with door.db.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("delete from ingest.head")
        await connection.exec_driver_sql("delete from ingest.unmatched")


async def test_a_good_record_is_accepted_and_its_receipt_says_so(door: Door) -> None:
    answer = await door.send("tax_arrears", [a_tax_record()])
    assert answer.status_code == 202, answer.text
    receipt = answer.json()
    assert set(receipt) == {
        "receipt_id", "dataset", "received", "accepted", "unchanged", "rejected", "unmatched", "errors", "sha256",
        "signed",
    }  # fmt: skip
    assert counts(receipt) == (1, 1, 0, 0, 0)
    assert (receipt["dataset"], receipt["errors"], receipt["signed"]) == ("tax_arrears", [], False)
    again = await door.get(f"/v1/receipts/{receipt['receipt_id']}")
    assert again.json() == receipt


async def test_what_is_announced_is_what_was_sent_without_names_of_persons(door: Door) -> None:
    receipt = (await door.send("tax_arrears", [a_tax_record(), a_tax_record(2, uscc=ALSO_GOOD.lower())])).json()
    (event,) = await door.announced(receipt["receipt_id"])
    assert event["subject_kind"] == "employer"
    assert event["subject_ids"] == [GOOD, ALSO_GOOD]
    assert event["rows"] == [1, 2]
    assert event["keys"][0] == "T1|增值税|2026-10"
    assert event["source_times"][0].replace("+00:00", "Z") == "2026-11-01T00:00:00Z"
    assert event["columns"]["balance"] == ["120000.50", "120000.50"]
    assert "principal" not in event["columns"]
    assert "王某" not in str(event)


async def test_a_bad_record_never_spoils_a_good_one(door: Door) -> None:
    records = [a_tax_record(1), a_tax_record(2, balance="-5"), a_tax_record(3, as_of="2026-13"), "nonsense"]
    answer = await door.send("tax_arrears", records)
    assert answer.status_code == 202
    receipt = answer.json()
    assert counts(receipt) == (4, 1, 0, 3, 0)
    told = [(error["row"], error["item"], error["code"]) for error in receipt["errors"]]
    assert told == [(2, "balance", "not_above"), (3, "as_of", "month_format"), (4, "", "not_an_object")]
    assert receipt["errors"][0]["message"] == "balance must be more than 0."
    assert receipt["errors"][0]["message_zh"] == "欠税余额必须大于0。"


async def test_a_record_whose_employer_is_not_known_is_kept_and_listed(door: Door) -> None:
    records = [a_tax_record(1, uscc=None), a_tax_record(2, uscc=WRONG_CHECK), a_tax_record(3)]
    receipt = (await door.send("tax_arrears", records)).json()
    assert counts(receipt) == (3, 1, 0, 0, 2)
    told = [(error["row"], error["item"], error["code"]) for error in receipt["errors"]]
    assert told == [(1, "uscc", "unmatched"), (2, "uscc", "uscc_check")]
    kept = await door.rows("select row_no, name, record ->> 'balance' from ingest.unmatched order by row_no")
    assert kept == [(1, "杭州某某建设有限公司", "120000.50"), (2, "杭州某某建设有限公司", "120000.50")]
    assert len(await door.announced(receipt["receipt_id"])) == 1


async def test_a_record_that_finds_its_employer_waits_no_longer(door: Door) -> None:
    await door.send("tax_arrears", [a_tax_record(1, uscc=None)])
    receipt = (await door.send("tax_arrears", [a_tax_record(1)])).json()
    assert counts(receipt) == (1, 1, 0, 0, 0)
    assert await door.rows("select 1 from ingest.unmatched") == []


async def test_the_same_record_again_is_unchanged_and_not_announced(door: Door) -> None:
    await door.send("tax_arrears", [a_tax_record(1), a_tax_record(2)])
    receipt = (await door.send("tax_arrears", [a_tax_record(1), a_tax_record(2, balance="7")])).json()
    assert counts(receipt) == (2, 1, 1, 0, 0)
    (event,) = await door.announced(receipt["receipt_id"])
    assert event["rows"] == [2]


async def test_the_newest_source_time_wins_whatever_order_it_arrives_in(door: Door) -> None:
    old = a_tax_record(balance="100", stat_at="2026-11-01T08:00:00+08:00")
    new = a_tax_record(balance="50", stat_at="2026-11-09T08:00:00+08:00")
    assert counts((await door.send("tax_arrears", [new])).json()) == (1, 1, 0, 0, 0)
    late = (await door.send("tax_arrears", [old])).json()
    assert counts(late) == (1, 0, 1, 0, 0)
    assert late["errors"] == []
    notes = (await door.get(f"/v1/receipts/{late['receipt_id']}/errors")).text.splitlines()
    assert len(notes) == 1
    assert '"superseded"' in notes[0]


async def test_a_correction_with_the_same_source_time_wins_because_it_came_later(door: Door) -> None:
    await door.send("tax_arrears", [a_tax_record(balance="100")])
    receipt = (await door.send("tax_arrears", [a_tax_record(balance="90")])).json()
    assert counts(receipt) == (1, 1, 0, 0, 0)


async def test_of_two_rows_with_one_key_the_newer_wins_and_the_other_is_counted(door: Door) -> None:
    rows = [
        a_tax_record(balance="1", stat_at="2026-11-09"),
        a_tax_record(balance="2", stat_at="2026-11-01"),
        a_tax_record(balance="1", stat_at="2026-11-09"),
    ]
    receipt = (await door.send("tax_arrears", rows)).json()
    assert counts(receipt) == (3, 1, 2, 0, 0)
    assert await door.rows("select superseded from ingest.receipt where receipt_id = :r", r=receipt["receipt_id"]) == [
        (1,)
    ]


async def test_numbers_of_persons_are_sealed_before_they_are_kept_or_announced(door: Door) -> None:
    number = "11010519491231002X"
    rows = [{"project_code": "P1", "id_no": number, "punch_at": "2026-11-20T08:00:00"}]
    receipt = (await door.send("hc_attendance", rows, agency="housing")).json()
    assert counts(receipt) == (1, 1, 0, 0, 0), receipt
    (event,) = await door.announced(receipt["receipt_id"])
    assert (event["subject_kind"], event["subject_ids"]) == ("project", ["P1"])
    (pseudonym,) = event["columns"]["id_no"]
    assert number not in str(event)
    ((purpose, sealed),) = await door.rows(
        "select purpose, sealed from ingest.identity where pseudonym = :p", p=pseudonym
    )
    assert purpose == "person"
    assert door.app.state.desk.vault.open("person", sealed) == number
    paid = [{"payroll_no": "R1", "id_no": number.lower(), "payable": 1, "actual": 1}]
    other = (await door.send("hc_payroll_detail", paid, agency="housing")).json()
    assert (await door.announced(other["receipt_id"]))[0]["columns"]["id_no"] == [pseudonym]


async def test_the_file_itself_is_kept_sealed_and_comes_back_byte_for_byte(door: Door) -> None:
    body = b'[{"taxpayer": "secret \xe8\x96\xaa"}]'
    receipt = (await door.send("tax_arrears", body)).json()
    assert receipt["sha256"] == sha256(body).hexdigest()
    ((content, key, size),) = await door.rows(
        "select content, sealed_key, bytes from ingest.body where sha256 = :d", d=sha256(body).digest()
    )
    assert b"secret" not in bytes(content)
    kept = SealedBody(sha256(body).digest(), bytes(content), key, size)
    assert open_body(door.app.state.desk.vault, kept) == body


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-ndjson", '{"taxpayer":"甲","taxpayer_no":"1","tax_kind":"v","as_of":"2026-10"}\n'),
        ("text/csv", "taxpayer,taxpayer_no,tax_kind,as_of\r\n甲,1,v,2026-10\r\n"),
        ("text/csv; charset=gb18030", "taxpayer,taxpayer_no,tax_kind,as_of\r\n甲,1,v,2026-10\r\n".encode("gb18030")),
    ],
)
async def test_lines_and_tables_are_read_like_arrays(door: Door, content_type: str, body: str) -> None:
    answer = await door.send("tax_arrears", body, content_type=content_type)
    assert answer.status_code == 202, answer.text
    assert counts(answer.json()) == (1, 0, 0, 0, 1)


async def test_a_packed_body_is_the_same_file(door: Door) -> None:
    body = b'[{"taxpayer": "x"}]'
    hashes = set()
    for encoding, packed in (("gzip", gzip.compress(body)), ("zstd", zstandard.compress(body)), ("identity", body)):
        answer = await door.send("tax_arrears", packed, content_encoding=encoding)
        assert answer.status_code == 202, answer.text
        hashes.add(answer.json()["sha256"])
    assert hashes == {sha256(body).hexdigest()}


@pytest.mark.parametrize(
    ("body", "more", "status", "slug"),
    [
        ("[{", {}, 400, "bad-file"),
        ('[{"taxpayer": NaN}]', {}, 400, "bad-file"),
        ('[{"taxpayer": "a", "taxpayer": "b"}]', {}, 400, "bad-file"),
        ('[{"no_such_item": 1}]', {}, 422, "unknown-items"),
        ("[]", {"content_type": "text/plain"}, 415, "unsupported-media-type"),
        ("[]", {"content_encoding": "br"}, 415, "unsupported-media-type"),
        (gzip.compress(b"[" + b" " * 10_000_000 + b"]"), {"content_encoding": "gzip"}, 413, "too-large"),
        (gzip.compress(b"[]")[:-4], {"content_encoding": "gzip"}, 400, "bad-file"),
        (b" " * 300_000, {}, 413, "too-large"),
        ("[]", {"idempotency_key": "two words"}, 400, "idempotency-key-malformed"),
    ],
)
async def test_a_bad_file_is_refused_whole_with_the_reason(
    settings_of: SettingsOf, body: str | bytes, more: dict[str, str], status: int, slug: str
) -> None:
    async with open_door(settings_of("ingest"), max_body_bytes=200_000, max_file_bytes=1_000_000) as door:
        answer = await door.send("tax_arrears", body, **more)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:anxin:problem:{slug}"), answer.text


async def test_a_refused_file_leaves_nothing_behind(door: Door) -> None:
    before = await door.rows("select count(*) from ingest.receipt")
    body = b'{"taxpayer_no": "1"}\n' * 3 + b"{broken\n"
    answer = await door.send("tax_arrears", body, content_type="application/x-ndjson", idempotency_key="kept-free")
    assert (answer.status_code, answer.json()["row"]) == (400, 4)
    assert await door.rows("select count(*) from ingest.receipt") == before
    repaired = await door.send("tax_arrears", [a_tax_record()], idempotency_key="kept-free")
    assert repaired.status_code == 202


async def test_the_same_key_and_body_give_the_same_receipt(door: Door) -> None:
    first = await door.send("tax_arrears", [a_tax_record(), {}], idempotency_key="night-1")
    second = await door.send("tax_arrears", [a_tax_record(), {}], idempotency_key='"night-1"')
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert first.json()["rejected"] == 1


async def test_the_same_key_with_another_body_is_refused(door: Door) -> None:
    await door.send("tax_arrears", [a_tax_record()], idempotency_key="night-2")
    other = await door.send("tax_arrears", [a_tax_record(balance="1")], idempotency_key="night-2")
    assert (other.status_code, other.json()["type"]) == (422, "urn:anxin:problem:idempotency-key-reused")


async def test_two_agencies_may_use_the_same_key(door: Door) -> None:
    one = await door.send("tax_arrears", [a_tax_record()], idempotency_key="night-3", agency="tax-bureau")
    two = await door.send("tax_arrears", [a_tax_record(5)], idempotency_key="night-3", agency="other-bureau")
    assert one.status_code == two.status_code == 202
    assert one.json()["receipt_id"] != two.json()["receipt_id"]


async def test_the_same_key_at_the_same_time_is_worked_on_once(door: Door) -> None:
    records = [a_tax_record(number) for number in range(200)]
    answers = await asyncio.gather(*(door.send("tax_arrears", records, idempotency_key="night-4") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["receipt_id"] for answer in answers}) == 1
    assert len(await door.announced(answers[0].json()["receipt_id"])) == 1


async def test_files_with_the_same_records_at_the_same_time_are_all_taken(door: Door) -> None:
    records = [a_tax_record(number) for number in range(300)]
    answers = await asyncio.gather(
        *(
            door.send("tax_arrears", records[::step], idempotency_key=f"c{step}{n}")
            for n in range(3)
            for step in (1, -1)
        )
    )
    assert [answer.status_code for answer in answers] == [202] * 6
    assert sum(answer.json()["accepted"] for answer in answers) == 300
    assert await door.rows("select count(*) from ingest.head") == [(300,)]


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


async def test_many_rows_leave_in_messages_that_fit_the_bus(door: Door) -> None:
    long = "经" * 9000
    rows = [{"case_code": f"C{number}", "ent_name": "某", "uscc": GOOD} for number in range(4500)]
    receipt = (await door.send("court_bankruptcy", rows, agency="court")).json()
    events = await door.announced(receipt["receipt_id"])
    assert sorted(row for event in events for row in event["rows"]) == list(range(1, 4501))
    assert max(len(event["rows"]) for event in events) == 2000
    texts = [
        {"entity_id": f"{number:016d}", "uscc": GOOD, "ent_name": "某", "est_date": "2020-01-01", "scope": long}
        for number in range(100)
    ]
    receipt = (await door.send("samr_entity", texts, agency="market-bureau")).json()
    sizes = await door.rows("select max(length(body)) from ingest.outbox")
    assert sum(len(event["rows"]) for event in await door.announced(receipt["receipt_id"])) == 100
    assert sizes[0][0] < 1_000_000


async def test_a_thousand_records_are_accepted_well_under_a_second(door: Door) -> None:
    records = [a_tax_record(number) for number in range(1000)]
    await door.send("tax_arrears", records[:1])
    began = time.perf_counter()
    answer = await door.send("tax_arrears", records)
    took = time.perf_counter() - began
    assert counts(answer.json()) == (1000, 999, 1, 0, 0)
    assert took < 1.0, f"{took:.3f} s"


async def test_when_every_place_is_taken_the_answer_says_when_to_come_back(settings_of: SettingsOf) -> None:
    async with open_door(settings_of("ingest"), max_concurrent=1, max_waiting=0) as door:
        records = [a_tax_record(number) for number in range(500)]
        answers: list[httpx.Response] = await asyncio.gather(*(door.send("tax_arrears", records) for _ in range(5)))
        refused = [answer for answer in answers if answer.status_code == 503]
        assert refused
        assert {answer.headers["retry-after"] for answer in refused} == {"2"}
        assert (await door.send("tax_arrears", records)).status_code == 202
