"""The credit office for tests: the real application on a real database; officers, agencies, neighbours are played."""

import base64
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet

from services.credit.consumers import consumer
from services.credit.main import create_service
from services.credit.rules import _ALPHABET, _WEIGHTS
from services.credit.settings import CreditSettings
from shared.calendar import add_working_days
from shared.clock import today
from shared.db import Database
from shared.events import Event, OrderOverdue, OrderPaid, OrderRevoked, Party
from shared.identity import Identities
from shared.ids import new_id
from shared.service import Runtime, create_app
from shared.settings import Settings

YUHANG = "330110"
TOWN = "330110005"
HASH = "ab" * 32
SCOPES = {
    "squad_leader": "credit:read credit:check credit:screen",
    "credit_officer": "credit:read credit:check credit:notice",
    "bureau_head": "credit:read credit:check credit:screen credit:notice credit:decide",
    "operator": "ops:dead-letters",
    "auditor": "credit:read audit:read",
    "everything": "credit:read credit:check credit:screen credit:notice credit:decide ops:dead-letters",
}
HEAD_KEY = ECKey.generate_key("P-256")


def a_credit_code() -> str:
    """A fresh credit code with a right check character."""
    body = "91330110" + "".join(secrets.choice(_ALPHABET) for _ in range(9))
    total = sum(_ALPHABET.index(character) * weight for character, weight in zip(body, _WEIGHTS, strict=True))
    return body + _ALPHABET[(31 - total % 31) % 31]


def order_fields(**changes: Any) -> dict[str, Any]:
    """An order whose term ended yesterday: 12 migrant workers, 96,000 yuan, four months."""
    number = secrets.token_hex(3)
    calm = {
        "order_id": new_id(),
        "order_no": f"余人社监令〔2026〕{number}号",
        "alert_id": new_id(),
        "uscc": a_credit_code(),
        "employer_name": "杭州某建筑劳务有限公司",
        "division": TOWN,
        "deciding_org": "杭州市余杭区人力资源和社会保障局",
        "served_on": today() - timedelta(days=8),
        "term_ends_on": today() - timedelta(days=1),
        "amount": Decimal("120000.00"),
        "workers": 15,
        "migrant_workers": 12,
        "migrant_amount": Decimal("96000.00"),
        "longest_months": 4,
        "largest_single": Decimal("14321.09"),
        "parties": [Party(role="legal_rep", name="王小明", id_no_masked="3301**********1234")],
    }
    return calm | changes


def overdue(**changes: Any) -> OrderOverdue:
    return OrderOverdue(**order_fields(**changes), overdue_at=datetime.now(UTC))


def paid(order: OrderOverdue, paid_on: date) -> OrderPaid:
    return OrderPaid(**_order_of(order), paid_on=paid_on)


def revoked(order: OrderOverdue, cause: str = "复议撤销") -> OrderRevoked:
    return OrderRevoked(**_order_of(order), revoked_on=today(), cause=cause)


def _order_of(order: OrderOverdue) -> dict[str, Any]:
    return {name: getattr(order, name) for name in order.__struct_fields__ if name != "overdue_at"}


def sign(document: bytes, key: ECKey = HEAD_KEY) -> str:
    """What an officer's own program does with the decision document."""
    return jws.serialize_compact({"alg": "ES256", "jwk": key.as_dict(private=False)}, document, key)


@dataclass
class Office:
    """The running service. `person(role)` and `agency()` are its visitors; `hear(event)` plays a neighbour."""

    settings: CreditSettings
    db: Database
    runtime: Runtime
    issuer_key: ECKey
    clock: Path
    transport: httpx.ASGITransport
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    def person(self, role: str = "bureau_head", division: str = YUHANG, **claims: Any) -> httpx.AsyncClient:
        """Someone with a login in that role."""
        roles = ["squad_leader", "bureau_head", "credit_officer", "operator"] if role == "everything" else [role]
        own = {"sub": role, "roles": roles, "division": division, "sig_jkt": HEAD_KEY.thumbprint()}
        return self._client(self.token(self.settings.people_issuer, SCOPES[role], **{**own, **claims}))

    def agency(self, name: str = "public-credit", scope: str = "credit:read credit:check") -> httpx.AsyncClient:
        """A program of an agency, with the certificate that Envoy saw."""
        bound = base64.urlsafe_b64encode(bytes.fromhex(HASH)).decode().rstrip("=")
        token = self.token(self.settings.agency_issuer, scope, sub=name, client_id=name, cnf={"x5t#S256": bound})
        return self._client(token, {"x-forwarded-client-cert": f"Hash={HASH}"})

    def token(self, issuer: str, scope: str, **claims: Any) -> str:
        now = int(time.time())
        usual = {"iss": issuer, "aud": "anxin", "iat": now, "exp": now + 300, "jti": secrets.token_hex(8)}
        header = {"alg": "ES256", "typ": "at+jwt", "kid": self.issuer_key.kid}
        return jwt.encode(header, {**usual, "scope": scope, **claims}, self.issuer_key)

    async def hear(self, event: Event) -> None:
        """The neighbour's event arrives."""
        await consumer.deliver(event, self.db)

    def go_to(self, day: date) -> None:
        """Move the business clock so that it is that day in China."""
        self.clock.write_text(str((day - self._real_today()).total_seconds()))

    def _real_today(self) -> date:
        self.clock.write_text("0")
        return today()

    def _client(self, token: str, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}", **(headers or {})}
        client = httpx.AsyncClient(transport=self.transport, base_url="https://credit", headers=headers)
        self._clients.append(client)
        return client

    async def case_of(self, order: OrderOverdue) -> dict[str, Any]:
        """The case of the order as the bureau head sees it."""
        cases = (await self.person().get("/v1/credit/cases", params={"limit": 200})).json()["cases"]
        [case_id] = [case["id"] for case in cases if case["order_id"] == str(order.order_id)]
        file: dict[str, Any] = (await self.person().get(f"/v1/credit/cases/{case_id}")).json()
        return file

    async def noticed(self, order: OrderOverdue) -> str:
        """A case whose notice was served today. Its id."""
        await self.hear(order)
        case_id: str = (await self.case_of(order))["id"]
        path = f"/v1/credit/cases/{case_id}"
        _ok(await self.person("squad_leader").post(f"{path}/screen", json={"meets": True}))
        notice = {"served_on": today().isoformat(), "recipient": "王小明", "proof": "receipt-1"}
        _ok(await self.person("credit_officer").post(f"{path}/notice", json=notice))
        return case_id

    async def decidable(self, order: OrderOverdue) -> str:
        """A case on the first day on which it may be decided. Its id."""
        case_id = await self.noticed(order)
        self.go_to(add_working_days(today(), 5) + timedelta(days=1))
        return case_id

    async def document(self, case_id: str) -> bytes:
        """The exact bytes to sign today."""
        return _ok(await self.person().get(f"/v1/credit/cases/{case_id}/decision-document")).content

    async def document_signed(self, listing: dict[str, Any]) -> bytes:
        """The bytes inside a listing's signature."""
        payload: bytes = jws.deserialize_compact(listing["signature"], HEAD_KEY, algorithms=["ES256"]).payload
        return payload

    async def listed(self, order: OrderOverdue) -> dict[str, Any]:
        """The order's employer on the list, by the head's signature."""
        case_id = await self.decidable(order)
        signature = sign(await self.document(case_id))
        answer = await self.person().post(f"/v1/credit/cases/{case_id}/decide", json={"signature": signature})
        listing: dict[str, Any] = _ok(answer).json()
        return listing


def _ok(response: httpx.Response) -> httpx.Response:
    assert response.is_success, response.text
    return response


def credit_settings(settings: Settings, folder: Path, issuer_key: ECKey, **changes: Any) -> CreditSettings:
    """The service's settings on the session's neighbours, with the issuer's keys from a file."""
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps(KeySet([issuer_key]).as_dict(private=False)))
    usual = {
        **settings.model_dump(exclude_none=True),
        "jwks_file": jwks,
        "data_key": base64.b64encode(b"k" * 32).decode(),
        "webhook_allowed_hosts": ("credit.example.gov.cn",),
        "webhook_retry_seconds": (0.05, 0.05, 0.05),
        "webhook_timeout_s": 2,
        "webhook_poll_s": 0.05,
    }
    return CreditSettings(**{**usual, **changes})


@asynccontextmanager
async def open_office(settings: CreditSettings, issuer_key: ECKey, clock: Path) -> AsyncIterator[Office]:
    """The service's routes over its database, without a bus."""
    runtime = Runtime(settings, Database(settings), Identities(settings.jwks_file))
    app = create_app(create_service(), runtime)
    office = Office(settings, runtime.db, runtime, issuer_key, clock, httpx.ASGITransport(app))
    try:
        yield office
    finally:
        for client in office._clients:
            await client.aclose()
        await runtime.db.close()
