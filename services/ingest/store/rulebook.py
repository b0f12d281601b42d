"""The rules as scoring announced them."""

from datetime import datetime

from shared.db import Session, sql

_KEEP = """
insert into ingest.rulebook (version, announced_at, content) values (:version, :announced_at, :content)
on conflict (version) do update set announced_at = excluded.announced_at, content = excluded.content
where rulebook.announced_at < excluded.announced_at
"""
_NEWEST = "select content from ingest.rulebook order by announced_at desc, version limit 1"


async def keep_rulebook(session: Session, version: str, announced_at: datetime, content: bytes) -> None:
    """Keep what was said of a version, unless something newer is known of it."""
    await sql(session, _KEEP, version=version, announced_at=announced_at, content=content)


async def newest_rulebook(session: Session) -> bytes | None:
    """What was said last; None before scoring has said anything."""
    found = (await sql(session, _NEWEST)).scalar_one_or_none()
    return None if found is None else bytes(found)
