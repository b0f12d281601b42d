"""What became of everyone in the test period: rows for the curves, events for the recall, who was alerted rightly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from services.scoring.backtest.learning import hidden_or_starting
from services.scoring.backtest.replay import Alerts
from services.scoring.evaluation.ranking import Array
from services.scoring.training.labels import delays, ongoing, owing, sound, starting


@dataclass(frozen=True)
class Truth:
    """`row`: places of the rows at risk whose window the labels cover; positive, employer (rows,) of those.

    `covered`: places of all rows whose window the labels cover; `owing`: of each of these for how many like it arrears
    start or are going on unseen, those included of whom the labels do not know yet; 0 where they do not.
    """

    employers: dict[str, int]
    row: Array
    positive: Array
    employer: Array
    covered: Array
    owing: Array
    events: pl.DataFrame  # employer_id, started_on, discovered_on, employer
    covered_until: date


def truth(
    labels: pl.DataFrame, days: Sequence[date], subjects: Sequence[pl.Series], until: date, horizon: int
) -> Truth:
    """The truth that labels tell of a replay: `subjects` of each day, the test period ending with `until`."""
    events = labels.filter((pl.col("started_on") > days[0]) & (pl.col("started_on") <= until))
    covered = _covered_until(labels, until, horizon)
    everyone = pl.concat([*subjects, events["employer_id"].alias("subject")]).unique().sort()
    number = pl.DataFrame({"subject": everyone, "employer": np.arange(everyone.len(), dtype=np.int32)})
    rows = [
        _rows(labels, day, horizon, _numbered(group, number)).filter(pl.lit(day + timedelta(days=horizon) <= covered))
        for day, group in zip(days, subjects, strict=True)
    ]
    starts = np.cumsum([0, *(group.len() for group in subjects)])
    every = pl.concat([part.with_columns(pl.col("place") + int(at)) for part, at in zip(rows, starts, strict=False)])
    at_risk = every.filter("at_risk")
    return Truth(
        employers=dict(number.iter_rows()),
        row=at_risk["place"].to_numpy(),
        positive=at_risk["positive"].to_numpy(),
        employer=at_risk["employer"].to_numpy(),
        covered=every["place"].to_numpy(),
        owing=every["owing"].to_numpy(),
        events=events.join(number, left_on="employer_id", right_on="subject", how="left"),
        covered_until=covered,
    )


def _covered_until(labels: pl.DataFrame, until: date, horizon: int) -> date:
    """Until when the labels tell of starts: past the test period where they go on, else as far as they go."""
    last = sound(labels)["started_on"].max()
    return max(until, min(last, until + timedelta(days=horizon))) if isinstance(last, date) else until


def _numbered(subjects: pl.Series, number: pl.DataFrame) -> pl.DataFrame:
    return subjects.alias("subject").to_frame().join(number, on="subject", how="left", maintain_order="left")


def _rows(labels: pl.DataFrame, day: date, horizon: int, subjects: pl.DataFrame) -> pl.DataFrame:
    """place, at_risk, positive, owing, employer: everyone of a day (`subjects`: subject, employer)."""
    told_until = labels["discovered_on"].max()
    last = told_until if isinstance(told_until, date) else day
    stands_for = owing(labels, day, horizon, last, delays(labels, last)).select("subject", owing="stands_for")
    hits, hidden = starting(labels, day, horizon)["employer_id"].unique(), ongoing(labels, day)
    joined = subjects.with_row_index("place").join(stands_for, on="subject", how="left", maintain_order="left")
    return joined.select(
        pl.col("place").cast(pl.Int64),
        (~pl.col("subject").is_in(hidden.implode())).alias("at_risk"),
        pl.col("subject").is_in(hits.implode()).alias("positive"),
        pl.col("owing").fill_null(0.0),
        "employer",
    )


@dataclass(frozen=True)
class Outcome:
    """Of each alert (alerts,) whether it was right, and its lead; of each event (events,) whether it was alerted.

    `lead`: days from the alert to the discovery; NaN for a wrong alert, and for arrears nobody has discovered.
    `first_lead`: of each event the lead of its first right alert.
    """

    employer: Array
    right: Array
    lead: Array
    caught: Array
    first_lead: Array


def outcome(alerts: Alerts, found: Truth, labels: pl.DataFrame, horizon: int) -> Outcome:
    """What the alerts of a contender came to."""
    raised = pl.DataFrame({"subject": alerts.subject, "day": alerts.day}, schema={"subject": pl.String, "day": pl.Date})
    raised = raised.with_row_index("alert")
    meant = _meant(raised, labels, horizon)
    per_alert = raised.join(meant.group_by("alert").agg(pl.col("lead").min()), on="alert", how="left").sort("alert")
    right = per_alert["alert"].is_in(meant["alert"].unique().implode()).to_numpy()
    first = meant.group_by("employer_id", "started_on", "discovered_on").agg(pl.col("lead").max(), pl.len())
    keys = ["employer_id", "started_on", "discovered_on"]
    events = found.events.join(first, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return Outcome(
        employer=np.array([found.employers[subject] for subject in alerts.subject], dtype=np.int64),
        right=right,
        lead=per_alert["lead"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        caught=events["len"].is_not_null().to_numpy(),
        first_lead=events["lead"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
    )


def _meant(raised: pl.DataFrame, labels: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """The pairs of an alert and the arrears that it was right about, with the days of lead."""
    parts = [
        part.join(hidden_or_starting(labels, day[0], horizon), left_on="subject", right_on="employer_id")
        for day, part in raised.partition_by("day", as_dict=True).items()
        if isinstance(day[0], date)
    ]
    if not parts:
        parts = [raised.join(labels, left_on="subject", right_on="employer_id")]
    lead = (pl.col("discovered_on") - pl.col("day")).dt.total_days()
    return pl.concat(parts).select(
        "alert", pl.col("subject").alias("employer_id"), "started_on", "discovered_on", lead.alias("lead")
    )
