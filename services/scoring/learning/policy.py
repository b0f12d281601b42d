"""The numbers of learning from outcomes, each with its source, read from `data/learning.yaml` and checked whole."""

from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from services.scoring.learning.bounds import Bound

Trait = Literal["town", "industry", "size", "level"]


class Number(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number (or a level) with its evidence tag and source, and whether somebody has checked it."""

    code: str
    value: float | str
    tag: Literal["V", "P", "D", "M"]
    source: str
    verified: bool


class Design(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a random sample is spread over strata."""

    code: str
    by: tuple[Trait, ...]
    share: Literal["proportional", "equal"]
    least: int
    title_zh: str
    title_en: str
    source: str


class Complaints(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A dataset of cases that people began: which items say when, since when, how many and how much."""

    dataset: str
    found_on: tuple[str, ...]
    closed_on: str
    workers: str
    amount: str
    started_on: str | None = None
    source_item: str | None = None
    by_alert: tuple[str, ...] = ()
    source: str

    @property
    def items(self) -> tuple[str, ...]:
        """Every item that is read."""
        named = (*self.found_on, self.closed_on, self.workers, self.amount, self.started_on, self.source_item)
        return tuple(dict.fromkeys(item for item in named if item))


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it."""

    parameters: tuple[Number, ...]
    gone: tuple[str, ...]
    designs: tuple[Design, ...]
    bounds: tuple[Bound, ...]
    complaints: tuple[Complaints, ...]

    def number(self, code: str) -> float:
        """A number; KeyError when there is none of that code, TypeError when it is a word."""
        value = self._value(code)
        if isinstance(value, str):
            raise TypeError(f"{code} is no number")
        return value

    def word(self, code: str) -> str:
        """A parameter that is a word; KeyError when there is none of that code."""
        return str(self._value(code))

    def design(self, code: str) -> Design:
        """A design; KeyError when there is none of that code."""
        return {each.code: each for each in self.designs}[code]

    def _value(self, code: str) -> float | str:
        return {each.code: each.value for each in self.parameters}[code]


@cache
def shipped() -> Policy:
    """The numbers that come with the platform."""
    text = resources.files("services.scoring").joinpath("data/learning.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=Policy)
