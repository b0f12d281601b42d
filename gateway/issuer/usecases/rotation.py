"""Signing keys: made ahead of their time, told to everybody, forgotten when nothing signed by them lives."""

from __future__ import annotations

from datetime import datetime

from gateway.issuer import store, tokens
from gateway.issuer.rules.keys import Rotation, is_published, next_key
from shared import audit
from shared.crypto import Vault
from shared.db import Session
from shared.events import SigningKeysPublished
from shared.outbox import announce


async def rotate(session: Session, vault: Vault, rotation: Rotation, now: datetime, *, tell: bool) -> bool:
    """Make the key that is due, drop what ran out. Tells every service when the set changed, or if `tell`."""
    await store.lock_rotation(session)
    keys = await store.signing_keys(session)
    changed = not all(is_published(key, now) for key in keys)
    if due := next_key(keys, now, rotation):
        key = tokens.new_key(vault, due)
        session.add(key)
        keys, changed = [*keys, key], True
        await audit.record(session, "SYSTEM", "key.made", key.kid, {"signs_from": due.signs_from.isoformat()})
    await store.forget(session, now)
    if changed or tell:
        announce(session, SigningKeysPublished(jwks=tokens.jwks(keys, now)))
    return changed
