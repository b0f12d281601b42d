"""Without a good certificate nothing is reached: on no path, over no version of TLS, in no resumed session."""

import ssl
from pathlib import Path

import pytest

from tests.gateway_answers import RECORDS, refused
from tests.gateway_door import Door, connect, open_door

TLS_VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
PATHS = (RECORDS, "/oauth/token", "/.well-known/oauth-authorization-server", "/health", "/nowhere")


@pytest.mark.parametrize("tls", TLS_VERSIONS, ids=lambda version: version.name)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("certificate", "check"),
    [
        (None, "certificate_missing"),
        ("expired", "certificate_expired"),
        ("stranger", "certificate_untrusted"),
        ("impostor", "certificate_untrusted"),
        ("edge-client", "certificate_untrusted"),
        ("self-made", "certificate_untrusted"),
    ],
)
def test_without_a_good_certificate_nothing_is_reached(
    door: Door, certificate: str | None, check: str, path: str, tls: ssl.TLSVersion
) -> None:
    before = len(door.neighbour.seen)
    with door.client(certificate, tls=tls) as client:
        # Three times over one connection: the verdict stays with it, valid token or not.
        for headers in ({}, door.token(), door.token()):
            refused(client.post(path, headers=headers, content=b"{}"), 401, check)
    assert len(door.neighbour.seen) == before


def test_should_the_certificate_check_itself_fail_nothing_is_reached_either(tmp_path: Path) -> None:
    """Envoy lets a request go on when a Lua script fails; the routes still ask for a verified certificate."""
    with open_door(tmp_path, broken=("local check = nil", "error('broken')")) as door:
        for certificate in (None, "expired", "stranger", "impostor"):
            with door.client(certificate) as client:
                assert client.post("/oauth/token", content=b"x=1").json()["check"] == "not_found"
        assert door.neighbour.seen == []
        with door.client() as client:
            assert client.post("/oauth/token", content=b"x=1").status_code == 200


@pytest.mark.parametrize("tls", TLS_VERSIONS, ids=lambda version: version.name)
@pytest.mark.parametrize("certificate", [None, "expired", "stranger"])
def test_a_resumed_session_brings_no_verdict_with_it(door: Door, certificate: str | None, tls: ssl.TLSVersion) -> None:
    """Envoy forgets on resumption whether the certificate was verified (envoyproxy/envoy#21235), so none is resumed."""
    before = len(door.neighbour.seen)
    context = door.context(certificate, tls)
    session = None
    for _ in range(3):
        with connect(door, context, session) as connection:
            assert not connection.session_reused
            connection.sendall(_plain_request(door))
            answer = connection.recv(65536)
            assert b" 401 " in answer.split(b"\r\n")[0]
            session = connection.session
    assert len(door.neighbour.seen) == before


def _plain_request(door: Door) -> bytes:
    bearer = door.token()["authorization"]
    return f"GET {RECORDS} HTTP/1.1\r\nhost: localhost\r\nauthorization: {bearer}\r\n\r\n".encode()
