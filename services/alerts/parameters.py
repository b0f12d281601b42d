"""Numbers of law and of practice as data: effective-dated, with source and verification (domain rules 9.6). Pure."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec


class Parameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value with its validity and where it comes from. Tags: V verified text, P excerpt, M memory, D our design."""

    code: str
    value: Any
    tag: Literal["V", "P", "M", "D"]
    source: str
    verified: bool
    unit: str | None = None
    region: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    article: str | None = None

    def is_valid(self, region: str, day: date) -> bool:
        """Whether the parameter applies there on that day; a region covers everything below it."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to) and region.startswith(self.region)


def parameter(code: str, day: date, region: str = "", known: Sequence[Parameter] | None = None) -> Parameter:
    """The parameter of that code on that day: the nearest region first, then the newest. KeyError without one."""
    found = [one for one in known or everything() if one.code == code and one.is_valid(region, day)]
    if not found:
        raise KeyError(f"no parameter {code} for region {region!r} on {day}")
    return max(found, key=lambda one: (len(one.region), one.valid_from or date.min))


def value(code: str, day: date, region: str = "") -> Any:
    """Only the value of `parameter`."""
    return parameter(code, day, region).value


@cache
def everything() -> tuple[Parameter, ...]:
    """Every parameter that ships with the service."""
    text = files("services.alerts").joinpath("data/parameters.yaml").read_bytes()
    return tuple(msgspec.yaml.decode(text, type=list[Parameter]))
