"""Traces, metrics, logs: OpenTelemetry by its standard variables, Prometheus, JSON lines with a trace id."""

import logging
import os
import re
import sys
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import Counter, Histogram
from pythonjsonlogger.json import JsonFormatter

_DETAIL = re.compile(r"^DETAIL:.*$", re.MULTILINE)

EVENTS_PUBLISHED = Counter("anxin_events_published_total", "Events acknowledged by the bus", ["subject"])
EVENTS_HANDLED = Counter("anxin_events_handled_total", "Messages settled, by outcome", ["consumer", "outcome"])
EVENT_SECONDS = Histogram("anxin_event_handling_seconds", "Time from delivery to settlement", ["consumer"])
REQUESTS = Counter("anxin_http_requests_total", "HTTP requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("anxin_http_request_duration_seconds", "Time to answer", ["route"])


def tracer() -> trace.Tracer:
    """The platform's tracer."""
    return trace.get_tracer("anxin")


def current_traceparent() -> str | None:
    """The W3C traceparent of the span we are in, to be kept with what leaves later."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")


def context_of(traceparent: str | None) -> Context:
    """The context that a stored or received traceparent leads back to."""
    return propagate.extract({"traceparent": traceparent} if traceparent else {})


def without_row(text: str) -> str:
    """What the database says of an error, without the row that it failed on: that may be somebody's data."""
    return _DETAIL.sub("DETAIL: (withheld)", text)


def start(service: str) -> None:
    """Begin to log and to trace as `service`. Spans leave only if OTEL_EXPORTER_OTLP_ENDPOINT says where to."""
    _start_logs(service)
    start_traces(service)


def start_traces(service: str) -> TracerProvider:
    """Begin to trace as `service`, without touching the logs."""
    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.namespace": "anxin"}))
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=500))
    trace.set_tracer_provider(provider)
    return provider


def _start_logs(service: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    handler.setFormatter(
        _Formatter(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(trace_id)s",
            rename_fields=names,
            static_fields={"service": service},
        )
    )
    handler.addFilter(_with_trace_id)
    logging.basicConfig(level=os.environ.get("ANXIN_LOG_LEVEL", "INFO"), handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)


class _Formatter(JsonFormatter):
    """JSON lines in which no error of the database repeats the row that it failed on."""

    def formatException(self, ei: Any) -> str:
        return without_row(str(super().formatException(ei)))


def _with_trace_id(record: logging.LogRecord) -> bool:
    span = trace.get_current_span().get_span_context()
    record.trace_id = f"{span.trace_id:032x}" if span.is_valid else None
    return True
