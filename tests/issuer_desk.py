"""The issuer for tests: its real application on a real database, met as through the front door."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlmodel import col, select

from gateway.issuer import usecases
from gateway.issuer.main import create_service
from gateway.issuer.settings import IssuerSettings
from shared.events import IdentityRevoked
from shared.outbox import OutboxRow
from shared.service import Runtime, create_app, start
from shared.settings import Settings

AGENCIES = "https://localhost:8443"
PEOPLE = "https://localhost:8444"
CALLBACK = "http://127.0.0.1:7777/callback"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"
PASSWORD = "correct horse battery"
TAX = "a1" * 32
# One key for all tests: what one of them sealed in the common database, the next one has to open.
DATA_KEY = base64.b64encode(b"a data key for tests, 32 bytes!!").decode()
WATER = "b2" * 32


@dataclass
class Desk:
    """The running issuer. `agency(...)` and `browser()` are its visitors."""

    runtime: Runtime
    transport: httpx.ASGITransport

    def agency(self, name: str = "tax-bureau", thumbprint: str = TAX) -> httpx.AsyncClient:
        """A program of an agency, with the certificate that Envoy saw."""
        headers = {"x-anxin-listener": "agencies", "x-forwarded-client-cert": f'Hash={thumbprint};Subject="CN={name}"'}
        return httpx.AsyncClient(transport=self.transport, base_url=AGENCIES, headers=headers)

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.transport, base_url=PEOPLE, headers={"x-anxin-listener": "people"})

    async def add_client(self, client_id: str = "tax-bureau", scopes: Sequence[str] = (), **more: Any) -> None:
        async with self.runtime.db.transaction() as session:
            await usecases.add_client(
                session, client_id=client_id, name=client_id, scopes=scopes, now=datetime.now(UTC), **more
            )

    async def add_person(self, login: str, roles: Sequence[str] = ("inspector",), **more: Any) -> None:
        given = {"name": "王芳", "password": PASSWORD, "division": "330110005", **more}
        async with self.runtime.db.transaction() as session:
            await usecases.add_person(session, login=login, roles=roles, now=datetime.now(UTC), **given)

    async def revocations(self) -> list[tuple[str, str]]:
        """(kind, value) of every IdentityRevoked that waits for the bus."""
        async with self.runtime.db.transaction() as session:
            found = select(OutboxRow).where(col(OutboxRow.subject) == IdentityRevoked.subject)
            bodies = [json.loads(row.body)["data"] for row in (await session.exec(found)).all()]
        return [(body["kind"], body["value"]) for body in bodies]

    async def claims(self, token: str) -> dict[str, Any]:
        """The token's claims, its signature checked with the published keys."""
        async with self.browser() as browser:
            keys = KeySet.import_key_set((await browser.get("/oauth/jwks")).json())
        return jwt.decode(token, keys, algorithms=["ES256"]).claims


@asynccontextmanager
async def open_desk(settings: Settings, **changes: Any) -> AsyncIterator[Desk]:
    """The issuer without a bus (what it announces stays in the outbox), ready to sign."""
    given = settings.model_dump(exclude={"nats_url"}) | {"data_key": DATA_KEY}
    service = create_service()
    async with start(service, IssuerSettings(**(given | changes))) as runtime:
        desk = Desk(runtime, httpx.ASGITransport(create_app(service, runtime)))
        await _until_it_signs(desk)
        yield desk


async def _until_it_signs(desk: Desk) -> None:
    async with desk.browser() as browser:
        for _ in range(200):
            # A pool of one is full while the key is being made.
            if (await browser.get("/oauth/jwks")).json().get("keys"):
                return
            await asyncio.sleep(0.02)
    raise AssertionError("no signing key appeared")


def authorization(**changes: str) -> dict[str, str]:
    """The query of a good authorization request."""
    return {
        "response_type": "code",
        "client_id": "anxin-cli",
        "redirect_uri": CALLBACK,
        "code_challenge": create_s256_code_challenge(VERIFIER),
        "code_challenge_method": "S256",
        "state": "xyz",
        **changes,
    }


async def log_in(browser: httpx.AsyncClient, login: str, password: str = PASSWORD, **query: str) -> httpx.Response:
    """Open the page and send the form, as a browser does."""
    page = await browser.get("/oauth/authorize", params=authorization(**query))
    form = {"csrf": csrf_of(page.text), "login": login, "password": password}
    return await browser.post("/oauth/authorize", params=authorization(**query), data=form)


def csrf_of(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found, html
    return found.group(1)


def answer_of(response: httpx.Response) -> dict[str, str]:
    """The parameters that went back to the program."""
    assert response.status_code == 303, response.text
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


async def redeem(browser: httpx.AsyncClient, code: str, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": "anxin-cli",
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    return await browser.post("/oauth/token", data=form)
