"""How right the levels are: every figure with its interval, and what it stands on. Pure: tables in, a report out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from services.scoring.learning import groups
from services.scoring.learning.bounds import Watched
from services.scoring.learning.drift import Drift, drifts
from services.scoring.learning.groups import ALL, Figure, Gap
from services.scoring.learning.outcomes import PENDING, is_arrears
from services.scoring.learning.policy import Policy
from services.scoring.learning.shares import Share, wilson
from services.scoring.rules import LEVELS

# Which labels each figure stands on, for whoever reads it.
STANDS_ON = {
    "precision": ("预警核查结果（只说明被预警的）", "what was found behind alerts: it tells of the alerted only"),
    "unanswered": ("已发出的预警", "alerts that were raised"),
    "recall": ("随机抽查（按抽中概率加权）", "random inspections, weighted by their probability"),
    "rate": ("随机抽查（按抽中概率加权）", "random inspections, weighted by their probability"),
    "calibration": ("随机抽查（按抽中概率加权）", "random inspections, weighted by their probability"),
    "psi": (
        "按编码抽取的用人单位的特征及现用模型的输入与输出，不用标签",
        "features, and what the champion reads and says, of employers chosen by a hash of their code; no label",
    ),
}


@dataclass(frozen=True)
class Evidence:
    """What a report stands on.

    alerts: finding, found_on, level, town, industry, size, one row an alert as it stands. visits: hit is left to us:
    finding, level, town, industry, size, sample_id, stratum, stratum_population, one row a random inspection as it
    stands. before, now: a row an employer, a column a feature, as known on `drift_from` and today.
    """

    alerts: pl.DataFrame
    visits: pl.DataFrame
    before: pl.DataFrame
    now: pl.DataFrame
    drift_from: date


@dataclass(frozen=True)
class Report:
    """All figures of a day. `promised`: the least rate that each level stands for."""

    on: date
    since: date
    drift_from: date
    figures: tuple[Figure, ...]
    gaps: tuple[Gap, ...]
    drifts: tuple[Drift, ...]
    promised: Mapping[str, float]
    employers: int
    visits: int
    answered_visits: int


def report(evidence: Evidence, policy: Policy, promised: Mapping[str, float], on: date) -> Report:
    """The figures of the window that ends on a day."""
    confidence, least = policy.number("confidence"), int(policy.number("least_in_group"))
    since = on - timedelta(days=int(policy.number("window_days")))
    alerts = evidence.alerts.filter(pl.col("found_on") > since).with_columns(is_arrears().alias("hit"))
    levels = [str(level) for level in LEVELS]
    told = levels[levels.index(policy.word("told_from")) :]
    visits = groups.weighed(
        evidence.visits.with_columns(is_arrears().alias("hit"), pl.col("level").is_in(told).alias("told"))
    )
    answered, owing = alerts.filter(pl.col("hit").is_not_null()), visits.filter(pl.col("hit"))
    unanswered = _unanswered(alerts, on - timedelta(days=int(policy.number("expired_days"))), confidence)
    names = [name for name in evidence.now.columns if name in evidence.before.columns]
    return Report(
        on=on,
        since=since,
        drift_from=evidence.drift_from,
        figures=(
            *groups.precision(alerts, confidence),
            unanswered,
            *groups.recall(visits, confidence),
            *groups.rates(visits, confidence),
        ),
        gaps=(
            *groups.gaps(groups.PRECISION, answered, least, confidence),
            *groups.gaps(groups.RECALL, owing, least, confidence),
        ),
        drifts=tuple(drifts(evidence.before, evidence.now, names, int(policy.number("drift_bins")))),
        promised=promised,
        employers=min(evidence.before.height, evidence.now.height),
        visits=visits.height,
        answered_visits=visits.filter(pl.col("hit").is_not_null()).height,
    )


def _unanswered(alerts: pl.DataFrame, before: date, confidence: float) -> Figure:
    """Of the alerts that have had their time, how many nobody has answered."""
    old = alerts.filter((pl.col("finding") != PENDING) | (pl.col("found_on") <= before))
    hits = old.filter(pl.col("finding") == PENDING).height
    return Figure("unanswered", ALL, ALL, old.height, hits, wilson(hits, old.height, confidence))


def watched(told: Report) -> Iterator[Watched]:
    """Every figure that a bound may be set on."""
    for figure in told.figures:
        yield from _watched(figure.name, figure.grouping, figure.group, figure.rows, figure.share)
        if figure.name == "rate" and figure.group in told.promised:
            less = _less(figure.share, told.promised[figure.group])
            yield from _watched("calibration", "level", figure.group, figure.rows, less)
    for gap in told.gaps:
        yield from _watched(f"{gap.name}_gap", gap.grouping, gap.group, min(gap.rows, gap.others), gap.share)
    for drift in told.drifts:
        # What chance alone gives is no drift.
        low = drift.psi - drift.by_chance
        yield Watched("psi", "feature", drift.feature, told.employers, drift.psi, low, drift.psi)


def _watched(name: str, grouping: str, group: str, rows: int, share: Share) -> Iterator[Watched]:
    if share.value is not None and share.low is not None and share.high is not None:
        yield Watched(name, grouping, group, rows, share.value, share.low, share.high)


def _less(share: Share, promised: float) -> Share:
    value, low, high = (None if end is None else end - promised for end in (share.value, share.low, share.high))
    return Share(value, low, high, share.n)


def as_json(told: Report) -> dict[str, Any]:
    """The report as it is kept and answered: dates as text, shares with their intervals."""
    return {
        "on": told.on.isoformat(),
        "since": told.since.isoformat(),
        "drift_from": told.drift_from.isoformat(),
        "employers": told.employers,
        "visits": told.visits,
        "answered_visits": told.answered_visits,
        "figures": [
            {"figure": each.name, **_group(each), "rows": each.rows, "hits": each.hits, "share": each.share.as_json()}
            | ({"promised": told.promised[each.group]} if each.name == "rate" and each.group in told.promised else {})
            for each in told.figures
        ],
        "gaps": [
            {"figure": each.name, **_group(each), "rows": each.rows, "others": each.others}
            | {"gap": each.share.as_json(), "beyond_chance": each.beyond_chance}
            for each in told.gaps
        ],
        "drifts": [
            {
                "feature": each.feature,
                "psi": round(each.psi, 6),
                "by_chance": round(each.by_chance, 6),
                "missing_before": round(each.missing_before, 6),
                "missing_now": round(each.missing_now, 6),
            }
            for each in told.drifts
        ],
        "stands_on": {name: {"zh": zh, "en": en} for name, (zh, en) in STANDS_ON.items()},
    }


def _group(each: Figure | Gap) -> dict[str, str]:
    return {"grouping": each.grouping, "group": each.group}
