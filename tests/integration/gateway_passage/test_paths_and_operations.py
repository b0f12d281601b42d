"""Paths that need no dataset, and what the operator gets: health, numbers, a log without secrets."""

import json
from pathlib import Path

import httpx

from tests.gateway_answers import RECORDS, received
from tests.gateway_door import Door, open_door


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
