"""How long raw files and numbers of persons are kept, and what may be done with a file: rules as data. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from services.ingest.catalogue import Catalogue, Dataset

SHIPPED = Path(__file__).parent / "data" / "retention.yaml"
_KEEP, _USE, _IDENTITY = "raw_file.keep", "raw_file.use", "identity.keep"
# Named by a dataset that nobody noted: whatever holds longest for any of them.
_ANY = "*"

State = Literal["in_use", "store_only", "past"]


class Parameter(msgspec.Struct, frozen=True):
    """A number with where it comes from. `value` null: there is no end."""

    code: str
    value: int | None
    valid_from: date
    source: str
    verified: bool


@dataclass(frozen=True)
class Retention:
    """Years after the report: until `use` a file serves its purpose, until `keep` it is stored; None: no end."""

    use: int | None
    keep: int | None
    source: str


@cache
def shipped() -> tuple[Parameter, ...]:
    """The rules that come with the platform."""
    return tuple(msgspec.yaml.decode(SHIPPED.read_bytes(), type=list[Parameter]))


def retention_of(dataset: Dataset, parameters: Iterable[Parameter], on: date) -> Retention:
    """The rules for a dataset on a day: its own, else its measure's, else the default."""
    known = list(parameters)
    keep, use = (_nearest(code, dataset, known, on) for code in (_KEEP, _USE))
    return Retention(use.value, keep.value, keep.source)


def state_of(retention: Retention, reported_on: date, today: date) -> State:
    """What may be done with a file that was reported on that day."""
    if retention.keep is not None and today >= years_after(reported_on, retention.keep):
        return "past"
    if retention.use is not None and today >= years_after(reported_on, retention.use):
        return "store_only"  # PIPL art. 47: the purpose has ended, the term of law has not
    return "in_use"


def cutoffs(catalogue: Catalogue, parameters: Iterable[Parameter], today: date) -> dict[str, date]:
    """For each dataset whose files have an end: what was reported on this day or before is kept no longer."""
    known = list(parameters)
    kept = {name: retention_of(dataset, known, today).keep for name, dataset in catalogue.datasets.items()}
    return {name: years_after(today, -years) for name, years in kept.items() if years is not None}


def identity_cutoffs(catalogue: Catalogue, parameters: Iterable[Parameter], today: date) -> dict[str, date]:
    """For each dataset with an end: whom it named last on this day or before, it needs no longer.

    `*`, if every dataset with such numbers has an end: the same for names from before it was noted who gave them.
    """
    known = list(parameters)
    personal = [one for one in catalogue.datasets.values() if any(item.sensitivity == "P3" for item in one.items)]
    kept = {one.dataset: _nearest(_IDENTITY, one, known, today).value for one in personal}
    ends = {name: years_after(today, -years) for name, years in kept.items() if years is not None}
    return ends | ({_ANY: min(ends.values())} if ends and len(ends) == len(kept) else {})


def years_after(day: date, years: int) -> date:
    """The same day of another year; the last of February for a day that is not there."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _nearest(code: str, dataset: Dataset, parameters: list[Parameter], on: date) -> Parameter:
    for name in (f"{code}.{dataset.dataset}", f"{code}.{dataset.measure}", code):
        valid = [each for each in parameters if each.code == name and each.valid_from <= on]
        if valid:
            return max(valid, key=lambda each: each.valid_from)
    raise LookupError(f"there is no {code} that holds on {on}")
