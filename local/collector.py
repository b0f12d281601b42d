"""A small OTLP/HTTP trace receiver for one machine: `python -m local.collector --file FILE --port N`.

The standard `OTEL_EXPORTER_OTLP_ENDPOINT` replaces it by any real collector. Memory is bounded: a body is at most 8 MB,
and each is on its way to the file before the next is answered.
"""

import argparse
import asyncio
import gzip
import sqlite3
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Status
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from local import spans

LARGEST_BODY = 8 * 1024**2
LARGEST_MESSAGE = 64 * 1024**2
FORGET_EVERY_S = 60.0
PROTOBUF = "application/x-protobuf"


def create_app(store: sqlite3.Connection) -> FastAPI:
    """The receiver over an open store."""
    writing = asyncio.Lock()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        forgetting = asyncio.create_task(_forget_for_ever(store, writing))
        yield
        forgetting.cancel()

    app = FastAPI(title="Anxin trace collector", openapi_url=None, lifespan=lifespan)

    @app.get("/health")
    def health() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/v1/traces")
    async def receive(request: Request) -> Response:
        """OTLP ExportTraceServiceRequest, protobuf, optionally gzip. 400 when it is not; 413 when it is too large."""
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        try:
            message = ExportTraceServiceRequest.FromString(_unpacked(body, request.headers.get("content-encoding")))
        except (DecodeError, OSError, EOFError, zlib.error, ValueError):
            return Response(status_code=400)
        async with writing:
            await asyncio.to_thread(spans.keep, store, list(_spans(message)))
        return Response(b"", media_type=PROTOBUF)

    return app


async def _body(request: Request) -> bytes | None:
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > LARGEST_BODY:
            return None
    return bytes(parts)


def _unpacked(body: bytes, encoding: str | None) -> bytes:
    if encoding != "gzip":
        return body
    opened = zlib.decompressobj(16 + zlib.MAX_WBITS)
    message = opened.decompress(body, LARGEST_MESSAGE)
    if opened.unconsumed_tail:
        raise gzip.BadGzipFile("larger than a trace may be")
    return message


def _spans(message: ExportTraceServiceRequest) -> Iterator[spans.Span]:
    for resource in message.resource_spans:
        service = _service(resource)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield _span(span, service)


def _span(span: WireSpan, service: str) -> spans.Span:
    return spans.Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex() or None,
        service=service,
        name=span.name,
        kind=int(span.kind),
        started_ns=span.start_time_unix_nano,
        ended_ns=span.end_time_unix_nano,
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        attributes={pair.key: _value(pair) for pair in span.attributes},
    )


def _service(resource: ResourceSpans) -> str:
    named = [pair.value.string_value for pair in resource.resource.attributes if pair.key == "service.name"]
    return named[0] if named else "unknown"


def _value(pair: KeyValue) -> object:
    value: AnyValue = pair.value
    kind = value.WhichOneof("value")
    if kind in ("string_value", "int_value", "double_value", "bool_value"):
        return getattr(value, kind)
    return str(value) if kind else None


async def _forget_for_ever(store: sqlite3.Connection, writing: asyncio.Lock) -> None:
    while True:
        await asyncio.sleep(FORGET_EVERY_S)
        async with writing:
            await asyncio.to_thread(spans.forget_oldest, store)


def main() -> None:
    parser = argparse.ArgumentParser(prog="local.collector", description=__doc__)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    store = spans.open_store(given.file)
    uvicorn.run(create_app(store), host="127.0.0.1", port=given.port, log_level="warning", timeout_graceful_shutdown=2)
    store.close()


if __name__ == "__main__":
    main()
