"""A release brings its own book: registered at the start, in force by itself only while no person has decided."""

from datetime import datetime

from services.scoring.rulebook import lifecycle, shipped, shipped_pages
from services.scoring.rulebook.lifecycle import RELEASE
from services.scoring.store import rulebooks as store
from services.scoring.store.rulebooks import Version
from shared import audit
from shared.clock import local_date
from shared.db import Session

_REASON = "随软件发布 / shipped with the software"


async def register_shipped(session: Session, at: datetime) -> None:
    """Keep the shipped book, and let it count unless a person has decided which one does. Safe to run again."""
    await store.lock(session)
    version, pages = shipped().version, shipped_pages()
    told = {"actor": RELEASE, "reason": _REASON, "acted_at": at}
    if await store.keep(session, Version(version, pages.digest, "shipped", None, RELEASE, _REASON, None, at), pages):
        await store.keep_act(session, version, "drafted", **told)
        await audit.record(session, RELEASE, "rulebook.registered", version, {"digest": pages.digest})
    if lifecycle.release_may_activate(await store.activations(session), version):
        await store.keep_act(session, version, "activated", effective_from=local_date(at), **told)
        await audit.record(session, RELEASE, "rulebook.activated", version, {})
