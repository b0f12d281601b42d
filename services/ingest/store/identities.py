"""Sealed numbers of persons and accounts, by pseudonym: kept, found, and given up when nothing needs them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from services.ingest.store.columns import literal
from shared.db import Session, sql

_KEEP = """
insert into ingest.identity (pseudonym, purpose, sealed)
select * from unnest(cast(:pseudonyms as text[]), cast(:purposes as text[]), cast(:sealed as text[])) as given(p, u, s)
order by p
on conflict do nothing
"""
# Before they are kept: whoever purges waits for this transaction, and finds them named on this day.
_NOTE = "select ingest.note_identity_use(cast(:pseudonyms as text[]), :dataset, cast(:day as date))"
_PURGE = """
select * from ingest.purge_identities(cast(:datasets as text[]), cast(:cutoffs as date[]), cast(:most as int))
"""
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


async def keep_identities(session: Session, identities: pl.DataFrame, dataset: str, day: date) -> None:
    """Keep the way back from pseudonyms that a dataset named on that day; one that is known stays as it was."""
    if identities.is_empty():
        return
    columns = {name: literal(identities.get_column(name)) for name in ("pseudonym", "purpose", "sealed")}
    await sql(session, _NOTE, pseudonyms=columns["pseudonym"], dataset=dataset, day=day)
    await sql(
        session,
        _KEEP,
        pseudonyms=columns["pseudonym"],
        purposes=columns["purpose"],
        sealed=columns["sealed"],
    )


async def purge_identities(session: Session, cutoffs: Mapping[str, date], most: int) -> list[str]:
    """Give up numbers that every dataset which named them named last on its cutoff or before. Their purposes.

    One that a dataset without a cutoff named, or a record that still waits for its subject, is kept; so is whatever was
    named within half a year, whatever PostgreSQL is told. Raises OperationalError when submissions would not let it in.
    """
    found = await sql(session, _PURGE, datasets=list(cutoffs), cutoffs=list(cutoffs.values()), most=most)
    return [line.purpose for line in found]
