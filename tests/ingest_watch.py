"""An agency whose feeds are watched, and the business clock in front of which it sends."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from services.ingest.catalogue import shipped
from services.ingest.watch import watch_once
from shared import clock
from shared.ids import new_id
from tests.ingest_desk import Door, Record, a_tax_record, agency_headers, person_headers

TUESDAY = datetime(2026, 11, 24, 1, tzinfo=UTC)  # nine o'clock in China


@dataclass
class Watched:
    """`at` is the business time; what is sent is reported then."""

    door: Door
    clock_file: Path
    agency: str

    @classmethod
    def of(cls, door: Door, clock_file: Path) -> "Watched":
        """An agency that no one has heard of, on a Tuesday."""
        one = cls(door, clock_file, f"bureau-{new_id()}")
        one.move_to(TUESDAY)
        return one

    def move_to(self, at: datetime) -> None:
        """Set the business clock."""
        self.clock_file.write_text(str((at - datetime.now(UTC)).total_seconds()))

    def move(self, **by: float) -> None:
        """Move the business clock."""
        self.move_to(clock.now() + timedelta(**by))

    async def send(self, records: list[Record], dataset: str = "tax_arrears") -> httpx.Response:
        """Hand in records as this agency."""
        return await self.door.send(dataset, records, agency=self.agency)

    async def tick(self) -> None:
        """One turn of the watch."""
        await watch_once(self.door.db, shipped(), clock.now())

    async def alarms(self) -> list[dict[str, Any]]:
        """What was announced about this agency, in order."""
        rows = await self.door.rows(
            "select convert_from(body, 'UTF8') from ingest.outbox where subject = 'feeds.changed' order by id"
        )
        told = [json.loads(text)["data"] for (text,) in rows]
        return [event for event in told if event["agency"] == self.agency]

    async def own(self, path: str) -> Any:
        """What the agency itself reads."""
        return await self._read(path, agency_headers(self.agency, "ingest:tax_arrears ingest:tax_status"))

    async def read(self, path: str) -> Any:
        """What an operator reads."""
        return await self._read(path, person_headers("quality:read"))

    async def feed(self, dataset: str = "tax_arrears") -> Any:
        """How this agency's feed stands."""
        (found,) = (await self.read(f"/v1/quality?agency={self.agency}&dataset={dataset}"))["feeds"]
        return found

    async def _read(self, path: str, headers: dict[str, str]) -> Any:
        answer = await self.door.client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


def tax_records(count: int, begin: int = 0, **changes: Any) -> list[Record]:
    """So many taxpayers in arrears; `begin` makes them others."""
    return [
        a_tax_record(begin + number, **({"balance": str(100 + number % 7 * 1000), "stat_at": None} | changes))
        for number in range(count)
    ]


def lost_records(count: int, begin: int) -> list[Record]:
    """The same without a code, and with names that nobody has ever heard."""
    records = tax_records(count, begin, uscc=None)
    # Numbers that were never named with a code: others would have been learned.
    return [{**record, "taxpayer": f"{new_id()}", "taxpayer_no": new_id().hex[-20:]} for record in records]
