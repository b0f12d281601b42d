"""The table of refusals: a real Envoy with the configuration that ships, before a service that keeps count."""

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends
from joserfc.jwk import ECKey, KeySet

from gateway.envoy import Parameters, Upstream, render
from gateway.envoy.parameters import SERVICES
from local.pki import thumbprint
from shared.auth import Caller, require, thumbprint_of
from shared.db import Database
from shared.events import SigningKeysPublished
from shared.identity import Identities
from shared.service import Runtime, Service, create_app
from shared.settings import Settings
from tests.gateway_door import Door, envoy, free_port, open_door

TLS_VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
RECORDS = "/v1/datasets/tax_arrears/records"
PATHS = (RECORDS, "/oauth/token", "/.well-known/oauth-authorization-server", "/health", "/nowhere")


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("door"), body_limit=64 * 1024, ingest_body_limit=512 * 1024) as door:
        yield door


def refused(answer: httpx.Response, status: int, check: str) -> dict[str, Any]:
    """The whole form of a refusal, whatever the reason."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body: dict[str, Any] = answer.json()
    assert body["check"] == check
    assert (body["status"], body["type"]) == (status, f"urn:anxin:problem:{check.replace('_', '-')}")
    assert body["title"]
    assert any("\u4e00" <= character <= "\u9fff" for character in body["title_zh"])
    assert body["instance"] == answer.request.url.path
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


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
        with _connect(door, context, session) as connection:
            assert not connection.session_reused
            connection.sendall(_plain_request(door))
            answer = connection.recv(65536)
            assert b" 401 " in answer.split(b"\r\n")[0]
            session = connection.session
    assert len(door.neighbour.seen) == before


def _connect(door: Door, context: ssl.SSLContext, session: ssl.SSLSession | None) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", door.parameters.agencies_port), timeout=10)
    return context.wrap_socket(plain, server_hostname="localhost", session=session)


def _plain_request(door: Door) -> bytes:
    bearer = door.token()["authorization"]
    return f"GET {RECORDS} HTTP/1.1\r\nhost: localhost\r\nauthorization: {bearer}\r\n\r\n".encode()


def test_a_good_certificate_and_token_pass(door: Door) -> None:
    with door.client() as client:
        answer = client.post(RECORDS, headers=door.token(), content=b"{}")
    assert answer.status_code == 200
    assert answer.json()["path"] == RECORDS


@pytest.mark.parametrize(
    ("claims", "check"),
    [
        ({"exp": 1_000_000_000}, "token_expired"),
        ({"exp": None}, "token_invalid"),
        ({"aud": "somebody-else"}, "token_invalid"),
        ({"iss": "https://elsewhere"}, "token_invalid"),
        ({"nbf": 9_000_000_000}, "token_invalid"),
    ],
)
def test_a_token_that_is_not_for_here_and_now_is_refused(door: Door, claims: dict[str, Any], check: str) -> None:
    before = len(door.neighbour.seen)
    with door.client() as client:
        refused(client.get(RECORDS, headers=door.token(**claims)), 401, check)
    assert len(door.neighbour.seen) == before


def test_no_token_is_refused_and_the_answer_says_how_to_send_one(door: Door) -> None:
    with door.client() as client:
        answer = client.get(RECORDS)
    refused(answer, 401, "token_missing")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_in_the_address_is_no_token(door: Door) -> None:
    """It would stand in every log on the way (RFC 6750 section 5.3)."""
    token = door.token()["authorization"].removeprefix("Bearer ")
    with door.client() as client:
        refused(client.get(RECORDS, params={"access_token": token}), 401, "token_missing")


def test_a_tampered_token_is_refused(door: Door) -> None:
    head, body, signature = door.token()["authorization"].split(".")
    forged = "A" if signature[9] != "A" else "B"
    for token in (
        f"{head}.{body}.{signature[:9]}{forged}{signature[10:]}",
        f"{head}.{body[:-3]}x{body[-2:]}.{signature}",
    ):
        with door.client() as client:
            refused(client.get(RECORDS, headers={"authorization": token}), 401, "token_invalid")


def test_a_token_signed_by_a_key_of_ones_own_is_refused(door: Door) -> None:
    own = ECKey.generate_key("P-256", {"kid": str(door.key.kid)})
    forger = Door(door.parameters, door.pki, own, door.neighbour, door.home, door.log)
    with door.client() as client:
        refused(client.get(RECORDS, headers=forger.token()), 401, "token_invalid")


def test_an_unsigned_token_is_refused(door: Door) -> None:
    _, body, _ = door.token()["authorization"].split(".")
    with door.client() as client:
        refused(
            client.get(RECORDS, headers={"authorization": f"Bearer eyJhbGciOiJub25lIn0.{body}."}), 401, "token_invalid"
        )


def test_an_agencys_token_opens_nothing_on_the_peoples_side_and_the_other_way_round(door: Door) -> None:
    with door.client(None, side="people") as person:
        refused(person.get("/v1/alerts", headers=door.token("agencies")), 401, "token_invalid")
    with door.client() as agency:
        refused(agency.get(RECORDS, headers=door.token("people")), 401, "token_invalid")


@pytest.mark.parametrize("path", ["/nowhere", "/v1/alerts", "/v1/datasetsx", "/v1/credit/cases", "/oauthx"])
def test_what_is_not_in_the_agencies_table_is_not_there(door: Door, path: str) -> None:
    with door.client() as client:
        refused(client.get(path, headers=door.token()), 404, "not_found")


def test_without_a_token_one_does_not_learn_what_is_there(door: Door) -> None:
    with door.client() as client:
        refused(client.get("/nowhere"), 401, "token_missing")


@pytest.mark.parametrize(
    "path", ["/oauth/../v1/datasets", "/oauth/%2e%2e/v1/datasets", "//v1//datasets", "/oauth/..//v1/datasets"]
)
def test_a_crooked_path_does_not_lead_round_the_token(door: Door, path: str) -> None:
    before = len(door.neighbour.seen)
    with _connect(door, door.context(), None) as connection:
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
    with open_door(tmp_path, header_timeout=1) as door, _connect(door, door.context(), None) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: loc")
        began = time.monotonic()
        answer = connection.recv(65536)
        assert b" 408 " in answer.split(b"\r\n")[0]
        assert time.monotonic() - began < 8


def test_each_agency_has_its_own_allowance(tmp_path: Path) -> None:
    with open_door(tmp_path, agency_rate=1, agency_burst=5) as door:
        with door.client("tax-bureau") as greedy:
            answers = [greedy.get("/v1/datasets", headers=door.token()) for _ in range(12)]
        limited = [answer for answer in answers if answer.status_code == 429]
        assert len(limited) >= 5
        refused(limited[0], 429, "rate_limited")
        assert int(limited[0].headers["retry-after"]) >= 1
        with door.client("water-company") as other:
            assert other.get("/v1/datasets", headers=door.token()).status_code == 200
        time.sleep(int(limited[-1].headers["retry-after"]) + 0.2)
        with door.client("tax-bureau") as patient:
            assert patient.get("/v1/datasets", headers=door.token()).status_code == 200


def test_a_service_that_is_down_is_said_to_be_so(tmp_path: Path) -> None:
    nobody = {name: Upstream(host="127.0.0.1", port=free_port()) for name in SERVICES}
    with open_door(tmp_path, upstreams=nobody) as door, door.client() as client:
        answer = client.post("/oauth/token", content=b"x=1")
        refused(answer, 503, "upstream_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        # Without the issuer's keys no token can be judged: our failure, not the caller's.
        refused(client.get(RECORDS, headers=door.token()), 503, "upstream_unavailable")


def test_a_service_with_another_services_certificate_gets_no_request(tmp_path: Path) -> None:
    with open_door(tmp_path) as real:
        port = real.parameters.upstreams["ingest"].port
        pretended = {name: Upstream(host="127.0.0.1", port=port, san=f"not-{name}") for name in SERVICES}
        (tmp_path / "second").mkdir()
        parameters = replace(
            real.parameters,
            upstreams=pretended,
            agencies_port=free_port(),
            people_port=free_port(),
            admin_port=free_port(),
        )
        with envoy(render(parameters), parameters.admin_port, tmp_path / "second"):
            context = real.context()
            url = f"https://localhost:{parameters.agencies_port}/oauth/token"
            answer = httpx.post(url, content=b"x=1", verify=context)
            assert (answer.status_code, answer.json()["check"]) == (503, "upstream_unavailable")
        assert real.neighbour.seen == []


def a_service(parameters: Parameters) -> Any:
    """A service of the platform, as small as it can be: it checks binding and scope by `shared.auth`."""
    router = APIRouter()

    @router.get(RECORDS)
    def read(caller: Annotated[Caller, Depends(require("ingest:tax_arrears"))]) -> dict[str, str]:
        return {"caller": caller.id}

    settings = Settings(
        database_url="postgresql+psycopg://nobody@127.0.0.1/nothing",
        agency_issuer=parameters.agencies_url,
        people_issuer=parameters.people_url,
    )
    runtime = Runtime(settings, Database(settings), Identities())
    return create_app(Service("probe", "for tests", (router,)), runtime)


@pytest.fixture(scope="module")
def service_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("service"), a_service) as door:
        runtime = door.neighbour.service.state.runtime
        keys = dict(KeySet([door.key]).as_dict(private=False))
        runtime.identities.apply(SigningKeysPublished(jwks=keys))
        yield door


def bound_to(door: Door, agency: str) -> dict[str, Any]:
    """The `cnf` claim of that agency's certificate."""
    digest = thumbprint((door.pki.agencies / agency / "client.crt").read_bytes())
    return {"cnf": {"x5t#S256": str(thumbprint_of(f"Hash={digest}"))}}


def test_the_agencys_own_token_with_the_scope_is_served(service_door: Door) -> None:
    token = service_door.token(scope="ingest:tax_arrears", **bound_to(service_door, "tax-bureau"))
    with service_door.client("tax-bureau") as client:
        answer = client.get(RECORDS, headers=token)
    assert (answer.status_code, answer.json()) == (200, {"caller": "tax-bureau"})


def test_another_agencys_token_is_refused_by_the_service(service_door: Door) -> None:
    token = service_door.token(scope="ingest:tax_arrears", **bound_to(service_door, "tax-bureau"))
    with service_door.client("water-company") as thief:
        answer = thief.get(RECORDS, headers=token)
    assert (answer.status_code, answer.json()["check"]) == (401, "token_not_bound")


def test_an_unbound_token_is_refused_by_the_service(service_door: Door) -> None:
    with service_door.client("tax-bureau") as client:
        answer = client.get(RECORDS, headers=service_door.token(scope="ingest:tax_arrears"))
    assert (answer.status_code, answer.json()["check"]) == (401, "token_not_bound")


def test_a_forged_certificate_header_does_not_help(service_door: Door) -> None:
    digest = thumbprint((service_door.pki.agencies / "tax-bureau" / "client.crt").read_bytes())
    token = service_door.token(scope="ingest:tax_arrears", **bound_to(service_door, "tax-bureau"))
    with service_door.client("water-company") as thief:
        answer = thief.get(
            RECORDS, headers=token | {"x-forwarded-client-cert": f'Hash={digest};Subject="CN=tax-bureau"'}
        )
    assert (answer.status_code, answer.json()["check"]) == (401, "token_not_bound")


def test_a_token_without_the_scope_is_refused_by_the_service(service_door: Door) -> None:
    token = service_door.token(scope="ingest:ut_water", **bound_to(service_door, "tax-bureau"))
    with service_door.client("tax-bureau") as client:
        answer = client.get(RECORDS, headers=token)
    assert (answer.status_code, answer.json()["check"]) == (403, "scope_missing")
