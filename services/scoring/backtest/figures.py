"""Every contender's figures with their intervals, all of them from the same resamples of employers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.scoring.backtest.replay import Replay
from services.scoring.backtest.truth import Outcome, Truth
from services.scoring.evaluation import Drawn, Ranking, bins, drawn, quantile, share
from services.scoring.evaluation.ranking import Array
from services.scoring.evaluation.reliability import Bins
from services.scoring.model.policy import Replaying

LEADS = {"q1": 0.25, "median": 0.5, "q3": 0.75}


@dataclass(frozen=True)
class Scored:
    """A contender's scores of the rows at risk (rows,), ready to be judged again and again.

    `truly`: which of these rows are at risk by the oracle, too: whose hazard is 0 owes already, found out or not, or
    has closed; `ranking_truly` is of those. None without an oracle.
    """

    ranking: Ranking
    bins: Bins
    margin: Array
    outcome: Outcome
    truly: Array | None = None
    ranking_truly: Ranking | None = None


def scored(replayed: Replay, found: Truth, outcomes: Mapping[str, Outcome], numbers: Replaying) -> dict[str, Scored]:
    """Each contender's scores beside the truth."""
    ready = {}
    oracle = replayed.probability.get("oracle")
    truly = None if oracle is None else np.concatenate(oracle)[found.row] > 0
    for name, result in outcomes.items():
        margin = np.concatenate(replayed.margin[name])[found.row]
        probability = np.concatenate(replayed.probability[name])[found.row]
        parts = Ranking(margin, found.positive), bins(probability, found.positive, _bins(found, numbers))
        of_truly = None if truly is None else Ranking(margin[truly], found.positive[truly])
        ready[name] = Scored(*parts, margin, result, truly, of_truly)
    return ready


def _bins(found: Truth, numbers: Replaying) -> int:
    """The policy's bins, but fewer of a small test: a bin with a few failures is off by chance alone."""
    fewest = min(int(found.positive.sum()) // numbers.least_in_bin, len(found.row) // numbers.least_rows_in_bin)
    return max(2, min(numbers.calibration_bins, fewest))


def figures(ready: Mapping[str, Scored], found: Truth, numbers: Replaying, seed: int) -> dict[str, dict[str, Drawn]]:
    """Of each contender: precision, recall, lead quartiles, PR-AUC (and of those truly at risk), ROC-AUC, ECE."""

    def every(weight: Array) -> dict[str, float]:
        rows = weight[found.employer]
        events = weight[found.events["employer"].to_numpy()]
        return {
            f"{name}/{key}": value
            for name, each in ready.items()
            for key, value in _figures(each, weight, rows, events).items()
        }

    told = drawn(every, len(found.employers), numbers.resamples, seed)
    keys = dict.fromkeys(name.partition("/")[2] for name in told)
    return {name: {key: told[f"{name}/{key}"] for key in keys} for name in ready}


def _figures(each: Scored, weight: Array, rows: Array, events: Array) -> dict[str, float]:
    result, alerts = each.outcome, weight[each.outcome.employer]
    pr_auc, roc_auc = each.ranking.areas(rows)
    led = np.isfinite(result.first_lead)
    leads = {f"lead_{name}": quantile(result.first_lead[led], events[led], part) for name, part in LEADS.items()}
    return {
        "precision": share(alerts * result.right, alerts),
        "recall": share(events * result.caught, events),
        **leads,
        "pr_auc": pr_auc,
        "roc_auc": roc_auc,
        "ece": each.bins.error(rows),
        **({} if each.ranking_truly is None else {"pr_auc_truly": each.ranking_truly.areas(rows[each.truly])[0]}),
    }
