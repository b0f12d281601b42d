"""An agency that asks too much, and services that are down or not who they say they are."""

import time
from dataclasses import replace
from pathlib import Path

import httpx

from gateway.envoy import Upstream, render
from gateway.envoy.parameters import SERVICES
from tests.gateway_answers import RECORDS, refused
from tests.gateway_door import envoy, open_door
from tests.ports import free_port


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
