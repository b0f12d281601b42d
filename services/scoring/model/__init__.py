"""The model of wage arrears: from a table of features to a calibrated probability, and what it stands on. Pure.

`Model.predict(table)` gives the probability that arrears start within the horizon; `Model.owing(table)` that they do or
are going on unseen, by which subjects are ranked; `Model.families(table)` what each family of features contributed to
that, in log odds; `Model.reasons(table, most)` the columns that raised it most. `registry.write` and `registry.read`
keep one in a folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from services.scoring.model.arrays import Floats, matrix
from services.scoring.model.calibration import Calibration
from services.scoring.model.scorers import Scorer

__all__ = ["Calibration", "Foretold", "Head", "Model", "Reason", "Scorer", "matrix"]


@dataclass(frozen=True)
class Reason:
    """A column that raised a probability: its value (None: missing) and how far, in log odds."""

    column: str
    value: float | None
    contribution: float


class Foretold(NamedTuple):
    """Of one subject: the probability that arrears start within the horizon, and that they do or are going on unseen.

    `owing` is None of a model that tells only the former.
    """

    probability: float
    owing: float | None = None

    @property
    def ranked(self) -> float:
        """The one by which subjects are ranked and levels are cut."""
        return self.probability if self.owing is None else self.owing


@dataclass(frozen=True)
class Head:
    """What answers one question: a score, and what it means as a probability."""

    scorer: Scorer
    calibration: Calibration

    def margin(self, table: pl.DataFrame) -> Floats:
        """The score (rows,); further columns of the table are not looked at."""
        return self.scorer.margin(matrix(table, self.scorer.columns))

    def probability(self, table: pl.DataFrame) -> Floats:
        """The probability (rows,); never falls as the score rises."""
        return self.calibration.probability(self.margin(table))


@dataclass(frozen=True)
class Model:
    """`name`: which contender it is (single_signal, indicators, scorecard, model). `family_of`: of each column.

    `starts` tells whether arrears start within the horizon. `unseen`, where there is one, tells whether they start or
    are going on and nobody has found out: an alert is right about either, so it ranks.
    """

    name: str
    starts: Head
    family_of: Mapping[str, str]
    unseen: Head | None = None

    @property
    def ranks(self) -> Head:
        """The head by which subjects are ranked and levels are cut."""
        return self.unseen or self.starts

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return tuple(dict.fromkeys([*self.starts.scorer.columns, *self.ranks.scorer.columns]))

    def margin(self, table: pl.DataFrame) -> Floats:
        """The score (rows,) by which subjects are ranked."""
        return self.ranks.margin(table)

    def predict(self, table: pl.DataFrame) -> Floats:
        """The probability (rows,) that wage arrears start within the horizon."""
        return self.starts.probability(table)

    def owing(self, table: pl.DataFrame) -> Floats:
        """The probability (rows,) that wage arrears start within the horizon or are going on unseen."""
        return self.ranks.probability(table)

    def foretell(self, table: pl.DataFrame) -> list[Foretold]:
        """What it says of each row."""
        starts = self.predict(table).tolist()
        owing = self.owing(table).tolist() if self.unseen else [None] * len(starts)
        return [Foretold(*each) for each in zip(starts, owing, strict=True)]

    def families(self, table: pl.DataFrame) -> pl.DataFrame:
        """One row a subject, one column a family: the sum of its columns' contributions to the rank, in log odds."""
        parts = self.ranks.scorer.contributions(matrix(table, self.ranks.scorer.columns))
        sums: dict[str, Floats] = {}
        for place, column in enumerate(self.ranks.scorer.columns):
            family = self.family_of.get(column, "other")
            sums[family] = sums.get(family, np.zeros(len(parts))) + parts[:, place]
        return pl.DataFrame(sums)

    def reasons(self, table: pl.DataFrame, most: int) -> list[list[Reason]]:
        """Of each row the columns that raised its rank most, the greatest first; at most so many."""
        values = matrix(table, self.ranks.scorer.columns)
        parts = self.ranks.scorer.contributions(values)
        order = np.argsort(-parts, axis=1, kind="stable")[:, :most]
        return [
            [self._reason(values[row], parts[row], place) for place in places if parts[row, place] > 0]
            for row, places in enumerate(order)
        ]

    def _reason(self, values: Floats, parts: Floats, place: int) -> Reason:
        value = float(values[place])
        return Reason(self.ranks.scorer.columns[place], None if np.isnan(value) else value, float(parts[place]))
