"""Take in how a feed changed: what was held for a stopped feed goes on when it recovers."""

from datetime import datetime

from services.scoring.store import feeds as feed_store
from shared.clock import local_date
from shared.db import Session
from shared.events import FeedStateChanged


async def note_change(session: Session, event: FeedStateChanged, at: datetime) -> None:
    """Keep the change, and let everyone with a level be looked at again: a feed that is back may end what was held."""
    await feed_store.keep_change(session, event)
    await feed_store.make_all_due(session, local_date(at))
