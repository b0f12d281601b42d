"""One trace for the whole story: every request of every agency and person carries the same W3C trace context."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from local.environment import collector_url
from local.layout import Ports


@dataclass(frozen=True)
class Thread:
    """The red thread of a story."""

    trace_id: str
    traceparent: str


@contextmanager
def one_trace(ports: Ports, name: str) -> Iterator[Thread]:
    """A root span, kept where the platform keeps its spans, under which everything of the story hangs."""
    provider = TracerProvider(resource=Resource.create({"service.name": "story"}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{collector_url(ports)}/v1/traces")))
    with provider.get_tracer("anxin").start_as_current_span(name) as span:
        context = span.get_span_context()
        trace_id = f"{context.trace_id:032x}"
        yield Thread(trace_id, f"00-{trace_id}-{context.span_id:016x}-01")
    provider.shutdown()
