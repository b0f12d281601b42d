"""What every contender is trained with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.scoring.model.policy import Training


@dataclass(frozen=True)
class Recipe:
    """The numbers, the seed, and what is known of the columns: direction of risk (+1, -1, 0) and family of each.

    `alerts_share`: what share of the employers people can look at in a month. `calendars`: columns that tell the day
    by another name, and are no features.
    """

    numbers: Training
    seed: int
    monotone: Mapping[str, int]
    family: Mapping[str, str]
    alerts_share: float
    calendars: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Window:
    """Until which day labels may be known, and how many days after a row's day its target reaches.

    `hidden`: the share of arrears that nobody ever discovers, as far as random inspections prove it.
    """

    until: date
    horizon: int
    numbers: Training
    seed: int
    hidden: float = 0.0
