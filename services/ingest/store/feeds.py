"""How feeds stand: the count of their receipts, the sketches of their records, their states."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from services.ingest.feeds.drift import Drift
from services.ingest.feeds.judging import Day, Problem, State
from services.ingest.feeds.sketches import Sketch, added
from shared.clock import local_date
from shared.db import Session, sql

Feed = tuple[str, str]  # dataset and agency

# One watcher at a time: the others find nothing to do.
_ALONE = "select pg_try_advisory_xact_lock(hashtext('ingest:feeds'))"

# Every transaction before the oldest that still runs has ended, and what it committed is seen here: whatever lies
# between two such marks is counted once. Restored into a new cluster, transactions are numbered from far below again:
# the mark begins anew there, and a receipt from before (below the floor) cannot come up a second time.
_RENUMBERED = """
update ingest.feed_tally set seen = pg_snapshot_xmin(pg_current_snapshot()),
    floor = coalesce((select receipt_id from ingest.receipt order by receipt_id desc limit 1), floor)
where seen > pg_snapshot_xmax(pg_current_snapshot())
"""
COUNT = """
with tally as (
    select seen, pg_snapshot_xmin(pg_current_snapshot()) as upto, floor from ingest.feed_tally
), fresh as (
    select dataset, agency, cast(reported_at at time zone 'Asia/Shanghai' as date) as day, count(*) as submissions,
        sum(received) as received, sum(accepted) as accepted, sum(unchanged) as unchanged,
        sum(superseded) as superseded, sum(rejected) as rejected, sum(unmatched) as unmatched, sum(bytes) as bytes,
        min(reported_at) as first_at, max(reported_at) as last_at
    from ingest.receipt, tally where xid >= tally.seen and xid < tally.upto and receipt_id > tally.floor
    group by 1, 2, 3
), days as (
    insert into ingest.feed_day as kept (dataset, agency, day, submissions, received, accepted, unchanged, superseded,
        rejected, unmatched, bytes, first_at, last_at)
    select * from fresh
    on conflict (day, dataset, agency) do update set submissions = kept.submissions + excluded.submissions,
        received = kept.received + excluded.received, accepted = kept.accepted + excluded.accepted,
        unchanged = kept.unchanged + excluded.unchanged, superseded = kept.superseded + excluded.superseded,
        rejected = kept.rejected + excluded.rejected, unmatched = kept.unmatched + excluded.unmatched,
        bytes = kept.bytes + excluded.bytes, first_at = least(kept.first_at, excluded.first_at),
        last_at = greatest(kept.last_at, excluded.last_at)
), feeds as (
    insert into ingest.feed as held (dataset, agency, since, first_at, last_at)
    select dataset, agency, min(first_at), min(first_at), max(last_at) from fresh group by dataset, agency
    on conflict (dataset, agency) do update set first_at = least(held.first_at, excluded.first_at),
        last_at = greatest(held.last_at, excluded.last_at),
        refusals = case when excluded.last_at > held.refused_at then 0 else held.refusals end
), marked as (
    update ingest.feed_tally set seen = tally.upto, counted_at = :at from tally
)
select dataset, agency, submissions, received, accepted, unchanged, rejected, unmatched, bytes from fresh
"""

_SAMPLES = "select id, dataset, agency, reported_at, sketch, refusal from ingest.feed_sample order by id limit :most"
_FORGET = "delete from ingest.feed_sample where id = any(cast(:ids as bigint[]))"
_KEEP_SAMPLE = """
insert into ingest.feed_sample (dataset, agency, reported_at, sketch, refusal)
values (:dataset, :agency, :reported_at, cast(:sketch as jsonb), :refusal)
"""

_SKETCH = "select sketch from ingest.feed_sketch where dataset = :dataset and agency = :agency and day = :day"
_KEEP_SKETCH = """
insert into ingest.feed_sketch (dataset, agency, day, sketch) values (:dataset, :agency, :day, cast(:sketch as jsonb))
on conflict (dataset, agency, day) do update set sketch = excluded.sketch
"""

_REFUSE = """
insert into ingest.feed as held (dataset, agency, since, refusals, refused_at, refusal)
values (:dataset, :agency, :at, 1, :at, :refusal)
on conflict (dataset, agency) do update set refusals = held.refusals + 1, refused_at = :at, refusal = :refusal
where held.last_at is null or held.last_at < :at
"""

_DAYS = """
select coalesce(feed_day.day, feed_sketch.day) as day, coalesce(received, 0) as received,
    coalesce(rejected, 0) as rejected, coalesce(unmatched, 0) as unmatched, sketch
from (select * from ingest.feed_day where dataset = :dataset and agency = :agency and day >= :since) feed_day
full join (select * from ingest.feed_sketch where dataset = :dataset and agency = :agency and day >= :since) feed_sketch
    on feed_sketch.day = feed_day.day
"""

_FEEDS = """
select dataset, agency, state, since, changes, first_at, last_at, refusals, refused_at, refusal, findings, drifts
from ingest.feed order by dataset, agency
"""

_LAST_RECEIPT = """
select reported_at from ingest.receipt where agency = :agency and dataset = :dataset order by receipt_id desc limit 1
"""

_SETTLE = """
update ingest.feed set state = :state, since = :since, changes = :changes, findings = cast(:findings as jsonb),
    drifts = cast(:drifts as jsonb)
where dataset = :dataset and agency = :agency
"""


class Fresh(NamedTuple):
    """What a feed brought since the last count."""

    dataset: str
    agency: str
    submissions: int
    received: int
    accepted: int
    unchanged: int
    rejected: int
    unmatched: int
    bytes: int


@dataclass(frozen=True)
class FeedRow:
    """How a feed stands. `findings`: what was wrong with its records when they were last judged."""

    dataset: str
    agency: str
    state: State
    since: datetime
    changes: int
    first_at: datetime | None
    last_at: datetime | None
    refusals: int
    refused_at: datetime | None
    refusal: str | None
    findings: tuple[Problem, ...]
    drifts: tuple[Drift, ...]

    @property
    def feed(self) -> Feed:
        return self.dataset, self.agency


async def am_alone(session: Session) -> bool:
    """Whether this transaction may watch; another's is at it otherwise."""
    return bool((await sql(session, _ALONE)).scalar_one())


async def count(session: Session, at: datetime) -> list[Fresh]:
    """Add the receipts that were committed since the last count to their days. Returns what they brought."""
    await sql(session, _RENUMBERED)
    return [Fresh(*(_number(value) for value in row)) for row in await sql(session, COUNT, at=at)]


async def fold(session: Session, most: int) -> set[Feed]:
    """Add what batches looked like to their days, and refused files to their feeds. Returns the feeds touched."""
    samples = (await sql(session, _SAMPLES, most=most)).all()
    together: dict[tuple[str, str, date], list[Sketch]] = {}
    for sample in samples:
        if sample.refusal is not None:
            await sql(
                session,
                _REFUSE,
                dataset=sample.dataset,
                agency=sample.agency,
                at=sample.reported_at,
                refusal=sample.refusal,
            )
        else:
            day = (sample.dataset, sample.agency, local_date(sample.reported_at))
            together.setdefault(day, []).append(as_sketch(sample.sketch))
    for key, sketches in sorted(together.items()):
        await _add_sketch(session, dict(zip(("dataset", "agency", "day"), key, strict=True)), sketches)
    await sql(session, _FORGET, ids=[sample.id for sample in samples])
    return {(sample.dataset, sample.agency) for sample in samples}


async def keep_sample(
    session: Session, feed: Feed, reported_at: datetime, *, sketch: Sketch | None = None, refusal: str | None = None
) -> None:
    """Keep what a batch looked like, or that a file was refused whole, until it is folded."""
    text = None if sketch is None else msgspec.json.encode(sketch).decode()
    dataset, agency = feed
    await sql(
        session,
        _KEEP_SAMPLE,
        dataset=dataset,
        agency=agency,
        reported_at=reported_at,
        sketch=text,
        refusal=refusal,
    )


async def days(session: Session, feed: Feed, since: date) -> list[Day]:
    """What a feed brought on each day from that day on, in no order."""
    rows = await sql(session, _DAYS, dataset=feed[0], agency=feed[1], since=since)
    return [Day(row.day, row.received, row.rejected, row.unmatched, as_sketch(row.sketch or {})) for row in rows]


async def feeds(session: Session) -> list[FeedRow]:
    """Every feed there ever was."""
    rows = (await sql(session, _FEEDS)).mappings()
    return [
        FeedRow(
            **{
                **row,
                "findings": msgspec.convert(row["findings"], tuple[Problem, ...]),
                "drifts": msgspec.convert(row["drifts"], tuple[Drift, ...]),
            }
        )
        for row in rows
    ]


async def last_receipt(session: Session, feed: Feed) -> datetime | None:
    """When a feed's newest receipt was given: of the receipts themselves, counted or not."""
    found = await sql(session, _LAST_RECEIPT, dataset=feed[0], agency=feed[1])
    return found.scalar_one_or_none()


async def settle(
    session: Session,
    feed: Feed,
    state: State,
    since: datetime,
    *,
    changes: int,
    problems: Sequence[Problem],
    drifts: Iterable[Drift],
) -> None:
    """Write down how a feed stands now."""
    await sql(
        session,
        _SETTLE,
        dataset=feed[0],
        agency=feed[1],
        state=state,
        since=since,
        changes=changes,
        findings=msgspec.json.encode(problems).decode(),
        drifts=msgspec.json.encode(list(drifts)).decode(),
    )


async def _add_sketch(session: Session, day: dict[str, Any], sketches: list[Sketch]) -> None:
    held = (await sql(session, _SKETCH, **day)).scalar_one_or_none()
    total = added([*([as_sketch(held)] if held else []), *sketches])
    await sql(session, _KEEP_SKETCH, sketch=msgspec.json.encode(total).decode(), **day)


def as_sketch(kept: Any) -> Sketch:
    """A sketch as it was kept."""
    # Through JSON: its keys are texts, and a bucket is a number.
    return msgspec.json.decode(msgspec.json.encode(kept), type=Sketch)


def _number(value: Any) -> Any:
    return value if isinstance(value, str) else int(value)
