"""Forms of a file that are read or refused whole, and what is sealed before it is kept."""

import gzip
from hashlib import sha256

import pytest
import zstandard

from services.ingest.sealing import SealedBody, open_body
from tests.conftest import SettingsOf
from tests.ingest_desk import Door, a_tax_record, counts, open_door


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
        (gzip.compress(b"[" + b" " * 10_000_000 + b"]", mtime=0), {"content_encoding": "gzip"}, 413, "too-large"),
        (gzip.compress(b"[]", mtime=0)[:-4], {"content_encoding": "gzip"}, 400, "bad-file"),
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
