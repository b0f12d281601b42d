"""An ingest service under test: the real application on the session's PostgreSQL, agencies and people with tokens."""

import base64
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import SecretStr

from services.ingest.catalogue import Catalogue, shipped
from services.ingest.main import create_service
from services.ingest.routes.desk import Desk
from services.ingest.settings import IngestSettings
from shared.db import Database, sql
from shared.events.records import ORIGIN, unpacked
from shared.service import Runtime, create_app
from shared.settings import Settings
from tests.unit.test_shared_auth import a_person, claims, headers, identities

GOOD = "91330100799655058B"
ALSO_GOOD = "9133030067161672XJ"
WRONG_CHECK = "91330110MA2CEABC1X"
CITIZEN = "11010519491231002X"
DATA_KEY = base64.b64encode(bytes(range(32))).decode()

Record = dict[str, Any]


def a_tax_record(number: int = 1, **changes: Any) -> Record:
    """Tax arrears of a firm whose credit code is right; `number` makes it another taxpayer."""
    calm = {
        "taxpayer": "杭州某某建设有限公司",
        "taxpayer_no": f"T{number}",
        "uscc": GOOD,
        "principal": "王某",
        "tax_kind": "增值税",
        "balance": "120000.50",
        "as_of": "2026-10",
        "stat_at": "2026-11-01T08:00:00+08:00",
    }
    return calm | changes


def a_worker(**changes: Any) -> Record:
    """A worker on the register of a site: his number, name and phone are personal data."""
    calm = {
        "project_code": "3301102026000001",
        "id_no": CITIZEN,
        "name": "张三丰",
        "mobile": "13812345678",
        "entry_at": "2026-10-01T08:00:00+08:00",
    }
    return calm | changes


def settings_for(settings: Settings, **changes: Any) -> IngestSettings:
    """A service's settings as the ingest service's own."""
    known = settings.model_dump() | {"data_key": SecretStr(DATA_KEY), "nats_url": None}
    return IngestSettings(**(known | changes))


class Door:
    """The application, and who knocks."""

    def __init__(self, app: Any, db: Database, client: httpx.AsyncClient) -> None:
        self.app, self.db, self.client = app, db, client

    async def send(
        self,
        dataset: str,
        records: Any,
        *,
        agency: str = "tax-bureau",
        scope: str | None = None,
        **more: str,
    ) -> httpx.Response:
        """POST records (a list becomes JSON) as an agency that may send this dataset. `more`: headers, `_` for `-`."""
        body = records if isinstance(records, bytes | str) else json.dumps(records, ensure_ascii=False)
        given = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in more.items()}
        return await self.client.post(
            f"/v1/datasets/{dataset}/records",
            content=body,
            headers=given | agency_headers(agency, scope or f"ingest:{dataset}"),
        )

    async def get(self, path: str, agency: str = "tax-bureau", **more: str) -> httpx.Response:
        """GET as an agency."""
        return await self.client.get(path, headers=agency_headers(agency, "ingest:tax_arrears") | more)

    async def rows(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """What the database holds."""
        async with self.db.transaction() as session:
            return [tuple(row) for row in await sql(session, statement, **parameters)]

    async def announced(self, receipt_id: str) -> list[dict[str, Any]]:
        """The data of the events that a receipt announced, in order, their tables as lists."""
        rows = await self.rows(
            "select convert_from(body, 'UTF8') from ingest.outbox where subject = 'records.accepted' order by id"
        )
        events = [json.loads(text)["data"] for (text,) in rows]
        return [with_lists(event) for event in events if event["receipt_id"] == receipt_id]


def with_lists(event: dict[str, Any]) -> dict[str, Any]:
    """The data of an event, with its table as lists if it has one."""
    if "table" not in event:
        return event
    records = unpacked(b64decode(event["table"]))
    items = records.drop(*ORIGIN).to_dict(as_series=False)
    names = {"subject_ids": "#subject", "left": "#left", "keys": "#key", "rows": "#row", "source_times": "#source_time"}
    lists = {name: records.get_column(column).to_list() for name, column in names.items()}
    return event | lists | {"columns": items}


async def clear(door: Door) -> None:
    """A desk on which no record is: those of an earlier test would make those of the next one unchanged."""
    async with door.db.transaction() as session:
        connection = await session.connection()
        for table in ("head", "past_state", "unmatched", "past_unmatched"):
            await connection.exec_driver_sql(f"delete from ingest.{table}")  # noqa: S608 - names of our own


def agency_headers(name: str, scope: str) -> dict[str, str]:
    """A token of an agency, bound to its certificate, as Envoy forwards it."""
    return headers(claims(sub=name, client_id=name, scope=scope))


def person_headers(scope: str, **more: Any) -> dict[str, str]:
    """A token of a person."""
    return headers(a_person(scope=scope, **more), xfcc="")


@asynccontextmanager
async def open_door(settings: Settings, catalogue: Catalogue | None = None, **changes: Any) -> AsyncIterator[Door]:
    """The service, without Envoy and without a bus."""
    own = settings_for(settings, **changes)
    db = Database(own)
    app = create_app(create_service(), Runtime(own, db, identities()))
    app.state.desk = Desk.of(own, catalogue or shipped())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as client:
        yield Door(app, db, client)
    await db.close()


def counts(receipt: Mapping[str, Any]) -> tuple[int, int, int, int, int]:
    """received, accepted, unchanged, rejected, unmatched."""
    received, accepted, unchanged, rejected, unmatched = (
        receipt[name] for name in ("received", "accepted", "unchanged", "rejected", "unmatched")
    )
    return received, accepted, unchanged, rejected, unmatched
