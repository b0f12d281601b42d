"""A stand-in for the public credit system: `python -m local.credit_system --home DIR --port-base N`.

It is a stranger to the platform: it has a webhook secret, a subscriber's NATS certificate and an agency's certificate,
verifies what comes each way, keeps it once, and shows it. Nothing here may be needed by the platform itself.
"""

import argparse
import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, PackageLoader
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from standardwebhooks import Webhook, WebhookVerificationError

from local.agency_client import AgencyClient
from local.credit_ledger import Ledger, event_of, trace_id_of
from local.layout import Home, Ports
from local.refusals import Refusal
from shared import bus, telemetry
from shared.settings import BusSettings

log = logging.getLogger(__name__)

NAME = "subscriber-public-credit"
CLIENT_ID = "public-credit"
LARGEST_BODY = 1024 * 1024
FEED_EVERY_S = 2.0
PAGE = Environment(loader=PackageLoader("local", "templates/credit_system"), autoescape=True)


def create_app(ledger: Ledger, secret_file: Path, work: tuple[Awaitable[None], ...] = ()) -> FastAPI:
    """The receiver over its ledger. `work` runs beside it: the bus and the feed."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.ensure_future(each) for each in work]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(
        title="Public credit system (demo)",
        openapi_url=None,
        lifespan=lifespan,
        telemetry={"operation_spans": False, "exclude": lambda scope: scope["path"] != "/webhook"},
    )

    @app.post("/webhook")
    async def receive(request: Request) -> Response:
        """A CloudEvent with a Standard Webhooks signature: 204 once it is kept, 401 when the signature is wrong."""
        secret = _secret(secret_file)
        if not secret:
            return Response(status_code=503, headers={"retry-after": "1"})
        body = await _body(request)
        reason = _why_not(body, request, secret)
        if reason is None:
            ledger.keep("webhook", body, trace_id_of(request.headers.get("traceparent")))
            return Response(status_code=204)
        ledger.refuse("webhook", reason)
        return JSONResponse({"refused": reason}, 401)

    @app.get("/received")
    async def received() -> JSONResponse:
        """What arrived, for programs."""
        return JSONResponse(_view(ledger, secret_file))

    @app.get("/")
    async def page() -> HTMLResponse:
        """What arrived, for people."""
        policy = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return HTMLResponse(PAGE.get_template("page.html.j2").render(_view(ledger, secret_file)), headers=policy)

    @app.get("/health")
    async def health() -> dict[str, bool]:
        return {"ready": True}

    return app


async def hear_bus(ledger: Ledger, settings: BusSettings) -> None:
    """Hear `credit.>` with the subscriber's certificate, for ever."""

    async def keep(message: Msg) -> None:
        try:
            ledger.keep("nats", message.data, trace_id_of((message.headers or {}).get("traceparent")))
        except ValueError as error:
            ledger.refuse("nats", str(error))

    while True:
        try:
            connection = await bus.connect(settings, NAME)
            await connection.subscribe("credit.>", cb=keep)
            await asyncio.Event().wait()
        except (NatsError, OSError) as error:
            log.warning("nats.waiting", extra={"reason": repr(error)})
            await asyncio.sleep(1)


async def read_feed(ledger: Ledger, url: str, folder: Path) -> None:
    """Poll the feed through the front door with the agency's own certificate, for ever."""
    client: AgencyClient | None = None
    while True:
        try:
            client = client or AgencyClient(url, folder, patience_s=5)
            await asyncio.to_thread(_read_page, ledger, client)
        except (Refusal, ValueError, OSError) as error:  # a Refusal also: the agency has no certificate yet
            log.warning("feed.waiting", extra={"reason": str(error)})
            if client:  # with a new token, too: the old one may be revoked, or older than what we may do
                client.close()
                client = None
        await asyncio.sleep(FEED_EVERY_S)


def _read_page(ledger: Ledger, client: AgencyClient) -> None:
    for event in client.get("/v1/credit/events", after=str(ledger.last_of_feed()), limit="100").json():
        ledger.keep("feed", json.dumps(event).encode(), None)


def _secret(file: Path) -> str:
    """The webhook secret, as the operator left it; empty until then."""
    return file.read_text().strip() if file.exists() else ""


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            return b""
    return body


def _why_not(body: bytes, request: Request, secret: str) -> str | None:
    """Why the webhook is refused; None when signature, time and content are right."""
    try:
        Webhook(secret).verify(body, dict(request.headers))
        if event_of(body)["id"] != request.headers["webhook-id"]:
            return "webhook-id is not the event's id"
    except (WebhookVerificationError, ValueError) as error:
        return str(error)
    return None


def _view(ledger: Ledger, secret_file: Path) -> dict[str, Any]:
    return {"events": ledger.events(), "refused": ledger.refusals(), "secret_known": secret_file.exists()}


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port-base", type=int, default=8000)
    options = parser.parse_args()
    home, ports = Home(options.home), Ports(options.port_base)
    settings = BusSettings()
    telemetry.start("public-credit")
    folder = home.path / "credit-system"
    ledger = Ledger.open(folder / "received.sqlite")
    work = (hear_bus(ledger, settings), read_feed(ledger, ports.agencies_url, home.agency(CLIENT_ID)))
    app = create_app(ledger, home.webhook_secret(ports.public_credit), work)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=ports.public_credit,
        ssl_certfile=str(home.pki.certificate(NAME)),
        ssl_keyfile=str(home.pki.key(NAME)),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
