"""One worker at a time has a platform: by a short lease, renewed for as long as it works.

A worker that is killed leaves a lease that runs out within `LEASE_S`, however long its round would have been.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from services.ingest.store import pulls
from shared.db import UNREACHABLE, Database, Session

log = logging.getLogger(__name__)

LEASE_S = 30.0
# Two renewals may be late or lost before another worker believes that this one is gone.
_RENEWALS = 3


class LeaseLost(Exception):
    """Another worker has the connector."""


@dataclass
class Lease:
    """One worker's claim to one connector. `seconds`: how long it lasts when nobody renews it."""

    db: Database
    connector: str
    seconds: float = LEASE_S
    worker: UUID = field(default_factory=uuid4)

    async def claim(self) -> int | None:
        """Take the connector if it is due and nobody's. Its failed rounds so far; None when it is not ours."""
        async with self.db.transaction() as session:
            return await pulls.claim(session, self.connector, self.worker, self.seconds)

    async def must_hold(self, session: Session) -> None:
        """Keep the connector until the transaction ends. Raises LeaseLost."""
        if not await pulls.hold(session, self.connector, self.worker, self.seconds):
            raise LeaseLost

    async def end(self, failures: int, wait_s: float) -> None:
        """Give it back; it is due again after so many seconds."""
        async with self.db.transaction() as session:
            await pulls.end(session, self.connector, self.worker, failures, wait_s)

    @asynccontextmanager
    async def renewed(self) -> AsyncIterator[None]:
        """Keep it alive meanwhile. Whether it is still ours is asked where something is written."""
        renewing = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self.seconds / _RENEWALS)
            try:
                async with self.db.transaction() as session:
                    await self.must_hold(session)
            except LeaseLost:
                return
            except UNREACHABLE as error:
                log.warning("connector.not_renewed", extra={"connector": self.connector, "reason": repr(error)})
