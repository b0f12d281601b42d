"""What is asked of the same rows: whether arrears start, and whether they start or are going on unseen. Pure."""

from dataclasses import dataclass, replace

from services.scoring.evaluation.ranking import Array
from services.scoring.model.scorers import Scorer
from services.scoring.training.rows import Rows
from services.scoring.training.splits import Splits


@dataclass(frozen=True)
class Asked:
    """A question: rows with their targets, whom it is about (n,), and which rows are learned from and judged on."""

    rows: Rows
    about: Array
    splits: Splits

    def learned(self, part: Array) -> Rows:
        """The sampled rows of a part (n,) whom the question is about."""
        return self.rows.take(part & self.rows.sampled & self.about)

    @property
    def is_judged(self) -> Array:
        """The rows (n,) that some part is judged on, of those whom the question is about."""
        found: Array = self.splits.judged & self.about
        return found

    @property
    def judged(self) -> Rows:
        """Those rows, without their values."""
        return self.rows.without_values().take(self.is_judged)


def both(rows: Rows, splits: Splits) -> tuple[Asked, Asked]:
    """Whether arrears start, of those who are at risk of it; and whether they start or are going on, of everyone."""
    everyone = rows.ongoing | True
    owing = replace(rows, positive=rows.positive | rows.ongoing)
    return Asked(rows, ~rows.ongoing, splits), Asked(owing, everyone, splits)


@dataclass(frozen=True)
class Found:
    """A scorer, and the margin (n,; NaN where no part is judged) of each row by one that did not learn from it."""

    scorer: Scorer
    margin: Array


@dataclass(frozen=True)
class Entrant:
    """A contender's answers to both questions."""

    starts: Found
    owing: Found
