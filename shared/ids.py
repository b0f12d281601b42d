"""Identifiers: UUID version 7, so that later ids sort later (RFC 9562)."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A fresh UUIDv7 of the standard library's type."""
    return UUID(int=uuid_utils.uuid7().int)
