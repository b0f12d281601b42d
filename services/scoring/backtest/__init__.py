"""Learning on what was known by one day, then going through the time after it as if one did not know what came.

`backtest(source, ask, policy, say)` gives an `Answer`: the figures as JSON, the alerts, and what plots are drawn from.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from services.scoring.backtest import answering, figures, groups, truth
from services.scoring.backtest.cautions import silent_in_test, silent_in_training
from services.scoring.backtest.learning import Learned, Say, learn
from services.scoring.backtest.refused import Unfit
from services.scoring.backtest.replay import Replay, replay, replay_days, spread, told_days
from services.scoring.backtest.source import Source
from services.scoring.evaluation.ranking import Array, precision_recall
from services.scoring.model.policy import Policy
from services.scoring.training.labels import told_until

__all__ = ["Answer", "Ask", "Curve", "Unfit", "backtest", "learn"]


@dataclass(frozen=True)
class Ask:
    """What is asked for. `budget`: alerts in the test period; None: the policy's, pro rata. `step`: month or week."""

    train_until: date
    test_until: date
    budget: int | None = None
    step: str = "month"
    seed: int = 1

    def must_be_in_order(self) -> None:
        """Raises Unfit when the test ends before it begins."""
        if self.test_until <= self.train_until:
            raise Unfit(
                f"测试截止日 {self.test_until} 须晚于训练截止日 {self.train_until}。",
                f"The test ends on {self.test_until}, not after the training's end {self.train_until}.",
            )


@dataclass(frozen=True)
class Curve:
    """Precision over recall (points,) of a contender."""

    recall: Array
    precision: Array


@dataclass(frozen=True)
class Answer:
    """`told` is the JSON of docs/backtest.md; `alerts` the rows of alerts.csv; curves and leads are for drawing."""

    told: dict[str, Any]
    alerts: pl.DataFrame
    curves: dict[str, Curve]
    leads: Array


def backtest(
    source: Source,
    ask: Ask,
    policy: Policy,
    oracle: pl.DataFrame | None,
    say: Say,
    *,
    visits: pl.DataFrame | None = None,
) -> Answer:
    """Train by `train_until`, replay to `test_until`. Raises Unfit when the data or the dates do not allow it."""
    _must_make_sense(source.labels, ask)
    learned = learn(source, ask.train_until, policy, ask.seed, say, visits=visits)
    asked = replay_days(ask.train_until, ask.test_until, ask.step)
    told = told_until(source.labels, ask.test_until, policy.training)
    days = told_days(asked, told, ask.test_until)
    budget = ask.budget if ask.budget is not None else pro_rata(source, ask, policy)
    models = {name: judged.model for name, judged in learned.contest.judged.items()}
    cool_down = policy.backtest.cool_down_days
    shares = spread(budget, len(asked))[: len(days)]
    replayed = replay(
        source,
        models,
        learned.contest.ships,
        days=days,
        budgets=shares,
        cool_down_days=cool_down,
        oracle=oracle,
        seed=ask.seed,
        say=say,
    )
    return _judged(source, ask, policy, learned=learned, replayed=replayed, budget=budget, until=told, say=say)


def pro_rata(source: Source, ask: Ask, policy: Policy) -> int:
    """The policy's alerts a year for so many employers, for as many as there are and as long as it is; at least 1."""
    numbers = policy.backtest
    share = source.subjects(ask.train_until).len() / numbers.budget_employers
    return max(1, round(numbers.budget_per_year * share * (ask.test_until - ask.train_until).days / 365))


def _must_make_sense(labels: pl.DataFrame, ask: Ask) -> None:
    ask.must_be_in_order()
    started = pl.col("started_on")
    if labels.filter((started > ask.train_until) & (started <= ask.test_until)).is_empty():
        raise Unfit(
            f"{ask.train_until} 至 {ask.test_until} 之间没有欠薪标签，无从检验。",
            f"No arrears start between {ask.train_until} and {ask.test_until}: there is nothing to test by.",
        )


def _judged(
    source: Source, ask: Ask, policy: Policy, *, learned: Learned, replayed: Replay, budget: int, until: date, say: Say
) -> Answer:
    say("计算指标与置信区间", "figures and intervals")
    horizon, numbers, labels = policy.horizon_days, policy.backtest, source.labels
    found = truth.truth(labels, replayed.days, replayed.subject, until, horizon)
    outcomes = {name: truth.outcome(alerts, found, labels, horizon) for name, alerts in replayed.alerts.items()}
    ready = figures.scored(replayed, found, outcomes, numbers)
    drawn = figures.figures(ready, found, numbers, ask.seed)
    ships = learned.contest.ships
    profile = source.profile(replayed.days[-1])
    shipped = replayed.alerts[ships], outcomes[ships]
    by_group = {
        grouping: groups.by_group(profile, grouping, *shipped, found=found, numbers=numbers, seed=ask.seed)
        for grouping in groups.GROUPINGS
        if grouping in profile.columns
    }
    owing = np.concatenate(replayed.owing[ships])[found.covered]
    cautious = (silent_in_training(learned.told_until, learned.until), silent_in_test(until, ask.test_until))
    told = {
        **answering.asked(ask, budget, replayed, found),
        **answering.trained(learned, source.described),
        **answering.compared(ready, drawn, ships, numbers.interval),
        "calibration": ready[ships].bins.table(),
        "by_day": groups.by_day(replayed.days, *shipped),
        "by_level": groups.by_level(owing, found, *shipped, policy.levels),
        **{f"by_{grouping}": rows for grouping, rows in by_group.items()},
        "fairness": groups.gaps(by_group, numbers.least_in_group),
        "warnings": [each for each in cautious if each],
    }
    return Answer(
        told=told,
        alerts=groups.rows_of_alerts(*shipped, policy.levels),
        curves={name: Curve(*precision_recall(each.margin, found.positive)) for name, each in ready.items()},
        leads=outcomes[ships].first_lead[np.isfinite(outcomes[ships].first_lead)],
    )
