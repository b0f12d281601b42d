"""What is tried on a front door, through the real route: what is bad is refused, and nothing good is lost with it.

Each of these is a row of docs/ingest-refusals.md.
"""

import asyncio
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
import zstandard

from shared.clock import now
from tests.conftest import SettingsOf
from tests.ingest_desk import ALSO_GOOD, GOOD, WRONG_CHECK, Door, a_tax_record, agency_headers, counts, open_door

NOT_READ = 415, "unsupported-media-type"
LINES, CSV, ARROW = "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream"
HEADER = "taxpayer,taxpayer_no,tax_kind,as_of,balance\r\n"
MIB = 2**20


@pytest.fixture(scope="module")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        yield door


def a_lying_stream() -> bytes:
    """An Arrow stream whose record batch says that it is larger than any memory."""
    out = io.BytesIO()
    pl.DataFrame({"taxpayer": ["甲"], "taxpayer_no": ["1"], "tax_kind": ["v"], "as_of": ["2026-10"]}).write_ipc_stream(
        out
    )
    whole = bytearray(out.getvalue())
    schema = 8 + int.from_bytes(whole[4:8], "little")
    body = len(whole) - 8 - (schema + 8 + int.from_bytes(whole[schema + 4 : schema + 8], "little"))
    at = whole.index(body.to_bytes(8, "little"), schema)
    whole[at : at + 8] = (2**62).to_bytes(8, "little")
    return bytes(whole)


FILES: dict[str, tuple[bytes, dict[str, str], int, str, str]] = {
    "truncated gzip": (gzip.compress(b"[]")[:-4], {"content_encoding": "gzip"}, 400, "bad-file", "too early"),
    "truncated zstd": (zstandard.compress(b"[]")[:-1], {"content_encoding": "zstd"}, 400, "bad-file", "too early"),
    "gzip bomb": (gzip.compress(bytes(200 * MIB)), {"content_encoding": "gzip"}, 413, "too-large", "larger than"),
    "zstd bomb": (zstandard.compress(bytes(200 * MIB)), {"content_encoding": "zstd"}, 413, "too-large", "larger than"),
    "one endless line": (
        b'{"taxpayer":"' + b"x" * 9 * MIB,
        {"content_type": LINES},
        413,
        "record-too-large",
        "Record 1",
    ),
    "one endless field": (HEADER.encode() + b"x" * 9 * MIB, {"content_type": CSV}, 413, "record-too-large", "Record 1"),
    "invalid UTF-8": (b'[{"taxpayer":"\xff"}]', {}, 400, "bad-file", "not utf-8"),
    "a slip in a UTF-8 table": (
        (HEADER + "杭州某某,TN1,税种,2026-10,5\r\n" * 3).encode().replace("税种".encode(), "税种".encode()[:-1], 1),
        {"content_type": CSV},
        400,
        "bad-file",
        "not utf-8",
    ),
    "two records in a line": (
        b'{"taxpayer":"a \\":b :c"}' * 2,
        {"content_type": LINES},
        400,
        "bad-file",
        "Record 1 is not alone in its line",
    ),
    "a gzip of nothing": (b"", {"content_type": LINES, "content_encoding": "gzip"}, 400, "bad-file", "too early"),
    "duplicate keys": (b'[{"taxpayer":"a","taxpayer":"b"}]', {}, 400, "bad-file", "stands twice in record 1"),
    "NaN": (b'[{"balance":NaN}]', {}, 400, "bad-file", "no JSON"),
    "half a character": (b'[{"taxpayer":"\\ud800"}]', {}, 400, "bad-file", "half a character"),
    "10,000 columns": (
        ",".join(f"c{n}" for n in range(10_000)).encode(),
        {"content_type": CSV},
        422,
        "unknown-items",
        "9980 more",
    ),
    "lying Arrow lengths": (a_lying_stream(), {"content_type": ARROW}, 400, "bad-file", "larger than"),
    "Parquet that is none": (
        b"PAR1" + bytes(99) + b"PAR1",
        {"content_type": "application/vnd.apache.parquet"},
        400,
        "bad-file",
        "broken",
    ),
    "wrong content type": (b"[]", {"content_type": "application/xml"}, 415, "unsupported-media-type", "must be"),
    "JSON in a charset": ("[]".encode("gbk"), {"content_type": "application/json; charset=GBK"}, *NOT_READ, "UTF-8"),
    "gzip that is none": (b"[]", {"content_encoding": "gzip"}, 400, "bad-file", "broken"),
    "JSON called CSV": (b'[{"taxpayer":"a"}]', {"content_type": CSV}, 422, "unknown-items", "Unknown items"),
    "CSV called JSON": (HEADER.encode(), {}, 400, "bad-file", "one JSON array"),
}


@pytest.mark.parametrize("name", FILES)
async def test_a_bad_file_is_refused_whole_and_says_why(door: Door, name: str) -> None:
    body, more, status, slug, sentence = FILES[name]
    before = await door.rows("select count(*) from ingest.receipt")
    answer = await door.send("tax_arrears", body, **more)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"urn:anxin:problem:{slug}"), answer.text
    assert sentence in problem["detail"]
    assert re.search("[\u4e00-\u9fff]", problem["detail_zh"])
    assert len(answer.content) < 10_000
    assert await door.rows("select count(*) from ingest.receipt") == before


async def test_a_packed_file_takes_the_room_of_what_was_sent_however_much_it_unpacks_to(
    settings_of: SettingsOf,
) -> None:
    """A bomb is found out while it is read; a good file of mostly nothing passes a door that is narrower than it is."""
    bomb = gzip.compress(bytes(64 * MIB))
    roomy = gzip.compress(json.dumps(a_tax_record(501)).encode() + b"\n" * 20 * MIB)
    more = {"content_encoding": "gzip"}
    async with open_door(settings_of("ingest"), max_bytes_in_flight=MIB, max_file_bytes=32 * MIB) as narrow:
        for _ in range(3):  # and what was counted is given back
            assert (await narrow.send("tax_arrears", bomb[: len(bomb) // 4], **more)).status_code == 400
            assert (await narrow.send("tax_arrears", bomb, **more)).status_code == 413
        receipt = (await narrow.send("tax_arrears", roomy, content_type="application/x-ndjson", **more)).json()
    assert counts(receipt) == (1, 1, 0, 0, 0)


async def test_a_body_for_which_there_is_no_room_is_told_to_come_later_before_it_is_sent(
    settings_of: SettingsOf,
) -> None:
    async with open_door(settings_of("ingest"), max_bytes_in_flight=MIB) as narrow:
        answer = await narrow.send("tax_arrears", b"[" + b" " * 2 * MIB + b"]")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:anxin:problem:overloaded")
    assert answer.headers["Retry-After"] == "10"


@pytest.mark.parametrize(("body", "packed"), [(b"\xff\xfe[]", ""), (b"[]", "gzip")])
async def test_a_fault_in_the_very_first_byte_is_told_with_its_place(door: Door, body: bytes, packed: str) -> None:
    answer = await door.send("tax_arrears", body, content_encoding=packed)
    assert (answer.status_code, answer.json()["byte"]) == (400, 0)


@pytest.mark.parametrize(
    ("change", "item", "code"),
    [
        ('"balance": 1e400', "balance", "exponent"),
        ('"balance": 1e' + "9" * 400, "balance", "exponent"),
        ('"balance": ' + "9" * 5000, "balance", "out_of_range"),
        ('"balance": ' + "[" * 50_000 + "]" * 50_000, "balance", "nested"),
        ('"balance": "NaN"', "balance", "number_format"),
        ('"balance": -5', "balance", "not_above"),
        ('"as_of": "2026-02-30"', "as_of", "month_format"),
        ('"stat_at": "2021-02-30T08:00:00"', "stat_at", "no_such_date"),
        ('"stat_at": "2026-10-31T23:59:60+08:00"', "stat_at", "leap_second"),
        ('"stat_at": "2999-01-01T00:00:00Z"', "stat_at", "in_the_future"),
        ('"taxpayer_no": {"a": 1}', "taxpayer_no", "nested"),
    ],
)
async def test_a_bad_record_is_refused_with_its_row_and_never_spoils_a_good_one(
    door: Door, change: str, item: str, code: str
) -> None:
    good = a_tax_record(taxpayer_no=f"{zlib.crc32(change.encode())}")
    kept = {name: value for name, value in good.items() if f'"{name}"' not in change}
    bad = json.dumps(kept)[:-1] + ", " + change + "}"
    one_a_line = f"{json.dumps(good | {'taxpayer_no': good['taxpayer_no'] + '-line'})}\n{bad}\n"
    for body, kind in ((f"[{json.dumps(good)}, {bad}]", "application/json"), (one_a_line, LINES)):
        receipt = (await door.send("tax_arrears", body, content_type=kind)).json()
        assert counts(receipt) == (2, 1, 0, 1, 0), receipt
        assert [(error["row"], error["item"], error["code"]) for error in receipt["errors"]] == [(2, item, code)]
        assert all(error["message"] and error["message_zh"] for error in receipt["errors"])


async def test_a_wrong_check_character_makes_a_record_wait_for_its_owner_and_is_told(door: Door) -> None:
    rows = [
        a_tax_record(1, taxpayer_no="c1", uscc=WRONG_CHECK, taxpayer="没有这家公司"),
        a_tax_record(2, taxpayer_no="c2"),
    ]
    receipt = (await door.send("tax_arrears", rows)).json()
    assert counts(receipt) == (2, 1, 0, 0, 1), receipt
    assert (receipt["errors"][0]["row"], receipt["errors"][0]["code"]) == (1, "uscc_check")


async def test_a_source_whose_clock_is_a_day_ahead_is_believed_and_one_further_is_not(door: Door) -> None:
    ahead = [(now() + timedelta(hours=hours)).isoformat() for hours in (23, 25)]
    rows = [a_tax_record(1, taxpayer_no=f"clock-{place}", stat_at=moment) for place, moment in enumerate(ahead)]
    receipt = (await door.send("tax_arrears", rows)).json()
    assert counts(receipt) == (2, 1, 0, 1, 0), receipt
    assert receipt["errors"][0]["code"] == "in_the_future"


@pytest.mark.parametrize("formula", ['=HYPERLINK("http://x")', "+1+1", "-1+1", "@SUM(A1)"])
async def test_a_formula_is_a_text_like_any_other_and_is_never_told_again(door: Door, formula: str) -> None:
    quoted = formula.replace('"', '""')
    body = HEADER + f'"{quoted}","no-{formula[0]}",v,2026-10,5\r\n"{quoted}",,"{quoted}","{quoted}","{quoted}"\r\n'
    receipt = (await door.send("tax_arrears", body, content_type=CSV)).json()
    assert (receipt["received"], receipt["rejected"], receipt["unmatched"]) == (2, 1, 1), receipt
    errors = await door.get(f"/v1/receipts/{receipt['receipt_id']}/errors", accept="text/csv")
    cells = [cell for line in csv.reader(io.StringIO(errors.text.removeprefix("\ufeff"))) for cell in line]
    assert len(cells) > 10
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert formula not in errors.text


async def test_a_line_with_a_field_too_few_is_refused_alone(door: Door) -> None:
    body = HEADER + "甲,few-1,v,2026-10\r\n甲,few-2,v,2026-10,5\r\n甲,few-3,v,2026-10,5,6\r\n"
    receipt = (await door.send("tax_arrears", body, content_type=CSV)).json()
    assert (receipt["received"], receipt["rejected"], receipt["unmatched"]) == (3, 2, 1), receipt
    refused = [(error["row"], error["code"]) for error in receipt["errors"] if error["code"] == "field_count"]
    assert refused == [(1, "field_count"), (3, "field_count")]


async def test_the_same_key_of_two_agencies_is_two_submissions(door: Door) -> None:
    sent = [
        await door.send(
            "tax_arrears", [a_tax_record(taxpayer_no="k", uscc=uscc)], agency=agency, idempotency_key="monday"
        )
        for agency, uscc in (("tax-bureau", GOOD), ("other-bureau", ALSO_GOOD))
    ]
    assert [answer.status_code for answer in sent] == [202, 202]
    assert sent[0].json()["receipt_id"] != sent[1].json()["receipt_id"]
    again = await door.send("tax_arrears", [a_tax_record(taxpayer_no="k")], idempotency_key="monday")
    assert again.json()["receipt_id"] == sent[0].json()["receipt_id"]


async def test_a_slow_sender_is_told_so_and_leaves_its_place(settings_of: SettingsOf) -> None:
    async def drops() -> AsyncIterator[bytes]:
        yield b"[{"
        await asyncio.Event().wait()

    async with open_door(settings_of("ingest"), body_timeout_s=0.2, max_of_an_agency=1) as door:
        headers = {"content-type": "application/json", **agency_headers("tax-bureau", "ingest:tax_arrears")}
        answer = await door.client.post("/v1/datasets/tax_arrears/records", content=drops(), headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (408, "urn:anxin:problem:body-too-slow")
        assert (await door.send("tax_arrears", [a_tax_record()])).status_code == 202


async def test_a_dropped_connection_leaves_nothing_behind(door: Door) -> None:
    before = await door.rows("select count(*) from ingest.receipt")
    sent: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b"[{", "more_body": True}, {"type": "http.disconnect"}]
    )
    answered: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(sent)

    async def send(message: Any) -> None:
        answered.append(message)

    given = {"content-type": "application/json", **agency_headers("tax-bureau", "ingest:tax_arrears")}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/datasets/tax_arrears/records",
        "raw_path": b"/v1/datasets/tax_arrears/records",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("ingest", 80),
        "state": {},
    }
    await door.app(scope, receive, send)
    assert answered[0]["status"] == 400
    assert await door.rows("select count(*) from ingest.receipt") == before


async def test_a_file_of_nothing_but_errors_tells_every_one_of_them_page_by_page(door: Door) -> None:
    rows = 25_000
    body = HEADER + "甲,,,,5\r\n" * rows
    receipt = (await door.send("tax_arrears", body, content_type=CSV)).json()
    assert counts(receipt) == (rows, 0, 0, rows, 0)
    assert len(receipt["errors"]) == 1000
    errors = await door.get(f"/v1/receipts/{receipt['receipt_id']}/errors")
    told = pl.read_ndjson(errors.content)
    assert len(told) == 3 * rows
    assert told.get_column("row").unique().len() == rows
