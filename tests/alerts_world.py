"""The alerts service on a real PostgreSQL, with people who hold tokens; the scoring neighbour is played by events."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import yaml
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from pydantic import SecretStr

from services.alerts.consumers import consumer
from services.alerts.main import create_service
from services.alerts.settings import AlertsSettings
from services.alerts.timers import tick
from shared.clock import now, today
from shared.db import Database, sql
from shared.events import BY_TYPE, EmployerScored, Event, Level, Reason
from shared.identity import Identities
from shared.ids import new_id
from shared.outbox import Envelope
from shared.service import Runtime, create_app
from tests.conftest import SettingsOf

WUCHANG, RENHE, DISTRICT = "330110005", "330110009", "330110"
ROLES = yaml.safe_load((Path(__file__).parent.parent / "gateway/issuer/roles.yaml").read_text())["roles"]
INSPECTORS = [
    {"login": "inspector1", "certificate_no": "浙余-001"},
    {"login": "inspector2", "certificate_no": "浙余-002"},
]
PEOPLE: dict[str, tuple[str, str]] = {
    "analyst": ("analyst", DISTRICT),
    "analyst2": ("analyst", DISTRICT),
    "dispatcher": ("dispatcher", WUCHANG),
    "stranger": ("dispatcher", RENHE),
    "inspector1": ("inspector", WUCHANG),
    "squad": ("squad_leader", DISTRICT),
    "bureau": ("bureau_head", DISTRICT),
    "auditor": ("auditor", DISTRICT),
    "linping": ("analyst", "330113"),
}
_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def a_uscc() -> str:
    """A credit code of its own for each test (the check character is no business of this service)."""
    number = new_id().int
    return "91330110" + "".join(_DIGITS[(number >> 5 * place) % 31] for place in range(10))


def a_reason(indicator: str = "E01", family: str = "tax_si") -> Reason:
    """A reason with calm defaults."""
    return Reason(indicator=indicator, family=family, points=25, text_zh="社保欠缴3个月", text_en="3 months of arrears")


def a_score(uscc: str, level: Level = "orange", **more: Any) -> EmployerScored:
    """A score with calm defaults: orange, at a workplace in Wuchang."""
    values: dict[str, Any] = {
        "score_id": new_id(),
        "name": "杭州某某制造有限公司",
        "division": WUCHANG,
        "previous_level": "none",
        "points": 65,
        "families": ["tax_si"],
        "reasons": [a_reason()],
        "scored_at": now(),
        "rules_version": "2026.1",
    }
    return EmployerScored(uscc=uscc, level=level, **(values | more))


@dataclass
class World:
    """A running alerts service: `people.post("inspector1", path, {...})`, `hear(event)`, `tick(at)`."""

    db: Database
    http: httpx.AsyncClient
    key: ECKey
    settings: AlertsSettings

    def token(self, login: str, scopes: list[str] | None = None) -> str:
        """A person's access token, as the issuer makes it."""
        role, division = PEOPLE[login]
        at = int(time.time())
        claims = {
            "iss": self.settings.people_issuer,
            "aud": "anxin",
            "sub": login,
            "name": login,
            "roles": [role],
            "division": division,
            "scope": " ".join(ROLES[role]["scopes"] if scopes is None else scopes),
            "iat": at,
            "exp": at + 600,
            "jti": str(new_id()),
        }
        return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": self.key.kid}, claims, self.key)

    async def post(self, login: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """POST as a person."""
        headers = {"authorization": f"Bearer {self.token(login, **more)}"}
        return await self.http.post(path, json={} if body is None else body, headers=headers)

    async def get(self, login: str, path: str, **params: Any) -> httpx.Response:
        """GET as a person."""
        return await self.http.get(path, params=params, headers={"authorization": f"Bearer {self.token(login)}"})

    async def must(self, login: str, path: str, body: Any = None) -> dict[str, Any]:
        """POST as a person; anything but success is the test's failure."""
        answer = await self.post(login, path, body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def see(self, login: str, path: str, **params: Any) -> dict[str, Any]:
        """GET as a person; anything but success is the test's failure."""
        answer = await self.get(login, path, **params)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def hear(self, *events: Event) -> None:
        """Let a neighbour say something."""
        for event in events:
            await consumer.deliver(event, self.db)

    async def tick(self, at: datetime) -> None:
        """Let time do its work at that moment."""
        await tick(self.db, at)

    async def said(self, about: str | UUID) -> list[Event]:
        """The events that left, oldest first, whose body mentions something."""
        async with self.db.transaction() as session:
            bodies = (await sql(session, "select body from outbox order by id")).scalars().all()
        found = [msgspec.json.decode(body, type=Envelope) for body in bodies if str(about).encode() in body]
        return [msgspec.json.decode(one.data, type=BY_TYPE[one.type]) for one in found]

    async def alert_of(self, uscc: str) -> dict[str, Any]:
        """The newest alert about an employer, in full."""
        async with self.db.transaction() as session:
            query = "select id from alerts.alerts where subject_id = :uscc order by id desc limit 1"
            alert_id = (await sql(session, query, uscc=uscc)).scalar_one()
        return await self.see("analyst", f"/v1/alerts/{alert_id}")

    async def raised(self, level: Level = "yellow", **more: Any) -> dict[str, Any]:
        """A fresh alert, dispatched to Wuchang if it works there: orange and red ones by the analyst."""
        uscc = a_uscc()
        await self.hear(a_score(uscc, level, **more))
        alert = await self.alert_of(uscc)
        if alert["state"] == "GENERATED" and alert["workplace"] == WUCHANG:
            await self.must("analyst", f"/v1/alerts/{alert['id']}/triage", {"reason": "核实主体"})
            await self.must("analyst", f"/v1/alerts/{alert['id']}/dispatch", {"town": WUCHANG})
        return await self.alert_of(uscc)

    async def verifying(self) -> str:
        """The path of an alert that is being verified."""
        path = f"/v1/alerts/{(await self.raised())['id']}"
        await self.must("dispatcher", f"{path}/accept")
        visit = {"visited_on": str(today()), "inspectors": INSPECTORS}
        await self.must("inspector1", f"{path}/verify", visit)
        return path

    async def confirmed(self, workers: int = 3, amount: str = "36000.00") -> str:
        """The path of an alert whose arrears are confirmed."""
        path = await self.verifying()
        await self.must("inspector1", f"{path}/confirm", {"workers": workers, "months": 4, "amount": amount})
        return path


@asynccontextmanager
async def a_world(settings_of: SettingsOf, tmp_path: Path) -> AsyncIterator[World]:
    """The service over the session's PostgreSQL."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True, auto_kid=True)
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
    base = settings_of("alerts").model_dump()
    data_key = SecretStr(base64.b64encode(b"k" * 32).decode())
    settings = AlertsSettings(**(base | {"data_key": data_key, "jwks_file": jwks}))
    runtime = Runtime(settings, Database(settings), Identities(jwks))
    transport = httpx.ASGITransport(create_app(create_service(), runtime))
    async with httpx.AsyncClient(transport=transport, base_url="https://alerts") as http:
        yield World(runtime.db, http, key, settings)
    await runtime.db.close()


def at_utc(text: str) -> datetime:
    """An aware moment from ISO text."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
