"""Clients that trickle, connections that break, through the real Envoy: nothing is half kept, no place is lost."""

import base64
import contextlib
import hashlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from local.agency_client import AgencyClient
from local.parts import cluster
from local.story.office import wait_for
from local.story.records import credit_code
from services.ingest.settings import IngestSettings
from tests.running import Running

DATASET = "tax_social_fee"
RECORDS, IMPORTS = f"/v1/datasets/{DATASET}/records", f"/v1/datasets/{DATASET}/imports"
TUS = {"Tus-Resumable": "1.0.0"}
PATCH_TYPE = "application/offset+octet-stream"
# As `services/ingest/settings.py` has them.
SEATS, BODY_TIMEOUT_S = 32, 60
ROOM = IngestSettings.model_fields["max_bytes_in_flight"].default
MB = 1024 * 1024
COUNTS = """
select (select count(*) from ingest.receipt where agency = %(agency)s),
    (select count(*) from ingest.head join ingest.receipt using (receipt_id) where agency = %(agency)s)
"""


class Line:
    """A connection that does no more than it is told."""

    def __init__(self, client: AgencyClient, method: str, path: str, length: int, headers: dict[str, str]) -> None:
        """Send the head of a request that announces so many bytes."""
        trust = ssl.create_default_context(cafile=str(client.folder / "ca.crt"))
        trust.load_cert_chain(client.folder / "client.crt", client.folder / "client.key")
        place = httpx.URL(client.url)
        plain = socket.create_connection((place.host, place.port or 443), timeout=90)
        self._socket = trust.wrap_socket(plain, server_hostname=place.host)
        given = {"Host": place.netloc.decode(), "Authorization": f"Bearer {client.token()}", **headers}
        told = "".join(f"{name}: {value}\r\n" for name, value in {**given, "Content-Length": str(length)}.items())
        self.send(f"{method} {path} HTTP/1.1\r\n{told}\r\n".encode())

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def drop(self) -> None:
        """Gone, as when a cable is pulled: no farewell of TLS, and a reset instead of a FIN."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def answer(self) -> tuple[int, dict[str, Any]]:
        """Status and problem; waits for them."""
        response = b""
        while b"\r\n\r\n" not in response or not response.rstrip().endswith(b"}"):
            part = self._socket.recv(65536)
            if not part:
                break
            response += part
        head, _, body = response.partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])


def rows(first: int, count: int, blanks: int = 0) -> bytes:
    """NDJSON: records of firms that nobody else has, with so many blanks behind each."""
    records = ({"uscc": credit_code(first + n), "period": "2026-10", "arrears": "0.00"} for n in range(count))
    return b"".join(json.dumps(record).encode() + b" " * blanks + b"\n" for record in records)


def posted(client: AgencyClient, body: bytes) -> httpx.Response:
    headers = {"Authorization": f"Bearer {client.token()}", "Content-Type": "application/x-ndjson"}
    return client.http.post(RECORDS, content=body, headers=headers)


def kept(platform: Running, agency: str) -> tuple[int, int]:
    """Receipts, and records that stand by them."""
    with cluster(platform.home, platform.ports).connect() as connection:
        found = connection.execute(COUNTS, {"agency": agency}).fetchone()
    assert found is not None
    return int(str(found[0])), int(str(found[1]))


def begun(client: AgencyClient, file: bytes) -> str:
    kind = base64.b64encode(b"application/x-ndjson").decode()
    headers = {**TUS, "Upload-Length": str(len(file)), "Upload-Metadata": f"filetype {kind}"}
    return client.ask("POST", IMPORTS, headers).headers["Location"]


def offset(client: AgencyClient, place: str) -> int:
    return int(client.ask("HEAD", place, TUS).headers["Upload-Offset"])


def taken_in(client: AgencyClient, place: str, file: bytes) -> dict[str, Any]:
    """Send what is missing, and wait for the end."""
    here = offset(client, place)
    headers = {**TUS, "Content-Type": PATCH_TYPE, "Upload-Offset": str(here)}
    client.ask("PATCH", place, headers, file[here:])
    return wait_for("the file to be taken in", lambda: _ended(client, place), 120)


# No record, and yet too large to go together with others: it needs a seat as the bodies of a crowd do.
LOOK = b"\n" * (IngestSettings.model_fields["max_small_bytes"].default + 1)


@contextlib.contextmanager
def crowd(client: AgencyClient, begin: Callable[[], Line], content: bytes) -> Iterator[None]:
    """So many connections that all seats of one agency are taken, each with some content; all break in the end."""
    lines: list[Line] = []

    def joined(count: int) -> None:
        more = [begin() for _ in range(count)]
        lines.extend(more)
        for line in more:
            with contextlib.suppress(OSError):
                line.send(content)

    def refused() -> httpx.Response | None:
        answer = posted(client, LOOK)
        if answer.status_code == 429 and "submissions" in answer.json()["detail"]:
            return answer
        joined(1)  # the look took the seat of one that was sent away
        return None

    try:
        joined(SEATS)
        assert wait_for("every seat to be taken", refused, 90).headers["retry-after"]
        yield
    finally:
        for line in lines:
            line.drop()


@pytest.mark.timeout(240)
def test_requests_that_break_off_leave_nothing_and_give_back_places_and_bytes(platform: Running) -> None:
    client = platform.agency("dropping-bureau", [f"ingest:{DATASET}"])
    body, kind = rows(600_000, 5_000, blanks=400), {"Content-Type": "application/x-ndjson"}
    # Twice: kept counts of both would be more than all bodies together may have. Those of one are less: nobody is sent
    # away for his bytes before all seats are taken.
    assert SEATS * len(body) < ROOM < 2 * SEATS * len(body)
    for _ in range(2):
        with crowd(client, lambda: Line(client, "POST", RECORDS, 2 * len(body), kind), body):
            pass
        wait_for("the seats to be free again", lambda: posted(client, LOOK).status_code == 202 or None, 60)
    answer = posted(client, rows(610_000, 3))
    assert (answer.status_code, answer.json()["accepted"]) == (202, 3)
    assert kept(platform, client.client_id)[1] == 3


@pytest.mark.timeout(240)
def test_an_upload_that_breaks_off_keeps_its_beginning_or_with_a_checksum_nothing(platform: Running) -> None:
    client = platform.agency("breaking-bureau", [f"ingest:{DATASET}"])
    file = rows(620_000, 12_000, blanks=1000)
    place = begun(client, file)
    digest = base64.b64encode(hashlib.sha256(file).digest()).decode()
    headers = {**TUS, "Content-Type": PATCH_TYPE, "Upload-Offset": "0"}
    proven = {**headers, "Upload-Checksum": f"sha256 {digest}"}
    with crowd(client, lambda: Line(client, "PATCH", place, len(file), proven), file[:MB]):
        pass
    wait_for("the seats to be free again", lambda: posted(client, LOOK).status_code == 202 or None, 60)
    assert offset(client, place) == 0
    line = Line(client, "PATCH", place, len(file), headers)
    line.send(file[: 9 * MB])
    wait_for("two pieces to be durable", lambda: offset(client, place) >= 8 * MB or None, 60)
    line.drop()
    assert 8 * MB <= offset(client, place) <= 9 * MB
    ended = taken_in(client, place, file)
    assert (ended["state"], ended["accepted"]) == ("done", 12_000)
    assert ended["sha256"] == hashlib.sha256(file).hexdigest()


def _ended(client: AgencyClient, place: str) -> dict[str, Any] | None:
    state: dict[str, Any] = client.get(place).json()
    return state if state["state"] in ("done", "refused", "failed") else None


@pytest.mark.timeout(240)
def test_who_trickles_is_let_go_in_time_and_keeps_nobody_else_waiting(platform: Running) -> None:
    client = platform.agency("trickling-bureau", [f"ingest:{DATASET}"])
    file = rows(640_000, 200)
    place = begun(client, file)
    patch = {**TUS, "Content-Type": PATCH_TYPE, "Upload-Offset": "0"}
    lines = [
        Line(client, "POST", RECORDS, len(file), {"Content-Type": "application/x-ndjson"}),
        Line(client, "PATCH", place, len(file), patch),
    ]
    over = threading.Event()
    trickling = threading.Thread(target=_trickle, args=(lines, file, over))
    began = time.monotonic()
    trickling.start()
    try:
        answer = posted(client, rows(650_000, 2))
        assert (answer.status_code, answer.json()["accepted"]) == (202, 2)
        assert time.monotonic() - began < BODY_TIMEOUT_S / 2
        answers = [line.answer() for line in lines]
        assert [(status, said["type"]) for status, said in answers] == [(408, "urn:anxin:problem:body-too-slow")] * 2
        assert time.monotonic() - began < BODY_TIMEOUT_S * 1.5
    finally:
        over.set()
        trickling.join()
        for line in lines:
            line.drop()
    assert kept(platform, client.client_id) == (1, 2)
    assert 0 < offset(client, place) < len(file)
    ended = taken_in(client, place, file)
    assert (ended["state"], ended["accepted"]) == ("done", 200)


def _trickle(lines: list[Line], file: bytes, over: threading.Event) -> None:
    """A byte a second on each line, until they are let go."""
    for place in range(len(file)):
        for line in lines:
            with contextlib.suppress(OSError):
                line.send(file[place : place + 1])
        if over.wait(1):
            return
