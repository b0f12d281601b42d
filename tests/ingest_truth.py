"""What agencies say over time, in short: arrears of taxpayers as on days of November, and what stands then."""

import json
from typing import Any

import httpx

from tests.ingest_desk import Door, Record, a_tax_record, agency_headers

SCOPE = "ingest:tax_arrears"


def owing(day: int, *numbers: int, balance: int = 100, **changes: Any) -> list[Record]:
    """Arrears of some taxpayers as they were on a day of November."""
    return [
        a_tax_record(each, balance=f"{balance}.{day:02}", stat_at=f"2026-11-{day:02}", **changes) for each in numbers
    ]


def unknown(number: int, **changes: Any) -> Record:
    """Arrears of a taxpayer who is known neither by code, nor by number, nor by name: the record waits."""
    nobody = {"uscc": None, "taxpayer": f"从未见过的企业{number}", "taxpayer_no": f"N{number}"}
    return a_tax_record(number, **nobody | changes)


async def forget(door: Door) -> None:
    """Let nothing be known, nothing waiting, and no list applied."""
    async with door.db.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("delete from ingest.head")
        await connection.exec_driver_sql("delete from ingest.past_state")
        await connection.exec_driver_sql("delete from ingest.unmatched")
        await connection.exec_driver_sql("delete from ingest.past_unmatched")
        await connection.exec_driver_sql("delete from ingest.snapshot")
        await connection.exec_driver_sql("delete from ingest.snapshot_key")


async def send(door: Door, records: list[Record], agency: str = "tax-bureau", **said: str) -> httpx.Response:
    """POST records with what is said of them (snapshot, as_of, month, corrects) in the query."""
    return await door.client.post(
        "/v1/datasets/tax_arrears/records", params=said, json=records, headers=agency_headers(agency, SCOPE)
    )


async def sent(door: Door, records: list[Record], agency: str = "tax-bureau", **said: str) -> str:
    """The same; the receipt's id."""
    answer = await send(door, records, agency, **said)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["receipt_id"])


async def full(door: Door, day: int, records: list[Record], **more: str) -> httpx.Response:
    """All arrears of October as of a day of November, in one request."""
    return await send(
        door, records, **{"snapshot": "full", "as_of": f"2026-11-{day:02}T00:00:00+08:00", "month": "2026-10"} | more
    )


async def ask(door: Door, method: str, path: str, agency: str = "tax-bureau", **more: Any) -> httpx.Response:
    """Any request of an agency that sends tax arrears."""
    return await door.client.request(method, path, headers=agency_headers(agency, SCOPE), **more)


async def standing(door: Door) -> dict[str, tuple[str, int]]:
    """Of each taxpayer with an open record, the receipt and row that tell its newest state."""
    found = await door.rows(
        """select receipt_id, row_no from ingest.head where row_hash <> '00000000-0000-0000-0000-000000000000'"""
    )
    return {f"{receipt}/{row}": (str(receipt), row) for receipt, row in found}


async def told(door: Door, kind: str) -> list[Any]:
    """The data of all events of a kind, in order."""
    rows = await door.rows(
        "select convert_from(body, 'UTF8')::jsonb -> 'data' from ingest.outbox where subject = :kind order by id",
        kind=kind,
    )
    return [data for (data,) in rows]


async def notes(door: Door, receipt: str) -> list[tuple[int, str]]:
    """Row and code of what is told about a receipt's rows."""
    lines = (await ask(door, "GET", f"/v1/receipts/{receipt}/errors")).text.splitlines()
    return [(line["row"], line["code"]) for line in map(json.loads, lines)]
