"""What comes through the front door, and in what state: names, traces, keys and certificates over time."""

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from joserfc.jwk import ECKey, KeySet

from gateway.envoy import Parameters, render, secret_files
from local import pki as local_pki
from tests.gateway_door import ENVOY, Door, free_port, open_door

RECORDS = "/v1/datasets/tax_arrears/records"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Collector:
    """Takes OTLP over HTTP and keeps what came."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                # Envoy sends its spans in chunks.
                while size := int(self.rfile.readline(), 16):
                    bodies.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def holds(self, trace_id: str) -> bool:
        return any(bytes.fromhex(trace_id) in body for body in self.bodies)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever, daemon=True)
    thread.start()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("door"), otlp_endpoint=collector.url, ops_port=free_port()) as door:
        yield door


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def received(answer: httpx.Response) -> dict[str, str]:
    """The headers that the service saw."""
    assert answer.status_code == 200, answer.text
    headers: dict[str, str] = answer.json()["headers"]
    return headers


def test_the_service_learns_whose_certificate_it_was(door: Door) -> None:
    with door.client() as client:
        headers = received(client.get(RECORDS, headers=door.token()))
    digest = local_pki.thumbprint((door.pki.agencies / "tax-bureau" / "client.crt").read_bytes())
    assert headers["x-forwarded-client-cert"] == f'Hash={digest};Subject="CN=tax-bureau"'
    assert headers["x-anxin-listener"] == "agencies"
    assert headers["authorization"].startswith("Bearer ")


@pytest.mark.parametrize("side", ["agencies", "people"])
def test_nobody_passes_for_somebody_else_by_sending_our_own_headers(door: Door, side: str) -> None:
    forged = {
        "x-anxin-listener": "agencies" if side == "people" else "people",
        "x-anxin-anything": "1",
        "x-forwarded-client-cert": f'Hash={"0" * 64};Subject="CN=bank"',
        "x-envoy-original-path": "/forged",
        "x-envoy-upstream-rq-timeout-ms": "1",
        "x-forwarded-host": "evil.example",
    }
    name = "tax-bureau" if side == "agencies" else None
    with door.client(name, side=side) as client:
        headers = received(client.get("/v1/datasets", headers=door.token(side) | forged))
    assert headers["x-anxin-listener"] == side
    assert not {"x-anxin-anything", "x-envoy-original-path", "x-envoy-upstream-rq-timeout-ms"} & set(headers)
    assert "evil.example" not in headers.values()
    assert "CN=bank" not in headers.get("x-forwarded-client-cert", "")
    assert ("x-forwarded-client-cert" in headers) is (side == "agencies")


def test_an_agencys_certificate_means_nothing_on_the_peoples_side(door: Door) -> None:
    with door.client("tax-bureau", side="people") as client:
        headers = received(client.get("/v1/alerts", headers=door.token("people")))
    assert "x-forwarded-client-cert" not in headers


def test_a_header_with_an_underscore_is_refused(door: Door) -> None:
    """Some servers read x_anxin_listener as x-anxin-listener."""
    with door.client() as client:
        answer = client.get(RECORDS, headers=door.token() | {"x_anxin_listener": "people"})
    assert (answer.status_code, answer.json()["check"]) == (400, "request_malformed")


def test_every_request_gets_a_number_of_our_own(door: Door) -> None:
    with door.client() as client:
        answers = [client.get(RECORDS, headers=door.token() | {"x-request-id": "mine"}) for _ in range(2)]
    numbers = [received(answer)["x-request-id"] for answer in answers]
    assert len(set(numbers)) == 2
    assert all(str(UUID(number)) == number for number in numbers)
    assert [answer.headers["x-request-id"] for answer in answers] == numbers


def test_a_trace_that_a_client_began_goes_on(door: Door, collector: Collector) -> None:
    with door.client() as client:
        answer = client.get(RECORDS, headers=door.token() | {"traceparent": TRACEPARENT})
    trace_id = TRACEPARENT.split("-")[1]
    assert received(answer)["traceparent"].split("-")[1] == trace_id
    assert answer.headers["traceparent"].split("-")[1] == trace_id
    assert answer.headers["traceresponse"].split("-")[1] == trace_id
    wait_for(lambda: collector.holds(trace_id))


def test_a_request_without_a_trace_begins_one_and_the_answer_names_it(door: Door, collector: Collector) -> None:
    with door.client() as client:
        passed = client.get(RECORDS, headers=door.token())
        refused = client.get(RECORDS)
    trace_id = passed.headers["traceresponse"].split("-")[1]
    assert received(passed)["traceparent"].split("-")[1] == trace_id
    assert refused.headers["traceresponse"].split("-")[1] != trace_id
    wait_for(lambda: collector.holds(trace_id) and collector.holds(refused.headers["traceresponse"].split("-")[1]))


def test_a_client_that_asks_not_to_be_traced_is_traced_all_the_same(door: Door, collector: Collector) -> None:
    trace_id = "5bf92f3577b34da6a3ce929d0e0e4736"
    with door.client() as client:
        client.get(RECORDS, headers=door.token() | {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-00"})
    wait_for(lambda: collector.holds(trace_id))


def test_the_issuer_is_reached_without_a_token_on_both_sides(door: Door) -> None:
    for side, name in (("agencies", "tax-bureau"), ("people", None)):
        with door.client(name, side=side) as client:
            answer = client.get("/.well-known/oauth-authorization-server")
            assert received(answer)["x-anxin-listener"] == side


def test_a_services_description_is_found_under_its_name(door: Door) -> None:
    with door.client(None, side="people") as client:
        answer = client.get("/openapi/credit.json", headers=door.token("people"))
    assert answer.json()["path"] == "/openapi.json"


def test_the_door_itself_says_that_it_is_well(door: Door) -> None:
    with door.client(None, side="people") as client:
        answer = client.get("/health")
    assert (answer.status_code, answer.text.strip()) == (200, "ok")


def test_both_http_versions_are_spoken(door: Door) -> None:
    for offered in (["h2"], ["http/1.1"]):
        context = door.context()
        context.set_alpn_protocols(offered)
        assert _handshake(door, context) == offered[0]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_old_tls_is_refused(door: Door) -> None:
    context = door.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _handshake(door, context)


def test_weak_ciphers_are_refused(door: Door) -> None:
    context = door.context(tls=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:AES128-SHA")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _handshake(door, context)


def _handshake(door: Door, context: ssl.SSLContext) -> str | None:
    """The protocol that was agreed on."""
    plain = socket.create_connection(("127.0.0.1", door.parameters.agencies_port), timeout=10)
    with context.wrap_socket(plain, server_hostname="localhost") as connection:
        return connection.selected_alpn_protocol()


def test_the_operators_door_shows_health_and_numbers_and_nothing_else(door: Door) -> None:
    ops = f"http://127.0.0.1:{door.parameters.ops_port}"
    assert httpx.get(f"{ops}/ready").status_code == 200
    assert "envoy_http_downstream_rq" in httpx.get(f"{ops}/stats/prometheus").text
    for path in ("/", "/config_dump", "/quitquitquit", "/stats", "/ready/", "/stats/prometheus/../../config_dump"):
        assert httpx.get(f"{ops}{path}").status_code == 404, path
    assert httpx.post(f"{ops}/ready").status_code == 404


def test_the_log_is_json_and_holds_no_secret(tmp_path: Path) -> None:
    with open_door(tmp_path, access_log=str(tmp_path / "access.log")) as door, door.client() as client:
        bearer = door.token()
        client.get(RECORDS, headers=bearer, params={"token": "secret-in-query"})
        client.post("/oauth/token", content=b"client_secret=secret-in-body")
    text = (tmp_path / "access.log").read_text()
    first = json.loads(text.splitlines()[0])
    assert (first["path"], first["status"], first["client"]) == (RECORDS, 200, "CN=tax-bureau")
    assert "secret-in" not in text
    assert bearer["authorization"].split(".")[-1] not in text


def test_a_new_signing_key_is_good_as_soon_as_it_may_be_used(tmp_path: Path) -> None:
    with open_door(tmp_path, jwks_cache=6) as door, door.client() as client:
        assert client.get(RECORDS, headers=door.token()).status_code == 200
        successor = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
        successor.ensure_kid()
        door.neighbour.jwks = dict(KeySet([door.key, successor]).as_dict(private=False))
        later = replace(door, key=successor)
        wait_for(lambda: client.get(RECORDS, headers=later.token()).status_code == 200, 12)
        assert client.get(RECORDS, headers=door.token()).status_code == 200


def test_an_issuer_that_is_away_stops_nobody_who_holds_a_token(tmp_path: Path) -> None:
    with open_door(tmp_path, jwks_cache=6) as door, door.client() as client:
        assert client.get(RECORDS, headers=door.token()).status_code == 200
        door.neighbour.jwks_status = 503
        time.sleep(9)
        assert client.get(RECORDS, headers=door.token()).status_code == 200


def test_renewed_certificates_are_taken_without_a_restart(tmp_path: Path) -> None:
    _write_secrets(Parameters(pki_dir=str(tmp_path / "pki")), tmp_path)
    with open_door(tmp_path, secrets_dir=str(tmp_path)) as door:
        before = _certificate(door)
        with door.client() as client:
            assert client.get(RECORDS, headers=door.token()).status_code == 200
        _renew(door)
        wait_for(lambda: _certificate(door) != before)
        with door.client() as client:
            assert client.get(RECORDS, headers=door.token()).status_code == 200
        with door.client("stranger") as client:
            assert client.get(RECORDS, headers=door.token()).json()["check"] == "certificate_untrusted"


def _write_secrets(parameters: Parameters, folder: Path) -> None:
    for name, text in secret_files(parameters).items():
        (folder / name).write_text(text, encoding="utf-8")


def _certificate(door: Door) -> str:
    return ssl.get_server_certificate(("127.0.0.1", door.parameters.agencies_port))


def _renew(door: Door) -> None:
    """As cert-manager does: new files beside, then moved into place."""
    authority = local_pki.load_authority(door.pki, "ca")
    issued = local_pki.issue(authority, "localhost", ["localhost"])
    for name, content in (("front.key", issued.key_pem), ("front.crt", issued.certificate_pem)):
        fresh = door.pki.directory / f".{name}.new"
        fresh.write_bytes(content)
        fresh.replace(door.pki.directory / name)


@pytest.mark.parametrize("with_secrets", [False, True], ids=["files", "sds"])
@pytest.mark.parametrize("otlp", ["", "http://127.0.0.1:4318", "https://collector:4318"])
def test_envoy_itself_finds_the_configuration_valid(tmp_path: Path, with_secrets: bool, otlp: str) -> None:
    pki = local_pki.ensure(tmp_path / "pki")
    parameters = Parameters(
        pki_dir=str(pki.directory), otlp_endpoint=otlp, ops_port=9901, secrets_dir=str(tmp_path) if with_secrets else ""
    )
    _write_secrets(parameters, tmp_path)
    assert _validate(render(parameters), tmp_path).returncode == 0


def test_the_check_of_the_configuration_can_fail(tmp_path: Path) -> None:
    pki = local_pki.ensure(tmp_path / "pki")
    wrong = render(Parameters(pki_dir=str(pki.directory))).replace("ACCEPT_UNTRUSTED", "ACCEPT_ANYTHING")
    assert _validate(wrong, tmp_path).returncode != 0


def test_the_configuration_uses_nothing_that_envoy_is_about_to_drop(tmp_path: Path) -> None:
    pki = local_pki.ensure(tmp_path / "pki")
    text = render(Parameters(pki_dir=str(pki.directory), otlp_endpoint="http://127.0.0.1:4318", ops_port=9901))
    assert "deprecated" not in _validate(text, tmp_path).stderr.lower()


def _validate(configuration: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "envoy.yaml"
    file.write_text(configuration, encoding="utf-8")
    command = [ENVOY, "--mode", "validate", "-c", str(file), "--log-level", "warning"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
