"""The workers: claim a file, read it through, store its records a batch a transaction, write the receipt.

kill -9 at any moment leaves the file at its last committed batch; the next worker, here or in another replica, goes on
behind it. A file is refused whole before anything of it is stored, as one that came in a single request would be.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from opentelemetry.trace import SpanKind

from services.ingest.catalogue import Catalogue, shipped
from services.ingest.codecs import is_columnar
from services.ingest.importing.reading import Reading
from services.ingest.models import Import
from services.ingest.settings import IngestSettings
from services.ingest.usecases import imports, uploads
from services.ingest.usecases.imports import Lease
from services.ingest.usecases.submission import Count
from services.ingest.validation import Checker
from shared.crypto import Vault
from shared.db import UNREACHABLE, Database
from shared.errors import AnxinError
from shared.service import Runtime
from shared.telemetry import context_of, tracer

log = logging.getLogger(__name__)

_EXPIRE_EVERY_S = 60.0
_TELL_EVERY_S = 2.0
_PAUSE_S = 2.0


@dataclass
class Bench:
    """What the workers of one process share."""

    settings: IngestSettings
    db: Database
    vault: Vault
    catalogue: Catalogue
    _checkers: dict[str, Checker] = field(default_factory=dict)

    def checker(self, dataset: str) -> Checker:
        if dataset not in self._checkers:
            self._checkers[dataset] = Checker(self.catalogue.datasets[dataset])
        return self._checkers[dataset]


async def take_in_imports(runtime: Runtime) -> None:
    """Take in whatever has arrived whole, several files at once, and forget what was never finished; for ever."""
    assert isinstance(runtime.settings, IngestSettings)  # noqa: S101 - the service's own
    bench = Bench(runtime.settings, runtime.db, Vault.of(runtime.settings), shipped())
    async with asyncio.TaskGroup() as group:
        group.create_task(_expire(bench))
        for _ in range(bench.settings.import_workers):
            group.create_task(_work(bench))


async def _work(bench: Bench) -> None:
    while True:
        try:
            found = await take_in_next(bench)
        except UNREACHABLE as error:
            log.warning("import.delayed", extra={"reason": repr(error)})
            found = False
        if not found:
            await asyncio.sleep(bench.settings.import_poll_s)


async def _expire(bench: Bench) -> None:
    while True:
        try:
            async with bench.db.transaction() as session:
                await uploads.expire_uploads(session)
        except UNREACHABLE as error:
            log.warning("import.expiry_delayed", extra={"reason": repr(error)})
        await asyncio.sleep(_EXPIRE_EVERY_S)


async def take_in_next(bench: Bench, read: type[Reading] = Reading) -> bool:
    """Take in one file, as far as it goes. False: there was none."""
    async with bench.db.transaction() as session:
        lease = await imports.claim_import(session, uuid4(), bench.settings.import_lease_s)
    if lease is None:
        return False
    file = lease.file
    reading = read(lease, bench.db, bench.vault, bench.checker(file.dataset), _most_unpacked(bench, file))
    with tracer().start_as_current_span("take in an import", context_of(file.traceparent), SpanKind.CONSUMER):
        await _take_in(bench, reading)
    return True


def _most_unpacked(bench: Bench, file: Import) -> int:
    limits = bench.settings
    most = limits.max_import_unpacked_bytes
    return min(most, limits.max_import_spool_bytes) if is_columnar(file.content_type) else most


async def _take_in(bench: Bench, reading: Reading) -> None:
    told = {"import_id": str(reading.file.import_id), "dataset": reading.file.dataset}
    try:
        async with _held(bench, reading):
            if await _makes_sense(bench, reading):
                await _store(bench, reading)
        log.info("import.ended", extra=told)
    except imports.LeaseLost:
        log.warning("import.lease_lost", extra=told)
    except asyncio.CancelledError:
        await _release(bench, reading, pause_s=0, is_forgiven=True)
        raise
    except UNREACHABLE as error:
        log.warning("import.interrupted", extra={**told, "reason": repr(error)})
        await _release(bench, reading, pause_s=_PAUSE_S, is_forgiven=True)
    except Exception:
        # Counted: the next attempt begins behind the last batch, and what never gets on is given up.
        log.exception("import.broke", extra=told)
        await _release(bench, reading, pause_s=_PAUSE_S * reading.file.attempts, is_forgiven=False)


async def _release(bench: Bench, reading: Reading, *, pause_s: float, is_forgiven: bool) -> None:
    async with bench.db.transaction() as session:
        await imports.release_lease(session, reading.lease, pause_s, is_forgiven)


@asynccontextmanager
async def _held(bench: Bench, reading: Reading) -> AsyncIterator[None]:
    """The lease is renewed as long as we work on it."""
    renewing = asyncio.ensure_future(_renew(bench, reading))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def _renew(bench: Bench, reading: Reading) -> None:
    while True:
        await asyncio.sleep(min(_TELL_EVERY_S, reading.lease.seconds / 4))
        try:
            async with bench.db.transaction() as session:
                await imports.renew_lease(session, reading.lease, max(reading.rows, reading.file.rows_read))
        except UNREACHABLE as error:
            log.warning("import.renewal_delayed", extra={"reason": repr(error)})
        except imports.LeaseLost:
            return  # whoever writes next is refused, and stops


async def _makes_sense(bench: Bench, reading: Reading) -> bool:
    """Read the file through before anything is stored, once. False: it was refused whole."""
    if reading.file.state == "storing":
        return True
    known: tuple[bytes, int] | None = None
    try:
        known = await reading.digest()
        await reading.read_through()
        await _call_readable(bench, reading, *known)
    except AnxinError as refusal:
        sha256, size = known or await reading.digest_as_sent()
        async with bench.db.transaction() as session:
            await imports.refuse_import(session, reading.lease, refusal, sha256, size)
        return False
    return True


async def _call_readable(bench: Bench, reading: Reading, sha256: bytes, size: int) -> None:
    lease, dataset = reading.lease, reading.checker.dataset
    async with bench.db.transaction() as session:
        await imports.call_readable(session, lease, dataset, sha256=sha256, size=size, rows=reading.rows)
    _remember(reading.file, sha256, size, reading.rows)


def _remember(file: Import, sha256: bytes, size: int, rows: int) -> None:
    file.state, file.sha256, file.bytes, file.rows_read = "storing", sha256, size, rows


async def _store(bench: Bench, reading: Reading) -> None:
    file, lease = reading.file, reading.lease
    count = _so_far(lease)
    async for batch in reading.batches(after_row=file.last_row):
        step = await reading.step(batch)
        async with bench.db.transaction() as session:
            await imports.store_batch(session, lease, reading.checker.dataset, step, count)
    assert file.sha256 is not None  # noqa: S101 - known since it was read through
    assert file.bytes is not None  # noqa: S101
    async with bench.db.transaction() as session:
        dataset = reading.checker.dataset
        await imports.finish_import(session, lease, dataset, count, sha256=file.sha256, size=file.bytes)


def _so_far(lease: Lease) -> Count:
    file = lease.file
    return Count(file.received, file.accepted, file.superseded, file.rejected, file.unmatched, file.keyless)
