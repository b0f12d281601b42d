"""Numbers of law as data: effective-dated, with source and verification. Pure."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec


class Parameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value with its validity and where it comes from. Tags: V verified text, P excerpt, M memory, D our design."""

    code: str
    value: int
    unit: str
    tag: Literal["V", "P", "M", "D"]
    source: str
    verified: bool
    valid_from: date
    valid_to: date | None = None


@cache
def everything() -> tuple[Parameter, ...]:
    """Every parameter that ships with the issuer."""
    text = files("gateway.issuer").joinpath("data/parameters.yaml").read_bytes()
    return tuple(msgspec.yaml.decode(text, type=list[Parameter]))


def value(code: str, day: date) -> int:
    """The newest value of that code in force on the day. KeyError without one."""
    found = [
        one
        for one in everything()
        if one.code == code and one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)
    ]
    if not found:
        raise KeyError(f"no parameter {code} on {day}")
    return max(found, key=lambda one: one.valid_from).value
