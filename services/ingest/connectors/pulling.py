"""The rounds: claim a connector, take page after page, say how it ended.

A page's receipt and the cursor behind it are one transaction, and that transaction holds the connector's row: kill -9
leaves the last page taken or not taken, and a worker that was silent for too long can write nothing any more.
"""

import asyncio
import logging
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx

from services.ingest.catalogue import shipped as catalogue
from services.ingest.connectors.definitions import Connector, Feed, shipped
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

LEASE_S = 300.0
_LOOK_EVERY_S = 10.0
# A round ends after so many pages, and the next one goes on: no platform keeps a worker for ever.
_PAGES_A_ROUND = 2000


class LeaseLost(Exception):
    """Another worker has the connector."""


@dataclass
class Puller:
    """One worker at one connector, with what it needs."""

    name: str
    agency: str
    connector: Connector
    client: httpx.AsyncClient
    db: Database
    settings: IngestSettings
    worker: UUID = field(default_factory=uuid4)

    async def round(self, jitter: float) -> bool:
        """Take whatever there is, dataset by dataset. False: it was not due, or another's. Raises LeaseLost."""
        async with self.db.transaction() as session:
            failures = await pulls.claim(session, self.name, self.worker, LEASE_S)
        if failures is None:
            return False
        failed = [fault for feed in self.connector.feeds if (fault := await self._feed(feed))]
        failures = failures + 1 if failed else 0
        asked = max((fault.wait_s for fault in failed), default=0)
        wait_s = wait_after(failures, jitter, asked) if failed else self.connector.every_s
        async with self.db.transaction() as session:
            await pulls.end(session, self.name, self.worker, failures, wait_s)
        return True

    async def _feed(self, feed: Feed) -> PullFailed | None:
        """All pages of one dataset. What went wrong with it stops it alone."""
        fault: PullFailed | None = None
        try:
            await self._pages(feed)
        except PullFailed as failure:
            fault = failure
            PULLED.labels(self.name, feed.dataset, failure.fault).inc()
            told = {"connector": self.name, "dataset": feed.dataset, "fault": str(failure)}
            log.warning("connector.failed", extra=told)
        async with self.db.transaction() as session:
            await self._must_hold(session)
            named = (fault.fault, fault.detail) if fault else (None, None)
            await pulls.note(session, self.name, feed.dataset, *named)
        return fault

    async def _pages(self, feed: Feed) -> None:
        checker, vault = Checker(catalogue().datasets[feed.dataset]), Vault.of(self.settings)
        async with self.db.transaction() as session:
            here, _, _ = await pulls.position(session, self.name, feed.dataset)
        visited: set[str | None] = set()
        for _ in range(_PAGES_A_ROUND):
            page = read_page(await fetch(self.client, self.connector, feed, here), feed.fields)
            after = cursor_after(page, here, visited)
            await self._take(page, after, here, checker, vault)
            visited.add(here)
            if page.next is None:
                return
            here = after

    async def _take(self, page: Page, after: str | None, here: str | None, checker: Checker, vault: Vault) -> None:
        """The page through the same checks as a file that was sent, and its cursor. Raises PullFailed, LeaseLost."""
        dataset = checker.dataset.dataset
        try:
            async with self.db.transaction() as session:
                await self._must_hold(session)
                cursor, pages, digest = await pulls.position(session, self.name, dataset)
                is_repeated = (cursor, digest) == (here, page.digest)
                receipt_id = None
                if page.body and not is_repeated:
                    # The number of the page is in the key: the same words, said again after others, count again.
                    key = f"pull:{self.name}:{dataset}:{pages}:{page.digest}"
                    sent = self._submission(page, key)
                    taken = await submit(session, sent, checker, vault, self.settings.max_rows)
                    receipt_id = taken.receipt.receipt_id
                await pulls.move(
                    session,
                    self.name,
                    dataset,
                    cursor=after,
                    digest=page.digest,
                    unknown=list(page.unknown),
                    receipt_id=receipt_id,
                )
        except AnxinError as refusal:
            raise PullFailed("not_taken", refusal.slug) from refusal
        PULLED.labels(self.name, dataset, "repeated" if is_repeated else "taken" if page.body else "empty").inc()

    def _submission(self, page: Page, key: str) -> Submission:
        return Submission(new_id(), self.agency, page.body, "application/json", key, datetime.now(UTC))

    async def _must_hold(self, session: Session) -> None:
        if not await pulls.hold(session, self.name, self.worker, LEASE_S):
            raise LeaseLost


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
                # The lease runs out and the next round begins at the last cursor: one platform never stops the service.
                log.exception("connector.broke", extra={"connector": name})
            await asyncio.sleep(_LOOK_EVERY_S)
