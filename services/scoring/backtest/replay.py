"""Going through the test period as if one did not know what came: who is scored how, and who gets an alert."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from services.scoring.backtest.learning import Say
from services.scoring.backtest.source import Source
from services.scoring.evaluation.ranking import Array
from services.scoring.model import Foretold, Model, Reason
from services.scoring.training.rows import month_ends

MOST_REASONS = 5
LEAST_STEP_DAYS = 15  # a last few days make no step of their own
_ORACLE_DAYS = 28  # less than the shortest month: of one that speaks monthly only the newest month counts


def replay_days(after: date, until: date, step: str) -> list[date]:
    """The days on which everyone is scored: the first one, then every month's end (or week) before the last day."""
    if step == "week":
        return [after + timedelta(days=7 * week) for week in range((until - after).days // 7)] or [after]
    days = [after, *month_ends(after + timedelta(days=1), until)]
    return [day for day in days if (until - day).days >= LEAST_STEP_DAYS] or [after]


def told_days(days: list[date], told: date, until: date) -> list[date]:
    """Of the days of a replay to `until` those that labels up to `told` can judge: at least the first.

    Nobody can tell of alerts that are raised when labels have stopped, or are just about to.
    """
    if told >= until:
        return days
    return [day for day in days if (told - day).days >= LEAST_STEP_DAYS] or days[:1]


def spread(budget: int, steps: int) -> list[int]:
    """A budget over the steps as evenly as whole alerts allow; they add up to it."""
    marks = [round(budget * done / steps) for done in range(steps + 1)]
    return [later - earlier for earlier, later in pairwise(marks)]


class Desk:
    """Who may be alerted: the best ranked who have not been within the cool-down. One a contender.

    `seed`: by what lots are drawn among equals, for every contender the same.
    """

    def __init__(self, cool_down_days: int, seed: int = 1) -> None:
        self.cool_down = timedelta(days=cool_down_days)
        self.seed = seed
        self.last: dict[str, date] = {}

    def pick(self, day: date, subjects: Sequence[str], margin: Array, count: int) -> list[int]:
        """The places of up to `count` subjects by falling margin; equal margins in the order of the day's lots.

        Who has no sign at all (the lowest margin there is) is not alerted to use up a budget.
        """
        chosen: list[int] = []
        if not len(margin):
            return chosen
        floor = margin.min()
        for place in np.lexsort((self._lots(day, subjects), -margin)).tolist():
            if len(chosen) == count or margin[place] <= floor:
                break
            if self._is_free(subjects[place], day):
                chosen.append(place)
                self.last[subjects[place]] = day
        return chosen

    def _lots(self, day: date, subjects: Sequence[str]) -> Array:
        """A number of each subject and day, whoever else is there: a code that comes early is no sign of anything."""
        drawn: Array = (pl.Series(subjects, dtype=pl.String) + f" {day.isoformat()}").hash(self.seed).to_numpy()
        return drawn

    def _is_free(self, subject: str, day: date) -> bool:
        last = self.last.get(subject)
        return last is None or day - last >= self.cool_down


@dataclass
class Alerts:
    """The alerts of one contender, in the order in which they were raised."""

    subject: list[str] = field(default_factory=list)
    day: list[date] = field(default_factory=list)
    told: list[Foretold] = field(default_factory=list)
    reasons: list[list[Reason]] = field(default_factory=list)


class Scores(NamedTuple):
    """A contender's of a day (rows,): by what it ranks, its score of starts, and both probabilities."""

    rank: Array
    margin: Array
    probability: Array
    owing: Array


@dataclass
class Replay:
    """Everyone's scores on every day: `subject` of each day; of each contender (rows,) its score of arrears that start,
    the probability of that, and that they start or are going on unseen.
    """

    days: tuple[date, ...]
    subject: list[pl.Series] = field(default_factory=list)
    margin: dict[str, list[Array]] = field(default_factory=dict)
    probability: dict[str, list[Array]] = field(default_factory=dict)
    owing: dict[str, list[Array]] = field(default_factory=dict)
    alerts: dict[str, Alerts] = field(default_factory=dict)


def replay(
    source: Source,
    models: Mapping[str, Model],
    explained: str,
    *,
    days: Sequence[date],
    budgets: Sequence[int],
    cool_down_days: int,
    oracle: pl.DataFrame | None,
    seed: int,
    say: Say,
) -> Replay:
    """Score and alert day by day. The alerts of the contender `explained` have reasons."""
    done = Replay(tuple(days))
    desks: dict[str, Desk] = {}
    for day, budget in zip(days, budgets, strict=True):
        subjects = source.subjects(day).unique().sort().alias("subject")
        table = subjects.to_frame().join(source.table(day, subjects), on="subject", how="left", maintain_order="left")
        scores = {name: _scores(model, table) for name, model in models.items()}
        if oracle is not None:
            hazard = _hazard(oracle, subjects, day)
            scores["oracle"] = Scores(hazard, hazard, hazard, hazard)
        done.subject.append(subjects)
        names = subjects.to_list()
        for name, each in scores.items():
            desk = desks.setdefault(name, Desk(cool_down_days, seed))
            done.margin.setdefault(name, []).append(each.margin)
            done.probability.setdefault(name, []).append(each.probability)
            done.owing.setdefault(name, []).append(each.owing)
            picked = desk.pick(day, names, each.rank, budget)
            alerts = done.alerts.setdefault(name, Alerts())
            alerts.subject += [names[place] for place in picked]
            alerts.day += [day] * len(picked)
            alerts.told += map(Foretold, each.probability[picked].tolist(), each.owing[picked].tolist())
            if name == explained:
                alerts.reasons += models[name].reasons(table[picked], MOST_REASONS)
        say(f"回放 {day}：{len(names)} 家", f"replayed {day}: {len(names)} employers")
    return done


def _scores(model: Model, table: pl.DataFrame) -> Scores:
    starts, ranks = model.starts, model.ranks
    margin = starts.margin(table)
    rank = margin if ranks.scorer is starts.scorer else ranks.margin(table)
    return Scores(rank, margin, starts.calibration.probability(margin), ranks.calibration.probability(rank))


def _hazard(oracle: pl.DataFrame, subjects: pl.Series, day: date) -> Array:
    """The oracle's newest word (rows,) on a day about each subject; 0 where it has none.

    It may speak of one a few days before another; whom it has left out for a month is at no risk.
    """
    spoken = oracle.filter(pl.col("as_of") <= day).sort("as_of")
    lately = spoken.filter(pl.col("as_of") > pl.col("as_of").max() - timedelta(days=_ORACLE_DAYS))
    newest = lately.unique("employer_id", keep="last").select("employer_id", "hazard")
    joined = subjects.to_frame().join(
        newest, left_on="subject", right_on="employer_id", how="left", maintain_order="left"
    )
    found: Array = joined["hazard"].fill_null(0.0).cast(pl.Float64).to_numpy()
    return found
