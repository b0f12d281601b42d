"""The rounds: claim a connector, take page after page, say how it ended.

A page's receipt and the cursor behind it are one transaction, and that transaction holds the connector's row: kill -9
leaves the last page taken or not taken, and a worker that was silent for too long can write nothing any more.
"""

import asyncio
import logging
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx

from services.ingest.catalogue import shipped as catalogue
from services.ingest.connectors.definitions import Connector, Feed, shipped
from services.ingest.connectors.lease import LEASE_S, Lease, LeaseLost
from services.ingest.connectors.paging import Page, PullFailed, cursor_after, read_page, wait_after
from services.ingest.connectors.remote import fetch, open_client
from services.ingest.metrics import PULLED
from services.ingest.settings import IngestSettings, Platform
from services.ingest.store import pulls
from services.ingest.usecases.submission import Submission, submit
from services.ingest.validation import Checker
from shared.crypto import Vault
from shared.db import UNREACHABLE, Database, Session
from shared.errors import AnxinError
from shared.ids import new_id
from shared.service import Runtime

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 10.0
# A round ends after so many pages, and the next one goes on: no platform keeps a worker for ever.
_PAGES_A_ROUND = 2000


@dataclass(frozen=True)
class _Step:
    """A page, where it was found, and where the next one is."""

    page: Page
    here: str | None
    after: str | None


@dataclass
class Puller:
    """One worker at one connector, with what it needs."""

    name: str
    agency: str
    connector: Connector
    client: httpx.AsyncClient
    db: Database
    settings: IngestSettings
    lease_s: float = LEASE_S

    def __post_init__(self) -> None:
        self.lease = Lease(self.db, self.name, self.lease_s)

    async def round(self, jitter: float) -> bool:
        """Take whatever there is, dataset by dataset. False: it was not due, or another's. Raises LeaseLost."""
        failures = await self.lease.claim()
        if failures is None:
            return False
        async with self.lease.renewed():
            failed = [fault for feed in self.connector.feeds if (fault := await self._feed(feed))]
            failures = failures + 1 if failed else 0
            asked = max((fault.wait_s for fault in failed), default=0)
            wait_s = wait_after(failures, jitter, asked) if failed else self.connector.every_s
            await self.lease.end(failures, wait_s)
        return True

    async def _feed(self, feed: Feed) -> PullFailed | None:
        """All pages of one dataset. What went wrong with it stops it alone."""
        fault = await self._fault_of(feed)
        if fault:
            PULLED.labels(self.name, feed.dataset, fault.fault).inc()
            told = {"connector": self.name, "dataset": feed.dataset, "fault": str(fault)}
            log.warning("connector.failed", extra=told, exc_info=fault.__cause__ if fault.fault == "broke" else None)
        async with self.db.transaction() as session:
            await self.lease.must_hold(session)
            named = (fault.fault, fault.detail) if fault else (None, None)
            await pulls.note(session, self.name, feed.dataset, *named)
        return fault

    async def _fault_of(self, feed: Feed) -> PullFailed | None:
        try:
            await self._pages(feed)
        except PullFailed as failure:
            return failure
        except (LeaseLost, *UNREACHABLE):
            raise
        except Exception as error:
            # A fault like the others, with back-off, instead of the same break at every look.
            broke = PullFailed("broke", type(error).__name__)
            broke.__cause__ = error
            return broke
        return None

    async def _pages(self, feed: Feed) -> None:
        checker = Checker(catalogue().datasets[feed.dataset])
        async with self.db.transaction() as session:
            here, _, _ = await pulls.position(session, self.name, feed.dataset)
        visited: set[str | None] = set()
        for _ in range(_PAGES_A_ROUND):
            page = read_page(await fetch(self.client, self.connector, feed, here), feed.fields)
            step = _Step(page, here, cursor_after(page, here, visited))
            await self._take(step, checker)
            visited.add(here)
            if page.next is None:
                return
            here = step.after

    async def _take(self, step: _Step, checker: Checker) -> None:
        """The page through the same checks as a file that was sent, and its cursor. Raises PullFailed, LeaseLost."""
        try:
            async with self.db.transaction() as session:
                await self.lease.must_hold(session)
                outcome = await self._keep(session, step, checker)
        except AnxinError as refusal:
            raise PullFailed("not_taken", refusal.slug) from refusal
        PULLED.labels(self.name, checker.dataset.dataset, outcome).inc()

    async def _keep(self, session: Session, step: _Step, checker: Checker) -> str:
        """What became of the page: taken, repeated (it is the one taken last) or empty."""
        dataset, page = checker.dataset.dataset, step.page
        cursor, pages, digest = await pulls.position(session, self.name, dataset)
        outcome = "repeated" if (cursor, digest) == (step.here, page.digest) else "taken" if page.body else "empty"
        receipt_id = await self._submit(session, page, pages, checker) if outcome == "taken" else None
        moved = {"cursor": step.after, "digest": page.digest, "unknown": list(page.unknown), "receipt_id": receipt_id}
        await pulls.move(session, self.name, dataset, **moved)
        return outcome

    async def _submit(self, session: Session, page: Page, pages: int, checker: Checker) -> UUID:
        # The number of the page is in the key: the same words, said again after others, count again.
        key = f"pull:{self.name}:{checker.dataset.dataset}:{pages}:{page.digest}"
        sent = Submission(new_id(), self.agency, page.body, "application/json", key, datetime.now(UTC))
        taken = await submit(session, sent, checker, Vault.of(self.settings), self.settings.max_rows)
        return taken.receipt.receipt_id


async def pull_from_platforms(runtime: Runtime) -> None:
    """A worker for each platform whose place is known; for ever. Without any it waits for nothing."""
    settings = runtime.settings
    assert isinstance(settings, IngestSettings)  # noqa: S101 - the service's own
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.Event().wait())  # a background task that ends is a fault
        for name, place in settings.connectors.items():
            group.create_task(_pull(name, place, settings, runtime.db))


async def _pull(name: str, place: Platform, settings: IngestSettings, db: Database) -> None:
    connector = shipped()[name]
    async with open_client(place) as client:
        while True:
            puller = Puller(name, place.agency or connector.agency, connector, client, db, settings)
            try:
                await puller.round(random.random())  # noqa: S311 - spreads rounds, hides nothing
            except LeaseLost:
                log.warning("connector.lease_lost", extra={"connector": name})
            except UNREACHABLE as error:
                log.warning("connector.delayed", extra={"connector": name, "reason": repr(error)})
            except Exception:
                # The lease runs out soon, and the next round begins at the last cursor: one platform stops no service.
                log.exception("connector.broke", extra={"connector": name})
            await asyncio.sleep(_LOOK_EVERY_S)
