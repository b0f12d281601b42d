"""The shipped contender's alerts by level, town, industry and size, and how far apart the groups are."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from services.scoring.backtest.replay import Alerts
from services.scoring.backtest.truth import Outcome, Truth
from services.scoring.evaluation import drawn, share
from services.scoring.evaluation.ranking import Array
from services.scoring.model.policy import Replaying

UNKNOWN = "unknown"
GROUPINGS = ("town", "industry", "size")


def level_of(probability: float, levels: Mapping[str, float]) -> str:
    """The highest level whose least probability is reached; "none" below all."""
    return max((name for name in levels if probability >= levels[name]), key=lambda name: levels[name], default="none")


def by_level(
    said: Array, found: Truth, alerts: Alerts, result: Outcome, levels: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Per level, the lowest first: rows, what was said of them on average, and what share of them owed or came to owe,
    reckoned up for what the labels do not know yet; alerts and what share was right. `said`: of each covered row.
    """
    raised = np.array([level_of(each.ranked, levels) for each in alerts.told])
    names = ["none", *sorted(levels, key=lambda name: levels[name])]
    bounds = [0.0, *(levels[name] for name in names[1:]), np.inf]
    told = []
    for name, low, high in zip(names, bounds, bounds[1:], strict=False):
        rows, mine = (said >= low) & (said < high), raised == name
        ones = np.ones(int(rows.sum()))
        told.append(
            {
                "level": name,
                "rows": int(rows.sum()),
                "said": _none_if_nan(share(said[rows], ones)),
                "observed": _none_if_nan(share(found.owing[rows], ones)),
                "alerts": int(mine.sum()),
                "precision": _none_if_nan(share(result.right[mine].astype(float), np.ones(int(mine.sum())))),
            }
        )
    return told


def _none_if_nan(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 6)


def by_day(days: Sequence[date], alerts: Alerts, result: Outcome) -> list[dict[str, Any]]:
    """Per day of the replay: alerts, and how many were right by the labels there are (few yet of the last days)."""
    told = pl.DataFrame({"day": alerts.day, "right": result.right}, schema={"day": pl.Date, "right": pl.Boolean})
    counted = dict(told.group_by("day").agg(pl.struct(pl.len(), pl.col("right").sum())).iter_rows())
    nothing = {"len": 0, "right": 0}
    return [
        {"day": day.isoformat(), "alerts": int(found["len"]), "right": int(found["right"])}
        for day, found in ((day, counted.get(day, nothing)) for day in days)
    ]


def by_group(
    profile: pl.DataFrame,
    grouping: str,
    alerts: Alerts,
    result: Outcome,
    *,
    found: Truth,
    numbers: Replaying,
    seed: int,
) -> list[dict[str, Any]]:
    """Per group of a grouping: alerts, precision, events, recall, the shares with their intervals."""
    group_of = dict(profile.select("subject", grouping).iter_rows())
    alerted = np.array([group_of.get(subject) or UNKNOWN for subject in alerts.subject], dtype=object)
    failed = np.array([group_of.get(each) or UNKNOWN for each in found.events["employer_id"]], dtype=object)
    names = sorted({*alerted.tolist(), *failed.tolist()})
    employer = found.events["employer"].to_numpy()

    def shares(weight: Array) -> dict[str, float]:
        told = {}
        for name in names:
            mine, theirs = alerted == name, failed == name
            alert, event = weight[result.employer[mine]], weight[employer[theirs]]
            told[f"precision/{name}"] = share(alert * result.right[mine], alert)
            told[f"recall/{name}"] = share(event * result.caught[theirs], event)
        return told

    figures = drawn(shares, len(found.employers), numbers.resamples, seed)
    return [
        {
            grouping: name,
            "alerts": int((alerted == name).sum()),
            "precision": figures[f"precision/{name}"].figure(numbers.interval).as_json(),
            "events": int((failed == name).sum()),
            "recall": figures[f"recall/{name}"].figure(numbers.interval).as_json(),
        }
        for name in names
    ]


def gaps(groups: Mapping[str, list[dict[str, Any]]], least: int) -> list[dict[str, Any]]:
    """Per grouping and figure, how far the best group is from the worst, among those large enough to compare.

    `beyond_chance`: the two groups' intervals do not meet.
    """
    found = []
    for grouping, rows in groups.items():
        for figure, counted in (("precision", "alerts"), ("recall", "events")):
            large = [row for row in rows if row[counted] >= least and row[figure]["value"] is not None]
            if len(large) < 2:
                continue
            low = min(large, key=lambda row: row[figure]["value"])
            high = max(large, key=lambda row: row[figure]["value"])
            found.append(
                {
                    "grouping": grouping,
                    "figure": figure,
                    "gap": round(high[figure]["value"] - low[figure]["value"], 6),
                    "lowest": low[grouping],
                    "highest": high[grouping],
                    "beyond_chance": bool((low[figure]["high"] or 1) < (high[figure]["low"] or 0)),
                }
            )
    return found


def rows_of_alerts(alerts: Alerts, result: Outcome, levels: Mapping[str, float]) -> pl.DataFrame:
    """alerts.csv: employer_id, alert_on, probability, owing, level, right, lead_days, reasons.

    A reason: column=value:contribution.
    """
    leads = [None if np.isnan(lead) else int(lead) for lead in result.lead.tolist()]
    reasons = [
        "; ".join(f"{r.column}={_plain(r.value)}:{r.contribution:+.3f}" for r in given) for given in alerts.reasons
    ]
    return pl.DataFrame(
        {
            "employer_id": alerts.subject,
            "alert_on": alerts.day,
            "probability": [round(each.probability, 6) for each in alerts.told],
            "owing": [None if each.owing is None else round(each.owing, 6) for each in alerts.told],
            "level": [level_of(each.ranked, levels) for each in alerts.told],
            "right": result.right,
            "lead_days": pl.Series(leads, dtype=pl.Int64),
            "reasons": reasons,
        },
        schema_overrides={
            "employer_id": pl.String,
            "alert_on": pl.Date,
            "reasons": pl.String,
            **dict.fromkeys(("probability", "owing"), pl.Float64),
        },
    )


def _plain(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"
