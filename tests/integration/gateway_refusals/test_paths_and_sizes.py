"""Paths that are not in the table or are crooked, and requests that are too large or never end."""

import time
from pathlib import Path

import pytest

from tests.gateway_answers import RECORDS, refused
from tests.gateway_door import Door, connect, open_door


@pytest.mark.parametrize("path", ["/nowhere", "/v1/alerts", "/v1/datasetsx", "/v1/credit/cases", "/oauthx"])
def test_what_is_not_in_the_agencies_table_is_not_there(door: Door, path: str) -> None:
    with door.client() as client:
        refused(client.get(path, headers=door.token()), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["/oauth/../v1/datasets", "/oauth/%2e%2e/v1/datasets", "//v1//datasets", "/oauth/..//v1/datasets"]
)
def test_a_crooked_path_does_not_lead_round_the_token(door: Door, path: str) -> None:
    before = len(door.neighbour.seen)
    with connect(door, door.context(), None) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        assert connection.recv(65536).split(b"\r\n")[0].split()[1] in {b"400", b"401", b"404"}
    assert len(door.neighbour.seen) == before


def test_an_encoded_slash_is_refused(door: Door) -> None:
    with door.client() as client:
        answer = client.get("/oauth%2f..%2fv1/datasets", headers=door.token())
    assert (answer.status_code, answer.json()["check"]) == (400, "request_malformed")


def test_people_cannot_bring_records_in(door: Door) -> None:
    with door.client(None, side="people") as person:
        refused(person.post(RECORDS, headers=door.token("people"), content=b"{}"), 404, "not_found")
        assert person.get("/v1/datasets", headers=door.token("people")).status_code == 200


def test_a_small_address_takes_small_bodies_only(door: Door) -> None:
    with door.client() as client:
        refused(client.post("/v1/receipts/x", headers=door.token(), content=b"x" * 65_537), 413, "body_too_large")
        assert client.post("/v1/receipts/x", headers=door.token(), content=b"x" * 65_536).json()["length"] == 65_536


def test_records_may_be_large_but_not_without_end(door: Door) -> None:
    with door.client() as client:
        assert client.post(RECORDS, headers=door.token(), content=b"x" * 524_288).json()["length"] == 524_288
        refused(client.post(RECORDS, headers=door.token(), content=b"x" * 524_289), 413, "body_too_large")


def test_a_body_of_unannounced_length_is_counted_as_it_comes(door: Door) -> None:
    with door.client() as client:
        stream = (b"x" * 65_536 for _ in range(20))
        refused(client.post(RECORDS, headers=door.token(), content=stream), 413, "body_too_large")


def test_headers_too_large_are_refused(door: Door) -> None:
    with door.client() as client:
        answer = client.get(RECORDS, headers=door.token() | {"x-long": "x" * 40_000})
    assert (answer.status_code, answer.json()["check"]) == (431, "request_malformed")


def test_a_client_that_never_finishes_its_headers_is_shown_out(tmp_path: Path) -> None:
    with open_door(tmp_path, header_timeout=1) as door, connect(door, door.context(), None) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: loc")
        began = time.monotonic()
        answer = connection.recv(65536)
        assert b" 408 " in answer.split(b"\r\n")[0]
        assert time.monotonic() - began < 8
