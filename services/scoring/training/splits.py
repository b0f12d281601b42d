"""Which rows a contender is judged on: later months after a gap, or, with few failures, employers left out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from services.scoring.evaluation.ranking import Array
from services.scoring.model.policy import Training
from services.scoring.training.rows import Rows


@dataclass(frozen=True)
class Splits:
    """`parts`: pairs of masks (n,), learn from and judge on. `kind` says in words how they were made."""

    kind: str
    parts: tuple[tuple[Array, Array], ...]

    @property
    def judged(self) -> Array:
        """The rows (n,) that some part is judged on."""
        found: Array = np.any([judged for _, judged in self.parts], axis=0)
        return found


def validation_days(days: Sequence[date], horizon: int, share: float) -> tuple[list[date], list[date]]:
    """The days to learn from and, a horizon later, those to judge on. Both empty when there are too few days."""
    later = list(days[len(days) - max(1, round(len(days) * share)) :])
    if not later:
        return [], []
    earlier = [day for day in days if (later[0] - day).days >= horizon]
    return (earlier, later) if earlier else ([], [])


def split(rows: Rows, earlier: Sequence[date], later: Sequence[date], numbers: Training) -> Splits:
    """By time when the later days have positives enough to judge by; else by employers."""
    learn = np.isin(rows.day, [day.toordinal() for day in earlier])
    judge = np.isin(rows.day, [day.toordinal() for day in later])
    enough = numbers.least_validation_positives
    if min(rows.positive[judge].sum(), rows.positive[learn].sum()) >= enough:
        return Splits("later months", ((learn, judge),))
    fold = _folds(rows, numbers.folds)
    return Splits("folds of employers", tuple((fold != each, fold == each) for each in np.unique(fold)))


def _folds(rows: Rows, count: int) -> Array:
    """A fold of each row (n,): of an employer all rows in one, and those who fail spread evenly."""
    failed = np.unique(rows.employer[rows.positive])
    fold_of = np.arange(int(rows.employer.max(initial=0)) + 1) % count
    fold_of[failed] = np.arange(len(failed)) % count
    found: Array = fold_of[rows.employer]
    return found
