"""The daily look at how right the levels are: gather the evidence, judge it by the bounds, keep, announce changes."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import polars as pl

from services.scoring import folding, frames, indicators
from services.scoring.learning.bounds import Verdict, judge
from services.scoring.learning.outcomes import standing
from services.scoring.learning.policy import Policy
from services.scoring.learning.report import Evidence, Report, as_json, report, watched
from services.scoring.measurebook import shipped as measurebook
from services.scoring.model.policy import shipped as model_policy
from services.scoring.rulebook import Rulebook
from services.scoring.store import facts as fact_store
from services.scoring.store import outcomes as outcome_store
from services.scoring.store import quality as store
from services.scoring.store import registry
from services.scoring.store.quality import Kept
from services.scoring.usecases.champion_inputs import champion_inputs
from services.scoring.usecases.scoring import Moment
from services.scoring.worlds.profiles import bands, sections
from shared.clock import SHANGHAI, local_date
from shared.db import Session
from shared.events import ScoringQualityChanged
from shared.outbox import announce

_AT_ONCE = 500


async def look(session: Session, moment: Moment, policy: Policy) -> Kept:
    """The report of today: made, kept and its changes announced once a day, whoever asks first."""
    await store.alone(session)
    today = local_date(moment.at)
    if kept := await store.report(session, today):
        return kept
    told = await make(session, moment, policy)
    before = {(each.bound, each.group): each for each in await store.states(session)}
    verdicts = judge(policy.bounds, watched(told), {key: each.state for key, each in before.items()})
    for verdict in verdicts:
        if verdict.changed:
            key = (verdict.bound.code, verdict.watched.group)
            change = before[key].change + 1 if key in before else 1
            await store.keep_change(session, verdict, change, moment.at)
            announce(session, _changed(verdict, change, moment.at))
    await store.keep_report(session, today, as_json(told), moment.at)
    return Kept(today, as_json(told), moment.at)


async def make(session: Session, moment: Moment, policy: Policy) -> Report:
    """The report of a moment, from what was known by then; nothing is kept."""
    evidence = await _evidence(session, moment, policy)
    return await asyncio.to_thread(report, evidence, policy, model_policy().levels, local_date(moment.at))


async def _evidence(session: Session, moment: Moment, policy: Policy) -> Evidence:
    at = moment.at
    since = at - timedelta(days=int(policy.number("window_days")))
    champion = await _champion(session)
    before_at = await _compared_with(session, champion, at, policy)
    employers = await store.some_employers(session, int(policy.number("drift_sample")))
    before, now = [
        await _features(session, employers, replace(moment, at=then), champion, policy) for then in (before_at, at)
    ]
    # What nobody had then was not told yet: its coming is no drift.
    known = [name for name in before.columns if before.height and before[name].null_count() < before.height]
    return Evidence(
        alerts=await _alerts(session, at),
        visits=await store.visits(session, since, at),
        before=before.select(known),
        now=now.select([name for name in known if name in now.columns]),
        drift_from=local_date(before_at),
    )


async def _champion(session: Session) -> str | None:
    return next((key for key, state in (await registry.active(session)).items() if state == "champion"), None)


async def _compared_with(session: Session, champion: str | None, at: datetime, policy: Policy) -> datetime:
    """The end of what the champion learned from; without a champion, a quarter ago."""
    quarter = _end_of_day(at - timedelta(days=int(policy.number("drift_days"))))
    content = await registry.content(session, champion) if champion else None
    until = json.loads(content.entry).get("training", {}).get("until") if content else None
    learned = _end_of_day(datetime.fromisoformat(until).replace(tzinfo=SHANGHAI)) if until else quarter
    # Of a model that has just learned there is nothing to be told yet.
    return min(learned, quarter)


async def _alerts(session: Session, at: datetime) -> pl.DataFrame:
    """Every alert as it stands, with its employer's industry and size."""
    stands = standing(await outcome_store.known(session, at), at).filter(pl.col("matter") == "alert")
    employer = pl.coalesce("uscc", pl.when(pl.col("subject_kind") == "employer").then(pl.col("subject_id")))
    alerts = stands.with_columns(employer.alias("employer"), pl.col("division").alias("town"))
    codes = alerts["employer"].drop_nulls().unique().sort().to_list()
    found = await store.profiles(session, codes, at)
    book = measurebook()
    people = found.get_column("people").fill_null(float("nan")).to_numpy()
    traits = found.select(
        "employer",
        sections(found.get_column("industry"), book.sections).alias("industry"),
        bands(people, book.sizes).alias("size"),
    )
    return alerts.join(traits, on="employer", how="left")


async def _features(
    session: Session, employers: list[str], moment: Moment, champion: str | None, policy: Policy
) -> pl.DataFrame:
    """Of some employers as known at a time: the indicators' features, and what the champion reads and says."""
    least, parts = policy.number("drift_least_weight"), []
    for start in range(0, len(employers), _AT_ONCE):
        some = employers[start : start + _AT_ONCE]
        read = await champion_inputs(session, champion, some, moment.at, least) if champion else pl.DataFrame()
        # Rows need not be of the same employer: each column is looked at by itself.
        parts.append(pl.concat([await _features_of(session, some, moment), read], how="horizontal"))
    return pl.concat(parts, how="diagonal_relaxed") if parts else pl.DataFrame()


async def _features_of(session: Session, employers: list[str], moment: Moment) -> pl.DataFrame:
    datasets = moment.book.of_subject("employer")
    feeds = await fact_store.feeds(session, datasets, moment.at)
    stopped = frames.stopped_feeds(feeds)
    versions = await folding.known_versions(session, "employer", employers, datasets, moment.at, stopped=stopped)
    return await asyncio.to_thread(_computed, employers, versions, feeds, moment.book, moment.at)


def _computed(
    employers: list[str], versions: pl.DataFrame, feeds: pl.DataFrame, book: Rulebook, at: datetime
) -> pl.DataFrame:
    facts = frames.gather(employers, versions, feeds, book.of_subject("employer"), at)
    values = indicators.features_at(facts, book, "employer").values
    numbers = [name for name, kind in values.schema.items() if kind.is_numeric()]
    return values.select(pl.col(numbers).cast(pl.Float64))


def _end_of_day(moment: datetime) -> datetime:
    return datetime.combine(local_date(moment), time.max, tzinfo=SHANGHAI).astimezone(UTC)


def _changed(verdict: Verdict, change: int, at: datetime) -> ScoringQualityChanged:
    bound, told = verdict.bound, verdict.watched
    return ScoringQualityChanged(
        bound=bound.code,
        figure=told.figure,
        grouping=told.grouping,
        group=told.group,
        state=verdict.state,
        change=change,
        changed_at=at,
        value=told.value,
        low=told.low,
        high=told.high,
        limit=bound.value,
        rows=told.rows,
        title_zh=bound.title_zh,
        title_en=bound.title_en,
        bound_source=bound.source,
    )
