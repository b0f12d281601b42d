"""What the indicators alone would have said of a whole population in the past: their points, on columns of features.

The nearest reading of the rulebook on features (`data/points.yaml`): points by family, each family capped, a floor
lifting the sum to the least points of its level. The two-family rule concerns colours, not the ranking: it is left out.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources

import msgspec
import polars as pl

from services.scoring.rules import Level, Scale


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Points of an indicator where a column is at least, or at most, so much."""

    indicator: str
    family: str
    column: str
    points: int
    at_least: float | None = None
    at_most: float | None = None
    floor: Level | None = None


@cache
def shipped() -> tuple[Step, ...]:
    """The steps that come with the platform."""
    text = resources.files("services.scoring").joinpath("data/points.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=tuple[Step, ...])


def points(steps: Iterable[Step], columns: Sequence[str], scale: Scale) -> pl.Expr:
    """The points (0 up to the scale's most) of each row; a column that is not there, or missing, gives none."""
    there = [step for step in steps if step.column in columns]
    families: dict[str, dict[str, list[Step]]] = {}
    for step in there:
        families.setdefault(step.family, {}).setdefault(step.indicator, []).append(step)
    sums = [
        pl.sum_horizontal(_most(given) for given in indicators.values()).clip(0, scale.family_cap)
        for indicators in families.values()
    ]
    floors = [_met(step, scale.bands[step.floor]) for step in there if step.floor]
    total = pl.sum_horizontal(sums).clip(0, scale.most_points) if sums else pl.lit(0)
    floor = pl.max_horizontal(floors) if floors else pl.lit(0)
    # Above its floor, who has more points still comes first.
    return (pl.max_horizontal(total, floor) + total / 1000).cast(pl.Float32)


def _most(steps: list[Step]) -> pl.Expr:
    return pl.max_horizontal(_met(step, step.points) for step in steps)


def _met(step: Step, worth: int) -> pl.Expr:
    value = pl.col(step.column)
    met = value >= step.at_least if step.at_least is not None else value <= step.at_most
    return pl.when(met).then(worth).otherwise(0)
