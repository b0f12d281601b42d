"""What random inspections say of the arrears that nobody reports: which share of all stays undiscovered. Pure.

Labels are selective: who is complained of is looked at. Random visits are not: they meet arrears as often as these
occur. Where they meet more than the labels account for, the rest is hidden.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import gamma

from services.scoring.evaluation import Figure
from services.scoring.training.labels import delays


@dataclass(frozen=True)
class Hidden:
    """Of `visits`, `found` met undiscovered arrears; `expected`: how many the other labels account for.

    `share` of arrears that are never discovered otherwise, with its interval: few are met, so it is wide.
    """

    visits: int
    found: int
    expected: float
    share: Figure

    @property
    def proven(self) -> float:
        """The share that is hidden at the least: positives are weighed up by this much and no more."""
        return min(self.share.low or 0.0, 0.9)

    def as_json(self) -> dict[str, Any]:
        figures = {"expected": round(self.expected, 3), "share": self.share.as_json()}
        return {"inspections": self.visits, "found": self.found, **figures}


def hidden(
    labels: pl.DataFrame, visits: pl.DataFrame, employers: int, until: date, interval: float = 0.9
) -> Hidden | None:
    """What visits (employer_id, inspected_on, found) and labels known by `until` say together; None without visits.

    A label of an employer found on a visit that very day is the visit's own, and not what others discovered.
    """
    visits = visits.drop_nulls().filter(pl.col("inspected_on") <= until)
    first = visits["inspected_on"].min()
    if not isinstance(first, date) or employers < 1:
        return None
    own = visits.filter("found").select("employer_id", discovered_on="inspected_on")
    others = labels.join(own, on=["employer_id", "discovered_on"], how="anti")
    met, count = int(visits["found"].sum()), visits.height
    expected = count * _share_of_time(others, labels, first, until) / employers
    low, high = gamma.ppf([(1 - interval) / 2, (1 + interval) / 2], met + 0.5)
    shares = [float(1 - min(1.0, expected / max(rate, 1e-12))) for rate in (met, low, high)]
    return Hidden(count, met, expected, Figure(*shares))


def _share_of_time(others: pl.DataFrame, labels: pl.DataFrame, first: date, until: date) -> float:
    """How many employers were, on average, in arrears that were discovered later; those still to come reckoned in."""
    seen = delays(labels, until)
    days = max(1, (until - first).days)
    parts = others.filter(pl.col("discovered_on") > first).select(
        days=(pl.min_horizontal("discovered_on", pl.lit(until)) - pl.max_horizontal("started_on", pl.lit(first)))
        .dt.total_days()
        .clip(0),
        age=(pl.lit(until) - pl.col("started_on")).dt.total_days(),
    )
    known = np.maximum(seen.known_share(parts["age"].to_numpy()), 0.25)
    return float((parts["days"].to_numpy() / known).sum()) / days
