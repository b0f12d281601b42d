"""What a service sees of a request: whose certificate it was, its number, its trace, and nothing forged."""

from uuid import UUID

import pytest

from local import pki as local_pki
from tests.gateway_answers import RECORDS, received, wait_for
from tests.gateway_door import Door
from tests.span_collector import Collector

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


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
    wait_for(lambda: collector.names("agencies /v1/datasets"))


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
