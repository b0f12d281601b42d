"""A book from its pages: read entry by entry, so that every entry that cannot be read is named."""

import hashlib
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any, NamedTuple, TypeVar

import msgspec

from services.scoring.rulebook import checks
from services.scoring.rulebook.book import Rulebook
from services.scoring.rulebook.entries import Indicator, NotYet, Parameter
from services.scoring.rulebook.faults import BadBook, Fault
from services.scoring.rulebook.features import Built, Dataset, Derived, Feature

PAGES = ("datasets", "features", "indicators", "parameters")
# The shipped book has some ten thousand values: one that is ten times as large is no book (or an alias of aliases).
_MOST_VALUES = 100_000
_FEATURES = ("measured", "derived", "built")
_DATES = (datetime, date)

T = TypeVar("T")


class Pages(NamedTuple):
    """The four pages of a book, as YAML in UTF-8."""

    datasets: bytes
    features: bytes
    indicators: bytes
    parameters: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the pages, hex."""
        return hashlib.sha256(b"\0".join(self)).hexdigest()

    @property
    def version(self) -> str:
        """What the book of these pages is called: same pages, same version."""
        return f"2026.11-{self.digest[:10]}"


def parse(datasets: bytes, features: bytes, indicators: bytes, parameters: bytes) -> Rulebook:
    """A book from its four pages (YAML). BadBook (a ValueError) names everything that is wrong."""
    return read(Pages(datasets, features, indicators, parameters))


def read(pages: Pages) -> Rulebook:
    """A book from its pages. BadBook (a ValueError) names everything that is wrong."""
    wrong: list[Fault] = []
    groups = _groups(_raw("features", pages.features, wrong), wrong)
    datasets = _entries("datasets", _raw("datasets", pages.datasets, wrong), Dataset, wrong)
    book = Rulebook(
        version=pages.version,
        datasets={each.dataset: each for each in datasets},
        measured=_entries("features.measured", groups["measured"], Feature, wrong),
        derived=_entries("features.derived", groups["derived"], Derived, wrong),
        built=_entries("features.built", groups["built"], Built, wrong),
        indicators=_entries("indicators", _raw("indicators", pages.indicators, wrong), Indicator, wrong),
        parameters=_entries("parameters", _raw("parameters", pages.parameters, wrong), Parameter, wrong),
    )
    # What an unreadable entry would have brought is missing everywhere: the faults of the rest would mislead.
    if wrong := wrong or list(checks.faults(book)):
        raise BadBook(wrong)
    return book


@cache
def shipped() -> Rulebook:
    """The book that is in the package."""
    return read(shipped_pages())


@cache
def shipped_pages() -> Pages:
    """The pages that are in the package."""
    folder = resources.files("services.scoring") / "data"
    return Pages(*((folder / f"{page}.yaml").read_bytes() for page in PAGES))


def not_yet() -> tuple[NotYet, ...]:
    """The indicators of the domain that the shipped book does not hold: for the documents."""
    text = (resources.files("services.scoring") / "data" / "not_yet.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=tuple[NotYet, ...])


def _raw(page: str, text: bytes, wrong: list[Fault]) -> Any:
    """A page's plain values; None, and a fault, where it is no YAML or too large."""
    try:
        plain = msgspec.yaml.decode(text)
    except (msgspec.DecodeError, ValueError) as error:
        wrong.append(Fault(page, f"is no YAML: {error}"))
        return None
    if _is_too_large(plain):
        wrong.append(Fault(page, f"holds more than {_MOST_VALUES} values"))
        return None
    return plain


def _is_too_large(plain: Any) -> bool:
    """Whether there are more values than any book has, aliases counted as often as they are named."""
    count, left = 0, [plain]
    while left and count <= _MOST_VALUES:
        value = left.pop()
        count += 1
        if isinstance(value, dict):
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return count > _MOST_VALUES


def _groups(plain: Any, wrong: list[Fault]) -> dict[str, Any]:
    """The three lists of the features' page."""
    if plain is None:
        return dict.fromkeys(_FEATURES)
    if not isinstance(plain, dict) or not set(plain) <= set(_FEATURES):
        wrong.append(Fault("features", f"must hold {', '.join(_FEATURES)} and nothing else"))
        return {name: [] for name in _FEATURES}
    return {name: plain.get(name, []) for name in _FEATURES}


def _entries(page: str, plain: Any, kind: type[T], wrong: list[Fault]) -> tuple[T, ...]:
    """The entries of a list that can be read; a fault for each that cannot."""
    if not isinstance(plain, list):
        if plain is not None or not wrong:
            wrong.append(Fault(page, "must be a list of entries"))
        return ()
    found = []
    for place, raw in enumerate(plain):
        try:
            found.append(msgspec.convert(raw, kind, builtin_types=_DATES))
        except (msgspec.ValidationError, ValueError) as error:
            wrong.append(Fault(_name(page, place, raw), str(error)))
    return tuple(found)


def _name(page: str, place: int, raw: Any) -> str:
    code = (raw.get("code") or raw.get("dataset")) if isinstance(raw, dict) else None
    return code if isinstance(code, str) else f"{page}[{place}]"
