"""The numbers by which feeds are watched, from `data/parameters.yaml`: each with its source. Pure."""

from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

from services.ingest.catalogue import Dataset


class Number(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value with its unit and where it comes from. Tags: V verified text, P excerpt, M memory, D our design."""

    code: str
    value: Any
    unit: str
    tag: Literal["V", "P", "M", "D"]
    source: str
    verified: bool


def number(code: str, dataset: Dataset | None = None) -> Number:
    """The number of that code; of a dataset's cycle when one is given. KeyError without one."""
    if dataset is None:
        return shipped()[code]
    own = f"{code}.{dataset.cycle}.{dataset.dataset}"
    return shipped().get(own) or shipped()[f"{code}.{dataset.cycle}"]


def value(code: str, dataset: Dataset | None = None) -> Any:
    """Only the value of `number`."""
    return number(code, dataset).value


@cache
def shipped() -> dict[str, Number]:
    """Every number by its code."""
    page = files("services.ingest").joinpath("data/parameters.yaml").read_bytes()
    return {each.code: each for each in msgspec.yaml.decode(page, type=tuple[Number, ...])}
