"""The collector keeps what exporters send, and nothing else."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from local import collector, spans, trace


def two_spans() -> tuple[ReadableSpan, ...]:
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "ingest"}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("POST /v1/datasets/{dataset}/records"), tracer.start_as_current_span("keep"):
        pass
    provider.shutdown()
    return memory.get_finished_spans()


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    store = spans.open_store(tmp_path / "spans.sqlite")
    transport = httpx.ASGITransport(collector.create_app(store))
    async with httpx.AsyncClient(transport=transport, base_url="http://collector") as client:
        yield client
    store.close()


async def test_a_trace_is_found_again_as_a_tree(receiver: httpx.AsyncClient, tmp_path: Path) -> None:
    body = encode_spans(two_spans()).SerializeToString()
    answer = await receiver.post("/v1/traces", content=gzip.compress(body), headers={"content-encoding": "gzip"})
    assert answer.status_code == 200
    listed = spans.latest(tmp_path / "spans.sqlite")
    found = spans.trace(tmp_path / "spans.sqlite", listed[0].trace_id)
    names = [(depth, span.service, span.name) for depth, span in trace.depths(trace.grow(found))]
    assert names == [(0, "ingest", "POST /v1/datasets/{dataset}/records"), (1, "ingest", "keep")]


async def test_what_is_sent_twice_is_kept_once(receiver: httpx.AsyncClient, tmp_path: Path) -> None:
    body = encode_spans(two_spans()).SerializeToString()
    for _ in range(2):
        assert (await receiver.post("/v1/traces", content=body)).status_code == 200
    assert spans.latest(tmp_path / "spans.sqlite")[0].spans == 2


async def test_what_is_no_trace_is_refused(receiver: httpx.AsyncClient) -> None:
    assert (await receiver.post("/v1/traces", content=b"\xff\xff")).status_code == 400
    bomb = gzip.compress(b"\0" * (collector.LARGEST_MESSAGE + 1))
    answer = await receiver.post("/v1/traces", content=bomb, headers={"content-encoding": "gzip"})
    assert answer.status_code == 400
    assert (await receiver.post("/v1/traces", content=b"\0" * (collector.LARGEST_BODY + 1))).status_code == 413


def test_only_the_newest_spans_are_kept(tmp_path: Path) -> None:
    store = spans.open_store(tmp_path / "spans.sqlite")
    old = [spans.Span("a" * 32, f"{n:016x}", None, "ingest", "step", 1, n, n + 1, False, {}) for n in range(100)]
    spans.keep(store, old)
    spans.forget_oldest(store, kept=10)
    store.close()
    assert [span.started_ns for span in spans.trace(tmp_path / "spans.sqlite", "a" * 32)] == list(range(90, 100))
