"""Figures against their bounds."""

from typing import NamedTuple

from city.parameters import Check


class Verdict(NamedTuple):
    """A figure, its bounds in words ("" where there are none), and whether it is within them."""

    name: str
    value: float
    bounds: str
    is_good: bool


def judged(figures: dict[str, float], numbers: Check) -> list[Verdict]:
    """Each figure beside its bounds; single sources must not be better than `most_of_one_source`."""
    return [_judged(name, value, numbers) for name, value in figures.items()]


def _judged(name: str, value: float, numbers: Check) -> Verdict:
    if name in numbers.ranges:
        low, high = numbers.ranges[name]
        return Verdict(name, value, f"{low:g} - {high:g}", low <= value <= high)
    if name.endswith("_alone"):
        return Verdict(name, value, f"<= {numbers.most_of_one_source:g}", not value > numbers.most_of_one_source)
    return Verdict(name, value, "", True)
