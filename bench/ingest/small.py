"""Requests of one record each: as many as go through, then half as many a second and how long each takes."""

import asyncio
import itertools
import json
import ssl
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from bench.ingest.platform import DATASET
from bench.ingest.registers import credit_codes
from local.agency_client import AgencyClient
from shared.service import event_loop

# Two thousand a second that each take up to a tenth of one are two hundred at a time.
CONNECTIONS = 256
_TAKEN = b"HTTP/1.1 202"
_LATER = (b"HTTP/1.1 429", b"HTTP/1.1 503")

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def measured(agency: AgencyClient, number: int, idle: Callable[[int], None]) -> dict[str, float]:
    """{"small_rps", "small_p99_ms", "small_sent"}: `number` requests at full speed, `number` at half of it.

    A few a connection come before, and are not counted: what the gateway does once a connection to the service (256
    handshakes) is no part of a rate. `idle(so many were sent)` returns when the platform is done with them and rests.
    """
    requests, first = _requests(agency), 4 * CONNECTIONS
    idle(0)
    _run(_at_speed(agency, requests, first, None))
    took, seconds = _run(_at_speed(agency, requests, number, None))
    rps = number / seconds
    idle(first + number)
    calm, _ = _run(_at_speed(agency, requests, number, rps / 2))
    calm.sort()
    p99 = calm[int(0.99 * len(calm))] * 1000
    return {"small_rps": round(rps), "small_p99_ms": round(p99, 1), "small_sent": first + len(took) + len(calm)}


def _run(work: Coroutine[Any, Any, tuple[list[float], float]]) -> tuple[list[float], float]:
    # The client shares the machine with what it measures: on this loop it takes two thirds of the time.
    with asyncio.Runner(loop_factory=event_loop) as runner:
        return runner.run(work)


def _requests(agency: AgencyClient) -> Iterator[bytes]:
    """Endless different records, each as the bytes of a request."""
    token, host = agency.token(), agency.url.removeprefix("https://")
    for month in itertools.count():
        period = f"{1950 + month // 12}-{month % 12 + 1:02d}"
        for code in credit_codes():
            body = json.dumps([_record(code, period)]).encode()
            head = (
                f"POST /v1/datasets/{DATASET}/records HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            yield head.encode() + body


def _record(code: str, period: str) -> dict[str, str]:
    who = {"taxpayer": "杭州余杭某某贸易有限公司", "taxpayer_no": code, "uscc": code, "tax_kind": "增值税"}
    return who | {"balance": "1200.00", "as_of": period, "stat_at": f"{period}-28T08:00:00+08:00"}


async def _at_speed(
    agency: AgencyClient, requests: Iterator[bytes], number: int, a_second: float | None
) -> tuple[list[float], float]:
    """Send so many (`a_second`; None: as many as go). Returns the seconds that each took, and all together."""
    trust = ssl.create_default_context(cafile=str(agency.folder / "ca.crt"))
    trust.load_cert_chain(agency.folder / "client.crt", agency.folder / "client.key")
    host, port = agency.url.removeprefix("https://").split(":")
    streams = [await asyncio.open_connection(host, int(port), ssl=trust) for _ in range(CONNECTIONS)]
    took: list[float] = []
    places, began = itertools.count(), time.perf_counter()

    async def work(stream: Stream) -> None:
        while (place := next(places)) < number:
            if a_second:
                await asyncio.sleep(max(0.0, began + place / a_second - time.perf_counter()))
            sent_at = time.perf_counter()
            await _ask(stream, next(requests))
            took.append(time.perf_counter() - sent_at)

    await asyncio.gather(*map(work, streams))
    seconds = time.perf_counter() - began
    for _, writer in streams:
        writer.close()
    return took, seconds


async def _ask(stream: Stream, request: bytes) -> None:
    reader, writer = stream
    while True:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode("latin-1").lower().split("\r\n")[1:] if ": " in line)
        await reader.readexactly(int(fields["content-length"]))
        if head.startswith(_TAKEN):
            return
        if not head.startswith(_LATER):
            raise AssertionError(head)
        await asyncio.sleep(float(fields["retry-after"]))
