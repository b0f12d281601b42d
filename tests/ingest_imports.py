"""Large files under test: a client that speaks tus by hand, and workers that take in what has arrived."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any

import httpx

from services.ingest.catalogue import shipped
from services.ingest.importing.reading import Reading
from services.ingest.importing.workers import Bench, take_in_next
from services.ingest.validation import Batch
from shared.crypto import Vault
from tests.ingest_desk import Door, Record, agency_headers

TUS = {"tus-resumable": "1.0.0"}
NOTHING: Mapping[str, str] = MappingProxyType({})
OFFSET_TYPE = "application/offset+octet-stream"


def told(**values: str) -> str:
    """Upload-Metadata."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


class Uploader:
    """An agency that sends large files."""

    def __init__(self, door: Door, agency: str = "tax-bureau", dataset: str = "tax_arrears") -> None:
        self.door, self.dataset = door, dataset
        self.headers = agency_headers(agency, f"ingest:{dataset}") | TUS

    async def begin(
        self, length: int, kind: str = "application/x-ndjson", *, said: Mapping[str, str] = NOTHING, **more: str
    ) -> httpx.Response:
        """POST. `said`: snapshot, as_of, month, corrects. `more`: headers, `_` for `-`."""
        given = {name.replace("_", "-"): value for name, value in more.items()}
        told_kind = {"upload-length": str(length), "upload-metadata": told(filetype=kind)}
        return await self.door.client.post(
            f"/v1/datasets/{self.dataset}/imports", params=dict(said), headers=self.headers | told_kind | given
        )

    async def append(self, place: str, offset: int, content: bytes, **more: str) -> httpx.Response:
        """PATCH."""
        given = {name.replace("_", "-"): value for name, value in more.items()}
        return await self.door.client.patch(
            place,
            content=content,
            headers=self.headers | {"content-type": OFFSET_TYPE, "upload-offset": str(offset)} | given,
        )

    async def offset(self, place: str) -> httpx.Response:
        """HEAD."""
        return await self.door.client.head(place, headers=self.headers)

    async def send(self, content: bytes, *, step: int | None = None, **more: Any) -> str:
        """Everything, `step` bytes a time. Returns the import's address."""
        begun = await self.begin(len(content), **more)
        assert begun.status_code == 201, begun.text
        place, step = begun.headers["location"], step or max(1, len(content))
        for first in range(0, len(content), step):
            answer = await self.append(place, first, content[first : first + step])
            assert answer.status_code == 204, answer.text
        return place

    async def progress(self, place: str) -> dict[str, Any]:
        """GET."""
        answer = await self.door.client.get(place, headers=self.headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def receipt(self, place: str) -> dict[str, Any]:
        """Let the workers do their work, and read the receipt."""
        await work_off(self.door)
        answer = await self.door.client.get((await self.progress(place))["receipt"], headers=self.headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def lines(*records: Record) -> bytes:
    """NDJSON."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


class Killed(BaseException):
    """Nothing catches it."""


class Mortal(Reading):
    """A reading that dies after so many batches of two rows each, as kill -9 would end it: nothing is given back."""

    lives: int = 2

    async def batches(self, after_row: int = 0) -> AsyncIterator[Batch]:
        """Two rows at a time, while it lives."""
        done = 0
        async for batch in super().batches(after_row):
            for first in range(0, len(batch.texts), 2):
                if self.file.state == "storing" and done == self.lives:
                    raise Killed
                texts = batch.texts[first : first + 2]
                done += 1
                yield Batch(texts, batch.faults.filter(batch.faults["row"].is_in(texts["#row"].implode())))


async def dies(bench: Bench) -> bool:
    """Let a mortal worker take in a file; whether it died before the end. The next one may have it at once."""
    try:
        await take_in_next(bench, Mortal)
    except Killed:
        async with bench.db.transaction() as session:
            await (await session.connection()).exec_driver_sql("update ingest.import set lease_ends = now()")
        return True
    return False


def bench_of(door: Door) -> Bench:
    """What a worker of this door's service would have."""
    settings = door.app.state.desk.settings
    return Bench(settings, door.db, Vault.of(settings), shipped())


async def work_off(door: Door) -> None:
    """Take in every file that waits."""
    bench = bench_of(door)
    while await take_in_next(bench):
        pass
