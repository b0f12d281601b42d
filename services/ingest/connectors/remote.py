"""The client of a platform: one request a page, bounded in time and size."""

import asyncio
import ssl
from datetime import UTC, datetime

import httpx

from services.ingest.connectors.definitions import Connector, Feed
from services.ingest.connectors.paging import PullFailed
from services.ingest.settings import Platform
from shared.retry_after import asked_wait

_TIMEOUT_S = 30.0
_PAGE_BYTES = 32 * 2**20
_LATER = (429, 503)


def open_client(place: Platform, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client with the platform's certificate and secret. Follows no redirect: a secret goes nowhere else."""
    context = ssl.create_default_context(cafile=str(place.ca) if place.ca else None)
    if place.certificate:
        context.load_cert_chain(place.certificate, place.key)
    headers = {"accept": "application/json"}
    if place.bearer:
        headers["authorization"] = f"Bearer {place.bearer.get_secret_value()}"
    base = place.url.rstrip("/") + "/"
    return httpx.AsyncClient(
        base_url=base, headers=headers, verify=context, timeout=_TIMEOUT_S, trust_env=False, transport=transport
    )


async def fetch(client: httpx.AsyncClient, connector: Connector, feed: Feed, cursor: str | None) -> bytes:
    """The page at the cursor, as it came. Raises PullFailed."""
    asked = {"limit": str(connector.page_size)} | ({"cursor": cursor} if cursor is not None else {})
    try:
        async with asyncio.timeout(_TIMEOUT_S), client.stream("GET", feed.resource, params=asked) as answer:
            _must_be_good(answer)
            return await _bounded(answer)
    except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
        raise PullFailed("half_page", type(error).__name__) from error
    except (httpx.HTTPError, TimeoutError, OSError) as error:
        # The name of the error only: its text may quote the address with what was asked.
        raise PullFailed("unreachable", type(error).__name__) from error


def _must_be_good(answer: httpx.Response) -> None:
    status = answer.status_code
    if status in _LATER:
        raise PullFailed("busy", str(status), _asked_to_wait(answer))
    if status >= 500:
        raise PullFailed("unreachable", str(status))
    if status != 200:
        raise PullFailed("refused", str(status))


def _asked_to_wait(answer: httpx.Response) -> float:
    # A date is of the world's clock, not of the one that terms of law run on.
    asked = asked_wait(answer.headers.get("retry-after"), datetime.now(UTC))
    return asked.total_seconds() if asked else 0.0


async def _bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > _PAGE_BYTES:
            raise PullFailed("half_page", "too large")
    return bytes(body)
