"""Event in. Each may come twice, and in any order."""

from gateway.issuer.usecases import grants
from shared.bus import Consumers
from shared.db import Session
from shared.events import CatalogueAnnounced

consumer = Consumers("issuer")


@consumer.on(CatalogueAnnounced)
async def on_catalogue_announced(event: CatalogueAnnounced, session: Session) -> None:
    """These are the datasets that may be granted."""
    await grants.keep_catalogue(session, event)
