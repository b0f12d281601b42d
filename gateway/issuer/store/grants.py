"""Grants and the datasets they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from gateway.issuer.models import DataGrant, KnownDataset
from shared.db import Session, sql

_KEEP_DATASET = """
insert into issuer.known_dataset (dataset, label_zh, label_en, department, sharing, legal_basis, until, announced_at)
select * from jsonb_to_recordset(cast(:datasets as jsonb)) as given(dataset text, label_zh text, label_en text,
    department text, sharing text, legal_basis text, until date, announced_at timestamptz)
order by dataset
on conflict (dataset) do update set label_zh = excluded.label_zh, label_en = excluded.label_en,
    department = excluded.department, sharing = excluded.sharing, legal_basis = excluded.legal_basis,
    until = excluded.until, announced_at = excluded.announced_at
where known_dataset.announced_at <= excluded.announced_at
"""


@dataclass(frozen=True)
class Wanted:
    """Which grants: each field narrows, None does not. `limit`: how many at most, `before`: older than this one."""

    agency: str | None = None
    dataset: str | None = None
    direction: str | None = None
    state: str | None = None
    before: UUID | None = None
    limit: int = 100


async def grant_for_update(session: Session, grant_id: UUID) -> DataGrant | None:
    """The grant, locked: of two that decide it at once, the second sees what the first did."""
    return await session.get(DataGrant, grant_id, with_for_update=True)


async def grant(session: Session, grant_id: UUID) -> DataGrant | None:
    """The grant as it stands."""
    return await session.get(DataGrant, grant_id)


async def grants(session: Session, wanted: Wanted) -> list[DataGrant]:
    """Grants, the newest first."""
    found = select(DataGrant).order_by(col(DataGrant.grant_id).desc()).limit(wanted.limit)
    for name in ("agency", "dataset", "direction", "state"):
        if (value := getattr(wanted, name)) is not None:
            found = found.where(getattr(DataGrant, name) == value)
    if wanted.before:
        found = found.where(col(DataGrant.grant_id) < wanted.before)
    return list((await session.exec(found)).all())


async def waiting(session: Session, agency: str, dataset: str, direction: str, now: datetime) -> DataGrant | None:
    """A request for the same that is undecided and could still be approved."""
    until = col(DataGrant.valid_to)
    found = select(DataGrant).where(
        col(DataGrant.agency) == agency,
        col(DataGrant.dataset) == dataset,
        col(DataGrant.direction) == direction,
        col(DataGrant.state) == "requested",
        until.is_(None) | (until > now),
    )
    return (await session.exec(found)).first()


async def in_force(session: Session, agency: str, now: datetime) -> list[DataGrant]:
    """The grants of an agency that are good at that moment."""
    until = col(DataGrant.valid_to)
    found = select(DataGrant).where(
        col(DataGrant.agency) == agency,
        col(DataGrant.state) == "approved",
        col(DataGrant.valid_from) <= now,
        until.is_(None) | (until > now),
    )
    return list((await session.exec(found)).all())


async def standing_for_update(session: Session, agency: str) -> list[DataGrant]:
    """Every approved grant of an agency, begun or not, locked."""
    found = select(DataGrant).where(col(DataGrant.agency) == agency, col(DataGrant.state) == "approved")
    return list((await session.exec(found.order_by(col(DataGrant.grant_id)).with_for_update())).all())


async def agencies_run_out(session: Session, now: datetime) -> list[str]:
    """Agencies with a grant whose time is over and that nobody has ended yet."""
    over = (col(DataGrant.state) == "approved", col(DataGrant.valid_to) <= now)
    return list((await session.exec(select(DataGrant.agency).where(*over).distinct())).all())


async def dataset(session: Session, name: str) -> KnownDataset | None:
    """What ingest said of a dataset."""
    return await session.get(KnownDataset, name)


async def keep_datasets(session: Session, datasets: str) -> None:
    """Keep what ingest said (a JSON array of rows), unless something newer is known."""
    await sql(session, _KEEP_DATASET, datasets=datasets)


def scopes_in(found: Sequence[DataGrant]) -> list[list[str]]:
    """The scopes of each grant."""
    return [one.scopes for one in found]
