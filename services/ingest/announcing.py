"""The clockwork that tells which datasets there are, and how each is shared: the issuer grants nothing else."""

import asyncio
import logging
from datetime import UTC, datetime

from services.ingest.catalogue import Catalogue, shipped
from shared.db import UNREACHABLE
from shared.events import CatalogueAnnounced, DatasetTerms
from shared.outbox import announce
from shared.service import Runtime

log = logging.getLogger(__name__)

_AGAIN_S = 24 * 3600
_SOON_S = 2


async def announce_catalogue(runtime: Runtime) -> None:
    """Say it at the start and once a day, for ever: whoever listens may have been emptied meanwhile."""
    while True:
        pause = _AGAIN_S
        try:
            async with runtime.db.transaction() as session:
                announce(session, terms_of(shipped(), datetime.now(UTC)))
        except (*UNREACHABLE, OSError) as error:
            log.warning("catalogue.delayed", extra={"reason": repr(error)})
            pause = _SOON_S
        await asyncio.sleep(pause)


def terms_of(catalogue: Catalogue, now: datetime) -> CatalogueAnnounced:
    """The catalogue as an event."""
    datasets = [
        DatasetTerms(
            dataset=name,
            label_zh=dataset.label.zh,
            label_en=dataset.label.en,
            department=catalogue.owners[name].department,
            sharing=dataset.sharing,
            legal_basis=dataset.legal_basis,
            until=dataset.until,
        )
        for name, dataset in sorted(catalogue.datasets.items())
    ]
    return CatalogueAnnounced(announced_at=now, datasets=datasets)
