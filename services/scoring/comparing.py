"""Champion and challenger side by side: on the same employers, the same day and the same inputs. Pure."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from services.scoring.evaluation import Ranking
from services.scoring.evaluation.ranking import Array
from services.scoring.model import Foretold
from services.scoring.model.policy import Policy
from services.scoring.rules import Level
from services.scoring.saying import graded


@dataclass(frozen=True)
class About:
    """One of the two. found_right: how many of its first were found in arrears; areas: null where few were."""

    model_id: str
    mean_probability: float
    levels: dict[Level, int]
    found_right: int | None
    pr_auc: float | None
    roc_auc: float | None


@dataclass(frozen=True)
class Comparison:
    """`first`: how many a month's budget lets one look at; `found`: who of all was found in arrears."""

    day: date | None
    days: Sequence[date] = ()
    employers: int = 0
    champion: About | None = None
    challenger: About | None = None
    rank_correlation: float | None = None
    first: int = 0
    first_in_common: int = 0
    found: int = 0


def compare(
    both: pl.DataFrame, names: tuple[str, str], found: Collection[str], days: Sequence[date], policy: Policy
) -> Comparison:
    """`both`, of the first of `days`: subject, one (the champion's probability), other (the challenger's), and
    one_ranked, other_ranked (by which they rank and cut levels).
    """
    if both.is_empty():
        return Comparison(None, tuple(days))
    ordered = both.sort("subject")
    said = [(ordered[name].to_numpy(), ordered[f"{name}_ranked"].to_numpy()) for name in ("one", "other")]
    one, other = (ranked for _, ranked in said)
    positive = ordered["subject"].is_in(list(found)).to_numpy()
    budget = policy.backtest
    first = max(1, round(len(one) * budget.budget_per_year / budget.budget_employers / 12))
    tops = [set(np.argsort(-ranked, kind="stable")[:first].tolist()) for ranked in (one, other)]
    champion, challenger = (
        _about(name, each, positive, top, policy) for name, each, top in zip(names, said, tops, strict=True)
    )
    return Comparison(
        day=days[0],
        days=tuple(days),
        employers=len(one),
        champion=champion,
        challenger=challenger,
        rank_correlation=_correlation(one, other),
        first=first,
        first_in_common=len(tops[0] & tops[1]),
        found=int(positive.sum()),
    )


def _about(name: str, said: tuple[Array, Array], positive: Array, top: set[int], policy: Policy) -> About:
    """`said`: what it says of each, and by what it ranks."""
    probability, ranked = said
    levels = Counter(graded(name, Foretold(each), policy).level for each in ranked.tolist())
    is_enough = positive.sum() >= policy.live.least_compared and not positive.all()
    average, area = Ranking(ranked, positive).areas(np.ones(len(ranked))) if is_enough else (None, None)
    right = int(positive[sorted(top)].sum()) if positive.any() else None
    return About(name, float(probability.mean()), dict(levels), right, average, area)


def _correlation(one: Array, other: Array) -> float | None:
    """Spearman's; null where one of them says the same of everyone."""
    ranks = [pl.Series(said).rank().to_numpy() for said in (one, other)]
    if any(np.ptp(rank) == 0 for rank in ranks):
        return None
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
