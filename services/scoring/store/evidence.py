"""What each score stood on, kept beside it, and the versions of facts that are named there."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import polars as pl
from sqlmodel import col, select

from services.scoring.evidence import NAMES, Evidence
from services.scoring.frames import VERSIONS
from services.scoring.models import Score
from services.scoring.rules import Level
from services.scoring.store.columns import texts
from services.scoring.store.facts import copied_table
from shared.db import Session, sql

_KEEP_FEEDS = "insert into scoring.known_feeds (sha256, body) values (:sha256, :body) on conflict do nothing"
_KEEP = """
insert into scoring.score_evidence
    (subject_id, subject_kind, score_id, names, versions, sha256, feeds_sha256, falls_at_once, modelled, reading)
select each.subject_id, :kind, each.score_id, each.names, each.versions, each.sha256, :feeds, :falls_at_once,
    each.modelled, each.reading
from unnest(cast(:ids as text[]), cast(:scores as uuid[]), cast(:names as bytea[]), cast(:versions as int[]),
    cast(:digests as text[]), cast(:modelled as text[]), cast(:readings as bytea[]))
    as each (subject_id, score_id, names, versions, sha256, modelled, reading)
"""
_OF_SCORE = """
select kept.names, kept.versions, kept.sha256, feeds.body as feeds, kept.falls_at_once, kept.modelled,
    kept.reading
from scoring.score_evidence kept join scoring.known_feeds feeds on feeds.sha256 = kept.feeds_sha256
where kept.subject_id = :subject_id and kept.subject_kind = :kind and kept.score_id = :score_id
"""
_OWNERS = """
select alias_kind, alias_id, subject_id from scoring.link where subject_id = any(cast(:ids as text[]))
"""
# A version that left its subject and came back stands there twice, and is one. The same text of a body as it was read
# when the score was made; of a folded month with what the folding had added.
_NAMED = """
copy (
    with told as materialized (
        select * from scoring.fact where subject_id = any(%(subjects)s::text[]) and body is not null
    )
    select distinct told.subject_kind, told.subject_id, told.dataset, told.key,
        (extract(epoch from told.source_time) * 1000000)::bigint,
        (extract(epoch from told.reported_at) * 1000000)::bigint,
        told.receipt_id, told.row_no, told.agency,
        case when named.folded is null then told.body else told.body || named.folded::jsonb end
    from unnest(%(subject_kind)s::text[], %(subject)s::text[], %(dataset)s::text[], %(receipt_id)s::uuid[],
        %(row_no)s::int[], %(key)s::text[], %(folded)s::text[])
        as named (subject_kind, subject_id, dataset, receipt_id, row_no, key, folded)
    join told on told.subject_id = named.subject_id and told.subject_kind = named.subject_kind
        and told.dataset = named.dataset and told.receipt_id = named.receipt_id and told.row_no = named.row_no
        and (named.key is null or told.key = named.key)
) to stdout (format csv)
"""


class Kept(NamedTuple):
    """What a score stood on, as it was kept; `feeds` is packed.

    modelled: what the model counted for, if it spoke; reading: what it read (model.readings).
    """

    evidence: Evidence
    feeds: bytes
    falls_at_once: bool
    modelled: Level | None
    reading: bytes | None


async def keep(
    session: Session,
    kind: str,
    scores: Mapping[str, UUID],
    evidence: Mapping[str, Evidence],
    *,
    feeds: tuple[str, bytes],
    falls_at_once: bool,
    modelled: list[Level | None],
    readings: list[bytes | None],
) -> None:
    """Keep what some new scores (by subject) stood on."""
    await sql(session, _KEEP_FEEDS, sha256=feeds[0], body=feeds[1])
    known = [evidence[subject] for subject in scores]
    await sql(
        session,
        _KEEP,
        kind=kind,
        ids=texts(list(scores)),
        scores=texts(f"{score_id}" for score_id in scores.values()),
        names=texts(map(_hex, (each.names for each in known))),
        versions=[each.versions for each in known],
        digests=texts(each.sha256 for each in known),
        feeds=feeds[0],
        falls_at_once=falls_at_once,
        modelled=texts(modelled),
        readings=texts(None if reading is None else _hex(reading) for reading in readings),
    )


def _hex(content: bytes) -> str:
    return "\\x" + content.hex()


async def aliases(session: Session, projects: list[str]) -> pl.DataFrame:
    """The accounts and payrolls of projects: subject_kind, subject, owner."""
    rows = (await sql(session, _OWNERS, ids=projects)).all()
    schema = dict.fromkeys(("subject_kind", "subject", "owner"), pl.String())
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


async def score_of(session: Session, score_id: UUID) -> Score | None:
    """A line of anybody's history."""
    return (await session.exec(select(Score).where(col(Score.score_id) == score_id))).one_or_none()


async def of_score(session: Session, score: Score) -> Kept | None:
    """What a score stood on; None of one that was made before such things were kept."""
    about = {"subject_id": score.subject_id, "kind": score.subject_kind, "score_id": score.score_id}
    row = (await sql(session, _OF_SCORE, **about)).one_or_none()
    if row is None:
        return None
    known = Evidence(bytes(row.names), row.versions, row.sha256)
    modelled = msgspec.convert(row.modelled, Level | None)
    return Kept(known, bytes(row.feeds), row.falls_at_once, modelled, bytes(row.reading) if row.reading else None)


async def named(session: Session, score: Score, names: pl.DataFrame) -> pl.DataFrame:
    """The versions of these names (frames.VERSIONS), as far as they are still there."""
    owned = names.with_columns(
        pl.col("subject_kind").fill_null(score.subject_kind), pl.col("subject").fill_null(score.subject_id)
    )
    parameters: dict[str, Any] = {name: owned[name].to_list() for name in NAMES}
    parameters["subjects"] = owned["subject"].unique().to_list()
    return await copied_table(session, _NAMED, parameters, VERSIONS)
