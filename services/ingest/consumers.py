"""Event in. Each may come twice, and in any order."""

from services.ingest.usecases import lineage
from shared.bus import Consumers
from shared.db import Session
from shared.events import RulebookAnnounced

consumer = Consumers("ingest")


@consumer.on(RulebookAnnounced)
async def on_rulebook_announced(event: RulebookAnnounced, session: Session) -> None:
    """This is what scoring makes of which items."""
    await lineage.remember_rulebook(session, event)
