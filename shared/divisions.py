"""Districts and towns (GB/T 2260, nine-digit town codes) with their validity; eight towns went to Linping in 2021.

`data/divisions.csv`: tag V verified, M from memory (the old codes of the eight towns). Old cases keep the old code.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True)
class Division:
    """A district (6 digits) or a town (9 digits). `valid_to` is its last day; `successor` the code that follows it."""

    code: str
    name_zh: str
    name_en: str
    valid_from: date | None
    valid_to: date | None
    successor: str | None

    @property
    def is_town(self) -> bool:
        """Whether this is a town or subdistrict."""
        return len(self.code) == 9

    def is_valid_on(self, day: date) -> bool:
        """Whether the code was in use on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


def successor_on(code: str | None, day: date) -> Division | None:
    """The division that answers on that day for what `code` names; None when the code is unknown."""
    found = table().get(code or "")
    while found and not found.is_valid_on(day) and found.successor:
        found = table().get(found.successor)
    return found if found and found.is_valid_on(day) else None


def town_on(code: str | None, day: date, district: str) -> str | None:
    """The town of `district` that answers for `code` on that day; None for other districts and for non-towns."""
    found = successor_on(code, day)
    return found.code if found and found.is_town and found.code.startswith(district) else None


def name_of(code: str | None) -> str | None:
    """The Chinese name; None when the code is unknown."""
    found = table().get(code or "")
    return found.name_zh if found else None


@cache
def table() -> Mapping[str, Division]:
    """Every division we know, by code."""
    text = files("shared").joinpath("data/divisions.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["code"]: _division(row) for row in csv.DictReader(text.splitlines())})


def _division(row: dict[str, str]) -> Division:
    return Division(
        code=row["code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        valid_from=_day(row["valid_from"]),
        valid_to=_day(row["valid_to"]),
        successor=row["successor"] or None,
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
