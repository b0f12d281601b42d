"""What labels say at a time: who comes into arrears soon, who is in them, and how late one learns of it. Pure.

Labels: columns employer_id, started_on, discovered_on (dates; null: not discovered yet).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from services.scoring.evaluation.ranking import Array
from services.scoring.model.policy import Training

# So many days on which labels say something are no slip of a pen.
_PROOF_DAYS = 3


def sound(labels: pl.DataFrame) -> pl.DataFrame:
    """The labels without those that start after they were discovered: one of the two days is a mistake."""
    return labels.filter((pl.col("started_on") <= pl.col("discovered_on")).fill_null(True))


def known(labels: pl.DataFrame, until: date) -> pl.DataFrame:
    """The labels that had been discovered by the end of a day, and not before they started."""
    return sound(labels).filter(pl.col("discovered_on") <= until)


def told_until(labels: pl.DataFrame, until: date, numbers: Training) -> date:
    """Up to which day labels tell of anyone: `until`, or where they stopped long before it.

    Only where the silence since the last word is no chance: in the two years before it words came on many days, for a
    year at the least, and never with nearly so long a pause. Where labels are rare, or come once a year, the pauses are
    long by themselves. A word is a discovery; that they went on is proven by words on three days after `until`.
    """
    said = sound(labels)["discovered_on"].drop_nulls().unique().sort()
    days = said.filter(said <= until)
    last = days.max()
    if not isinstance(last, date) or len(said) - len(days) >= _PROOF_DAYS:
        return until
    recent = days.filter(days > last - timedelta(days=730))
    since = (last - recent[0]).days
    longest = recent.diff().dt.total_days().max()
    if len(recent) < numbers.silence_after_days or since < 365 or not isinstance(longest, int):
        return until
    silence = (until - last).days
    return last if silence > max(numbers.silence_times * longest, numbers.least_silence_days) else until


def starting(labels: pl.DataFrame, day: date, horizon: int) -> pl.DataFrame:
    """Labels whose arrears start in (day, day + horizon]."""
    return labels.filter((pl.col("started_on") > day) & (pl.col("started_on") <= day + timedelta(days=horizon)))


def ongoing(labels: pl.DataFrame, day: date) -> pl.Series:
    """Employers whose arrears have started by a day and are not discovered on it yet."""
    hidden = pl.col("discovered_on").is_null() | (pl.col("discovered_on") > day)
    return labels.filter((pl.col("started_on") <= day) & hidden)["employer_id"].unique()


def owing(labels: pl.DataFrame, day: date, horizon: int, until: date, seen: "Delays") -> pl.DataFrame:
    """subject, is_ongoing, stands_for: who is in arrears unseen on a day, or comes into them within the horizon.

    `stands_for`: each for those like it of whom nothing is known by `until` yet; at most four.
    """
    soon, unseen = pl.col("started_on") <= day + timedelta(days=horizon), pl.col("discovered_on") > day
    found = labels.filter(soon & (pl.col("discovered_on").is_null() | unseen))
    started = found["started_on"].to_numpy().astype("datetime64[D]")
    now, then = (seen.known_share((np.datetime64(at, "D") - started).astype(np.int64)) for at in (day, until))
    # Of those that were not discovered by the day, the share that is by now; where it is not said when, somebody knows.
    share = np.where(found["discovered_on"].is_null(), 1.0, (then - now) / np.maximum(1 - now, 1e-9))
    told = found.select(
        pl.col("employer_id").alias("subject"),
        (pl.col("started_on") <= day).alias("is_ongoing"),
        pl.Series("stands_for", 1 / np.maximum(share, 0.25), dtype=pl.Float64),
    )
    return told.sort("is_ongoing", "stands_for", descending=True).unique("subject", keep="first", maintain_order=True)


@dataclass(frozen=True)
class Delays:
    """How long it takes until arrears are discovered. `share[i]`: discovered within `days[i]` of their start."""

    days: Array
    share: Array

    def known_share(self, age: Array) -> Array:
        """The share of arrears of an age (days, any shape) that is discovered by then."""
        place = np.searchsorted(self.days, age, side="right")
        found: Array = np.concatenate([[0.0], self.share])[place]
        return found


def delays(labels: pl.DataFrame, until: date) -> Delays:
    """Learned from labels that are known by a day, of which the newest can only be the quickly discovered ones.

    Right-truncated: looked at backwards in time, a delay is at risk of being seen among those starts that left time
    for it (the reverse product-limit estimator of Lynden-Bell). Starts older than the longest delay anchor it at one.
    """
    told = labels.select(
        (pl.col("discovered_on") - pl.col("started_on")).dt.total_days().clip(0).alias("delay"),
        (pl.lit(until) - pl.col("started_on")).dt.total_days().alias("age"),
    ).drop_nulls()
    delay, age = told["delay"].to_numpy(), told["age"].to_numpy()
    days = np.unique(delay)
    # Of a delay d: how many had it, among those with a delay of at most d whose start lies at least d back.
    exact = np.array([(delay == d).sum() for d in days], dtype=np.float64)
    at_risk = np.array([((delay <= d) & (age >= d)).sum() for d in days], dtype=np.float64)
    falls = 1 - exact / np.maximum(at_risk, 1)
    later = np.concatenate([np.cumprod(falls[::-1])[::-1][1:], [1.0]]) if len(days) else np.zeros(0)
    return Delays(days, later)
