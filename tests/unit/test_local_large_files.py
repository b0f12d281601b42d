"""A large file on its way: in blocks, again from where the platform says, and with the refusal's own words."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import large_files, pki, refusals
from local.agency_client import AgencyClient, media_type, packing
from local.layout import Home

PLACE = "/v1/imports/1"


class Platform:
    """An import as the platform would keep it. `hiccups`: answers given instead, once each, to a PATCH."""

    def __init__(self, arrived: int = 0, ended: dict[str, Any] | None = None) -> None:
        self.content = bytearray(b"?" * arrived)
        self.hiccups: list[Callable[[httpx.Request], httpx.Response]] = []
        self.ended = ended or {"state": "done", "receipt": "/v1/receipts/1"}
        self.keys: set[str] = set()
        self.said: dict[str, str] = {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        place = {"Upload-Offset": str(len(self.content))}
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "a", "expires_in": 600})
        if request.url.path == "/v1/receipts/1":
            return httpx.Response(200, json={"receipt_id": "1"})
        if request.method == "POST":
            self.keys.add(request.headers["Idempotency-Key"])
            self.said = dict(request.url.params)
            return httpx.Response(201, headers={"Location": PLACE, **place})
        if request.method == "PATCH":
            return self.hiccups.pop(0)(request) if self.hiccups else self.take(request)
        return httpx.Response(200, headers=place, json={"received": 1, "rows_read": 1, "import_id": "1", **self.ended})

    def take(self, request: httpx.Request) -> httpx.Response:
        if int(request.headers["Upload-Offset"]) != len(self.content):
            return httpx.Response(409, json={"title": "elsewhere"})
        _, digest = request.headers["Upload-Checksum"].split(" ")
        assert base64.b64decode(digest) == hashlib.sha256(request.content).digest()
        self.content += request.content
        return httpx.Response(204, headers={"Upload-Offset": str(len(self.content))})


@pytest.fixture
def client(tmp_path: Path) -> AgencyClient:
    pki.ensure(tmp_path / "pki")
    return AgencyClient("https://localhost:1", pki.issue_agency(Home(tmp_path).pki, "tax-bureau"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "a.ndjson"
    made.write_bytes(bytes(range(256)) * (large_files.BLOCK_BYTES // 256) + b"the end")
    return made


def sent(client: AgencyClient, platform: Platform, file: Path, **said: str) -> dict[str, Any]:
    client.http = httpx.Client(base_url=client.url, transport=httpx.MockTransport(platform.answer))
    return large_files.send(
        client, large_files.LargeFile("tax_arrears", file, said), lambda _size: None, lambda _state: None
    )


def test_a_file_goes_in_checked_blocks_and_ends_with_its_receipt(client: AgencyClient, file: Path) -> None:
    platform = Platform()
    assert sent(client, platform, file) == {"receipt_id": "1"}
    assert platform.content == file.read_bytes()


def test_what_has_arrived_is_not_sent_again_and_the_key_is_the_same(client: AgencyClient, file: Path) -> None:
    first, resumed = Platform(), Platform(arrived=large_files.BLOCK_BYTES)
    sent(client, first, file)
    sent(client, resumed, file)
    assert resumed.content.endswith(b"??the end")
    assert first.keys == resumed.keys


def test_what_is_said_of_a_file_is_said_when_it_begins_and_makes_it_another_file(
    client: AgencyClient, file: Path
) -> None:
    listed = {"snapshot_id": "7", "snapshot_state": "held"}
    plain, full = Platform(), Platform(ended={"state": "done", "receipt": "/v1/receipts/1", **listed})
    said = {"snapshot": "full", "as_of": "2026-11-01T00:00:00+08:00", "month": "2026-10"}
    sent(client, plain, file)
    receipt = sent(client, full, file, **said)
    assert (plain.said, full.said) == ({}, said)
    assert not plain.keys & full.keys
    assert receipt["snapshot"] == {"snapshot_id": "7", "state": "held"}


def test_a_block_that_arrived_though_its_answer_did_not_is_not_sent_twice(client: AgencyClient, file: Path) -> None:
    platform = Platform()

    def taken_but_lost(request: httpx.Request) -> httpx.Response:
        platform.take(request)
        return httpx.Response(503, headers={"Retry-After": "0"})

    platform.hiccups = [taken_but_lost]
    sent(client, platform, file)
    assert platform.content == file.read_bytes()


def test_a_block_that_broke_on_the_way_is_sent_again(client: AgencyClient, file: Path) -> None:
    platform = Platform()
    platform.hiccups = [lambda _request: httpx.Response(460, json={"title": "broken"})]
    sent(client, platform, file)
    assert platform.content == file.read_bytes()


def test_what_breaks_every_time_is_given_up(client: AgencyClient, file: Path) -> None:
    platform = Platform()
    platform.hiccups = [lambda _request: httpx.Response(460, json={"title": "broken"})] * 20
    with pytest.raises(refusals.Denied, match="broken"):
        sent(client, platform, file)


def test_a_file_that_is_refused_whole_says_why(client: AgencyClient, file: Path) -> None:
    problem = {
        "title": "The file cannot be read",
        "title_zh": "文件无法读取",
        "detail": "The gzip stream ends too early.",
    }
    platform = Platform(ended={"state": "refused", "problem": problem})
    with pytest.raises(refusals.Denied, match=r"文件无法读取 / .*ends too early"):
        sent(client, platform, file)


def test_a_packed_file_is_of_the_kind_below_its_packing() -> None:
    assert [(media_type(Path(name)), packing(Path(name))) for name in ("a.csv.gz", "b.NDJSON.ZST", "c.json")] == [
        ("text/csv", "gzip"),
        ("application/x-ndjson", "zstd"),
        ("application/json", "identity"),
    ]
