"""The model of wage arrears: from a table of features to a calibrated probability, and what it stands on. Pure.

`Model.predict(table)` gives the probability that arrears start within the horizon; `Model.families(table)` what each
family of features contributed, in log odds; `Model.reasons(table, most)` the columns that raised it most.
`registry.write` and `registry.read` keep one in a folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from services.scoring.model.arrays import Floats, matrix
from services.scoring.model.calibration import Calibration
from services.scoring.model.scorers import Scorer

__all__ = ["Calibration", "Model", "Reason", "Scorer", "matrix"]


@dataclass(frozen=True)
class Reason:
    """A column that raised a probability: its value (None: missing) and how far, in log odds."""

    column: str
    value: float | None
    contribution: float


@dataclass(frozen=True)
class Model:
    """`name`: which contender it is (single_signal, indicators, scorecard, model). `family_of`: of each column."""

    name: str
    scorer: Scorer
    calibration: Calibration
    family_of: Mapping[str, str]

    def margin(self, table: pl.DataFrame) -> Floats:
        """The score (rows,) by which subjects are ranked; further columns of the table are not looked at."""
        return self.scorer.margin(matrix(table, self.scorer.columns))

    def predict(self, table: pl.DataFrame) -> Floats:
        """The probability (rows,) that wage arrears start within the horizon; never falls as the margin rises."""
        return self.calibration.probability(self.margin(table))

    def families(self, table: pl.DataFrame) -> pl.DataFrame:
        """One row a subject, one column a family: the sum of its columns' contributions, in log odds."""
        parts = self.scorer.contributions(matrix(table, self.scorer.columns))
        sums: dict[str, Floats] = {}
        for place, column in enumerate(self.scorer.columns):
            family = self.family_of.get(column, "other")
            sums[family] = sums.get(family, np.zeros(len(parts))) + parts[:, place]
        return pl.DataFrame(sums)

    def reasons(self, table: pl.DataFrame, most: int) -> list[list[Reason]]:
        """Of each row the columns that raised its probability most, the greatest first; at most so many."""
        values = matrix(table, self.scorer.columns)
        parts = self.scorer.contributions(values)
        order = np.argsort(-parts, axis=1, kind="stable")[:, :most]
        return [
            [self._reason(values[row], parts[row], place) for place in places if parts[row, place] > 0]
            for row, places in enumerate(order)
        ]

    def _reason(self, values: Floats, parts: Floats, place: int) -> Reason:
        value = float(values[place])
        return Reason(self.scorer.columns[place], None if np.isnan(value) else value, float(parts[place]))
