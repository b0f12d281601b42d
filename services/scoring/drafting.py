"""Whether a drafted book can be used: beyond agreeing with itself, it is tried on one made-up subject. Pure.

A book that would fail over a real record, or whose sentence cannot be said, is refused here, with everything named.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from string import Formatter
from typing import Any

import polars as pl

from services.scoring import features, indicators
from services.scoring.features import Features
from services.scoring.frames import FEEDS, VERSIONS, Facts, bodies, gather
from services.scoring.rulebook import Fault, Indicator, ItemType, Parameter, Rulebook, Scored, Tier, Where, shipped
from services.scoring.rules import LEVELS
from services.scoring.words import Sentence
from shared.clock import local_date

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
# As numbers are printed, or a number before the word that fits it (words.Sentence).
_FORMAT = re.compile(r",?(\.[0-6])?[df%]?|[a-z][a-z -]*\|[a-z][a-z -]*")
_MOST_POINTS = 100
_MOST_TEXT = 500
# Polars' own panic is no Exception: a wrong type deep in an expression ends in one.
_FAILS = (Exception, pl.exceptions.PanicException)
_LIKE: Mapping[ItemType, str] = {
    "money": "120.50",
    "int": "3",
    "dec": "0.5",
    "bool": "true",
    "enum": "other",
    "text": "text",
    "set": "one,two",
}
_NUMBERS: tuple[ItemType, ...] = ("money", "int", "dec")
_LISTS: Mapping[str, tuple[ItemType, ...]] = {"any_of": ("enum", "text"), "contains": ("enum", "text"), "has": ("set",)}
_ITEMS: Mapping[str, tuple[tuple[ItemType, ...], str]] = {
    "age": (("date", "month"), "only a date or a month has an age"),
    "until": (("date",), "only to a date are days left"),
    "newest": (_NUMBERS, "newest takes a number: money, int or dec"),
}
_PLAIN: Mapping[ItemType, type | tuple[type, ...]] = {
    **dict.fromkeys(_NUMBERS, (int, float)),
    "bool": bool,
    "enum": str,
    "text": str,
}
_SAMPLES: Mapping[type[pl.DataType], Any] = {
    pl.Float64: 0.5,
    pl.Decimal: Decimal("1.50"),
    pl.String: "text",
    pl.Date: date(2026, 1, 1),
    pl.Boolean: True,
}


def faults(book: Rulebook, at: datetime) -> list[Fault]:
    """Everything that is wrong with a book that agrees with itself; nothing when it may be used from then on."""
    found = [
        *_of_codes(book),
        *_of_conditions(book),
        *_of_parameters(book, at),
        *of_release(book),
        *of_entries(book),
    ]
    # What is missing altogether would fail everywhere, and hide what else is wrong.
    return found or list(_of_trial(book, at))


def _of_codes(book: Rulebook) -> Iterator[Fault]:
    codes = [each.code for page in (book.measured, book.derived, book.built) for each in page]
    # An indicator of a law that changes stands there once for each time (rulebook/checks.py).
    for code in sorted({*codes, *(each.code for each in book.indicators)}):
        if not _CODE.fullmatch(code):
            yield Fault(code, "a code is a letter, then letters, digits and _, at most 64")
        if codes.count(code) > 1:
            yield Fault(code, "stands more than once")


def _of_conditions(book: Rulebook) -> Iterator[Fault]:
    """A value of another kind than its item is met by nobody, or breaks the comparison."""
    for feature in book.measured:
        items = book.datasets[feature.dataset].items
        kinds, reason = _ITEMS.get(feature.agg, ((), ""))
        if kinds and (feature.item is None or items[feature.item] not in kinds):
            yield Fault(feature.code, reason)
        if any(items[day] != "date" for day in feature.term or ()):
            yield Fault(feature.code, "a term is from one date to another")
        for where in feature.where:
            if not _fits(where, items[where.item]):
                yield Fault(
                    feature.code, f"{where.item} {where.op} {where.value!r}: not how {items[where.item]} compares"
                )


def _fits(where: Where, kind: ItemType) -> bool:
    if where.op == "empty":
        return where.value is None
    if where.op in _LISTS:
        is_list = isinstance(where.value, list) and all(isinstance(each, str) for each in where.value)
        return kind in _LISTS[where.op] and is_list and bool(where.value)
    if where.op in ("eq", "ne"):
        return isinstance(where.value, _PLAIN.get(kind, ())) and (kind == "bool" or not isinstance(where.value, bool))
    return kind in _NUMBERS and isinstance(where.value, int | float) and not isinstance(where.value, bool)


def _of_parameters(book: Rulebook, at: datetime) -> Iterator[Fault]:
    """What the rules ask for must be in force, and the colours must rise."""
    today = local_date(at)
    values: dict[str, int] = {}
    for code in dict.fromkeys(each.code for each in shipped().parameters):
        try:
            values[code] = book.parameter(code, today)
        except KeyError:
            yield Fault(code, f"no such parameter is in force on {today}")
    yield from (Fault(each.code, "must not be negative") for each in book.parameters if each.value < 0)
    bands = [values.get(f"band_{level}", 0) for level in LEVELS[1:]]
    if bands != sorted(set(bands)):
        yield Fault("band_blue", "the colours must rise: blue < yellow < orange < red")


def of_release(book: Rulebook) -> Iterator[Fault]:
    """What this release's code works out: the datasets and items that it reads must be there, and no other can be."""
    ours = {each.code for each in shipped().built}
    for built in book.built:
        if built.code not in ours:
            yield Fault(built.code, "is worked out by code: a new one comes with a release")
    for code, dataset in shipped().datasets.items():
        if any(code in built.datasets for built in shipped().built):
            yield from _of_missing(book, code, dataset.items | dataset.folded)


def _of_missing(book: Rulebook, code: str, items: Mapping[str, ItemType]) -> Iterator[Fault]:
    if code not in book.datasets:
        yield Fault(code, "code works with this dataset: it must stay")
        return
    there = book.datasets[code].items | book.datasets[code].folded
    for item, kind in items.items():
        if there.get(item) != kind:
            yield Fault(code, f"code works with its item {item} ({kind}): it must stay")


def of_entries(book: Rulebook) -> Iterator[Fault]:
    """What is wrong with single indicators and parameters, without trying them."""
    for indicator in book.indicators:
        yield from _of_indicator(indicator)
    entries: tuple[Indicator | Parameter, ...] = (*book.indicators, *book.parameters)
    for entry in entries:
        if not entry.source.strip():
            yield Fault(entry.code, "must say its source")
        if entry.valid_to and entry.valid_to < entry.valid_from:
            yield Fault(entry.code, "ends before it begins")
        if isinstance(entry, Parameter) and entry.verified and entry.tag in ("D", "M"):
            yield Fault(entry.code, f"an entry tagged {entry.tag} is not verified")


def _of_indicator(indicator: Indicator) -> Iterator[Fault]:
    for name in ("title_zh", "title_en", "article", "author"):
        if not getattr(indicator, name).strip():
            yield Fault(indicator.code, f"must say its {name}")
    if not indicator.tiers:
        yield Fault(indicator.code, "must have a step")
    for number, tier in enumerate(indicator.tiers, 1):
        yield from (Fault(indicator.code, f"step {number}: {reason}") for reason in _wrong_with(tier))


def _wrong_with(tier: Tier) -> Iterator[str]:
    if not tier.when:
        yield "must have a condition"
    if not 0 <= tier.points <= _MOST_POINTS:
        yield f"points lie between 0 and {_MOST_POINTS}"
    for text in (tier.zh, tier.en):
        if not 0 < len(text.strip()) <= _MOST_TEXT:
            yield f"its sentence has 1 to {_MOST_TEXT} characters, in Chinese and in English"
        for _, name, spec, conversion in Formatter().parse(text):
            if name is not None and (conversion or not _FORMAT.fullmatch(spec or "")):
                yield f"{{{name}:{spec}}} is no way to print a figure"


def _of_trial(book: Rulebook, at: datetime) -> Iterator[Fault]:
    kinds: tuple[Scored, ...] = ("employer", "project")
    for kind in kinds:
        try:
            facts = a_subject(book, kind, at)
        except _FAILS as error:
            yield Fault("datasets", f"cannot be read: {_said(error)}")
            continue
        wrong = list(_of_measured(facts, book, kind))
        yield from wrong or _of_rules(facts, book, kind)


def _of_measured(facts: Facts, book: Rulebook, kind: Scored) -> Iterator[Fault]:
    datasets = book.of_subject(kind)
    for feature in book.measured:
        if feature.dataset in datasets:
            yield from _tried(feature.code, partial(features.measure, facts, feature, datasets[feature.dataset]))


def _of_rules(facts: Facts, book: Rulebook, kind: Scored) -> Iterator[Fault]:
    try:
        found = indicators.features_at(facts, book, kind)
    except _FAILS as error:
        yield Fault("features", f"cannot be worked out: {_said(error)}")
        return
    for indicator in book.indicators:
        if indicator.subject == kind:
            yield from _tried(indicator.code, partial(_assess, found, indicator, book, facts.today))


def _assess(found: Features, indicator: Indicator, book: Rulebook, today: date) -> None:
    indicators.signals(found.values, [indicator])
    samples = {code: _SAMPLES.get(type(kind), 1) for code, kind in found.values.schema.items()}
    for tier in indicator.tiers:
        for text in (tier.zh, tier.en):
            Sentence().vformat(text, (), samples)
    book.scale(today)


def _tried(code: str, attempt: Callable[[], object]) -> Iterator[Fault]:
    try:
        attempt()
    except _FAILS as error:
        yield Fault(code, f"cannot be worked out: {_said(error)}")


def _said(error: BaseException) -> str:
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return f"{type(error).__name__}: {first}"[:300]


def a_subject(book: Rulebook, kind: Scored, at: datetime) -> Facts:
    """A made-up subject that has two months of records in every dataset."""
    datasets = book.of_subject(kind)
    rows = [
        _row(kind, code, dataset.items, at - timedelta(days=32 * back))
        for code, dataset in datasets.items()
        for back in (0, 1)
    ]
    feeds = [
        {"dataset": code, "agency": "a", "oldest": at - timedelta(days=400), "reported_at": at} for code in datasets
    ]
    return gather(
        ["1"], pl.DataFrame(rows, schema=VERSIONS, orient="row"), pl.DataFrame(feeds, schema=FEEDS), datasets, at
    )


def _row(kind: Scored, code: str, items: Mapping[str, ItemType], at: datetime) -> dict[str, Any]:
    day = f"{local_date(at)}"
    dated = {"date": day, "datetime": at.isoformat(), "month": day[:7]}
    body = {item: [dated.get(each) or _LIKE[each]] for item, each in items.items()}
    origin = {"key": day, "source_time": at, "reported_at": at, "receipt_id": "r", "row_no": 1, "agency": "a"}
    return {
        "subject_kind": kind,
        "subject": "1",
        "dataset": code,
        "body": bodies(pl.DataFrame(body) if body else pl.DataFrame(height=1))[0],
        **origin,
    }
