"""The credit office's post for tests: one subscriber that hears over real TLS, and the worker's hand that sends."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response

from local import pki as local_pki
from services.credit.push import deliver_due
from shared.crypto import Vault
from tests.credit_office import Office


@dataclass
class Receiver:
    """A receiver over TLS. `script` holds the answers of the next tries; then it answers 204."""

    port: int
    script: list[Response] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/webhook"

    def application(self) -> FastAPI:
        app = FastAPI()

        @app.post("/webhook")
        async def hear(request: Request) -> Response:
            self.heard.append((dict(request.headers), await request.body()))
            return self.script.pop(0) if self.script else Response(status_code=204)

        return app


@asynccontextmanager
async def serving(app: FastAPI, port: int, pki: local_pki.Pki) -> AsyncIterator[None]:
    name = "subscriber-public-credit"
    config = uvicorn.Config(
        app,
        port=port,
        log_config=None,
        ssl_certfile=str(pki.certificate(name)),
        ssl_keyfile=str(pki.key(name)),
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    for _ in range(500):
        if server.started:
            break
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await task


@dataclass
class Post:
    """The office with one subscriber, and the worker's hand: `send()` tries what is due once."""

    office: Office
    client: httpx.AsyncClient
    vault: Vault
    receiver: Receiver
    subscriber: dict[str, Any]

    async def send(self) -> int:
        return await deliver_due(self.office.db, self.client, self.vault, self.office.settings)

    async def send_until(self, condition: Callable[[], bool], patience_s: float = 10) -> None:
        ends = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < ends, "it did not happen in time"
            await self.send()
            await asyncio.sleep(0.02)

    async def delivery(self) -> dict[str, Any]:
        """The newest delivery to our subscriber."""
        found = (await self.office.person("operator").get("/v1/credit/deliveries")).json()["deliveries"]
        mine: dict[str, Any] = next(each for each in found if each["subscriber_id"] == self.subscriber["id"])
        return mine

    async def send_until_state(self, state: str) -> dict[str, Any]:
        for _ in range(400):
            if (await self.delivery())["state"] == state:
                return await self.delivery()
            await self.send()
            await asyncio.sleep(0.02)
        raise AssertionError(f"the delivery is {(await self.delivery())['state']}, not {state}")
