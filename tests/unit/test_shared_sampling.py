"""Spans of every request while they are few; of many, of some - and a trace is kept whole or not at all."""

from collections.abc import Iterator
from typing import cast

import httpx
import pytest
from fastapi import APIRouter
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared import http
from shared.sampling import Sampling
from shared.service import Runtime, Service, create_app
from shared.telemetry import current_traceparent, tracer
from tests.unit.test_shared_auth import SETTINGS, identities

TRACE, GATEWAY = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
router = APIRouter()


@router.get("/kept")
async def kept() -> str | None:
    with tracer().start_as_current_span("keep"):
        return current_traceparent()


@router.get("/crash")
async def crash() -> None:
    raise RuntimeError


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    yield memory
    provider.shutdown()


def client(a_second: float) -> httpx.AsyncClient:
    settings = SETTINGS.model_copy(update={"traces_a_second": a_second})
    runtime = Runtime(settings, cast("object", None), identities())  # type: ignore[arg-type]
    app = create_app(Service("test", "A service for tests.", (router,)), runtime)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://test")


async def told(a_second: float, requests: int) -> list[str]:
    """The traceparent inside each of so many requests of one trace."""
    headers = {"traceparent": f"00-{TRACE}-{GATEWAY}-01"}
    async with client(a_second) as opened:
        return [(await opened.get("/kept", headers=headers)).json() for _ in range(requests)]


async def test_few_requests_are_all_kept(spans: InMemorySpanExporter) -> None:
    await told(a_second=100, requests=50)
    assert [span.name for span in spans.get_finished_spans()] == ["keep", "GET /kept"] * 50


async def test_beyond_so_many_a_second_the_ids_go_on_and_nothing_below_them_is_kept(
    spans: InMemorySpanExporter,
) -> None:
    inside = await told(a_second=0.01, requests=3)
    assert [span.name for span in spans.get_finished_spans()] == ["keep", "GET /kept"]
    assert {each.split("-")[1] for each in inside} == {TRACE}
    assert [each[-2:] for each in inside] == ["01", "00", "00"]


async def test_an_error_of_a_request_that_is_left_out_is_logged_under_its_trace(
    spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []
    monkeypatch.setattr(http.log, "exception", lambda *_, **__: told.append(current_traceparent()))
    async with client(a_second=0.01) as http_client:
        for _ in range(2):
            answer = await http_client.get("/crash", headers={"traceparent": f"00-{TRACE}-{GATEWAY}-01"})
            assert answer.status_code == 500
    assert [span.name for span in spans.get_finished_spans()] == ["GET /crash"]
    assert told[1] == f"00-{TRACE}-{GATEWAY}-00"


def test_a_second_is_filled_at_once_and_then_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    now, sampling = [1000.0], Sampling(10)
    monkeypatch.setattr("shared.sampling.time.monotonic", lambda: now[0])
    assert [sampling.leaves_out() for _ in range(12)] == [False] * 10 + [True] * 2
    kept = []
    for _ in range(100):
        now[0] += 0.02
        kept.append(not sampling.leaves_out())
    assert sum(kept) == 20
