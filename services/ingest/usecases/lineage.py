"""What becomes of what agencies send."""

import msgspec

from services.ingest.store.rulebook import keep_rulebook, newest_rulebook
from shared.db import Session
from shared.events import RulebookAnnounced


async def remember_rulebook(session: Session, event: RulebookAnnounced) -> None:
    """Keep what scoring makes of which items."""
    await keep_rulebook(session, event.version, event.announced_at, msgspec.json.encode(event))


async def rulebook_in_use(session: Session) -> RulebookAnnounced | None:
    """The rules as scoring announced them last; None before it has."""
    content = await newest_rulebook(session)
    return None if content is None else msgspec.json.decode(content, type=RulebookAnnounced)
