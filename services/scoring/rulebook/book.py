"""A book as a whole: what is in force on a day, and with which numbers."""

from datetime import date

import msgspec

from services.scoring.rulebook.entries import Indicator, Kind, Parameter
from services.scoring.rulebook.features import Built, Dataset, Derived, Feature, Scored
from services.scoring.rules import LEVELS, Scale


class Rulebook(msgspec.Struct, frozen=True):
    """A whole set of rules. `version` names its content: same version, same answers."""

    version: str
    datasets: dict[str, Dataset]
    measured: tuple[Feature, ...]
    derived: tuple[Derived, ...]
    built: tuple[Built, ...]
    indicators: tuple[Indicator, ...]
    parameters: tuple[Parameter, ...]

    def in_force(self, today: date, subject: Scored, kind: Kind = "wage") -> tuple[Indicator, ...]:
        """The indicators of a kind of subject that hold on a day: those that count for the level, or those of data."""
        wanted = (each for each in self.indicators if (each.subject, each.kind) == (subject, kind))
        return tuple(each for each in wanted if _holds(each, today))

    def on(self, today: date) -> dict[str, Indicator]:
        """The indicators that hold on a day, by code; a law that changes is an entry that ends and another."""
        return {each.code: each for each in self.indicators if _holds(each, today)}

    def datasets_behind(self) -> dict[str, frozenset[str]]:
        """What the indicators of each code stand on, whenever they hold."""
        behind: dict[str, frozenset[str]] = {}
        for each in self.indicators:
            behind[each.code] = behind.get(each.code, frozenset()) | set(each.datasets)
        return behind

    def parameter(self, code: str, today: date) -> int:
        """A parameter's value on a day; KeyError when none is in force."""
        values = [each.value for each in self.parameters if each.code == code and _holds(each, today)]
        if not values:
            raise KeyError(f"no parameter {code} is in force on {today}")
        return values[-1]

    def scale(self, today: date) -> Scale:
        """The grading of 5.4 as it holds on a day."""
        return Scale(
            bands={level: self.parameter(f"band_{level}", today) for level in LEVELS[1:]},
            family_cap=self.parameter("family_cap", today),
            families_for_orange=self.parameter("families_for_orange", today),
            family_window_days=self.parameter("family_window_days", today),
            most_points=self.parameter("most_points", today),
        )

    def of_subject(self, subject: Scored) -> dict[str, Dataset]:
        """The datasets that tell about a kind of subject."""
        return {code: each for code, each in self.datasets.items() if each.subject == subject}


def _holds(rule: Indicator | Parameter, today: date) -> bool:
    return rule.valid_from <= today and (rule.valid_to is None or today <= rule.valid_to)
