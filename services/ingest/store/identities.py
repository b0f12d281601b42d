"""Sealed numbers of persons and accounts, by pseudonym."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.db import Session, sql

_FOUND = """
select pseudonym, purpose, sealed from ingest.identity
where pseudonym = any(cast(:pseudonyms as text[])) order by pseudonym
"""


class SealedIdentity(NamedTuple):
    """Whose number it is (`person` or `account`), and the number, sealed for that purpose."""

    pseudonym: str
    purpose: str
    sealed: str


async def identities(session: Session, pseudonyms: Sequence[str]) -> list[SealedIdentity]:
    """Those of the pseudonyms that are known, in their order."""
    found = await sql(session, _FOUND, pseudonyms=list(pseudonyms))
    return [SealedIdentity(row.pseudonym, row.purpose, row.sealed) for row in found.all()]
