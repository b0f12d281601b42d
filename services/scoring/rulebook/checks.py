"""Whether a book agrees with itself: every fault, not the first alone. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from services.scoring.rulebook.book import Rulebook
from services.scoring.rulebook.entries import Indicator, Parameter, features_of
from services.scoring.rulebook.faults import Fault
from services.scoring.rulebook.features import Dataset, Feature
from services.scoring.rules import LEVELS

# A horizon is this much farther than what any feature looks at.
_MARGIN_MONTHS = 1
_DAYS_A_MONTH = 31

# Columns that every frame has beside the items.
RESERVED = {"subject", "dataset", "key", "source_time", "reported", "receipt_id", "row_no", "agency", "time"}


def faults(book: Rulebook) -> Iterator[Fault]:
    """What contradicts itself in a book; nothing when it may be used."""
    for dataset in book.datasets.values():
        if taken := RESERVED & set(dataset.items):
            yield Fault(dataset.dataset, f"an item cannot be called {_listed(taken)}")
    for feature in book.measured:
        yield from _of_feature(feature, book)
    known = {each.code for page in (book.measured, book.derived, book.built) for each in page}
    for built in book.built:
        yield from _unknown(built.code, set(built.datasets), set(book.datasets))
    for derived in book.derived:
        yield from _unknown(derived.code, set(derived.of), known)
    for indicator in book.indicators:
        yield from _of_indicator(indicator, known, set(book.datasets))
    for entries in (book.indicators, book.parameters):
        yield from _of_days(entries)


def _of_days(entries: Sequence[Indicator] | Sequence[Parameter]) -> Iterator[Fault]:
    """Of one code, one entry holds on a day: a law that changes is an entry that ends and another that begins."""
    by_code: dict[str, list[Indicator | Parameter]] = {}
    for entry in entries:
        by_code.setdefault(entry.code, []).append(entry)
    for code, given in by_code.items():
        for before, after in pairwise(sorted(given, key=lambda each: each.valid_from)):
            if before.valid_to is None or before.valid_to >= after.valid_from:
                yield Fault(code, f"two of it hold on {after.valid_from}")


def _of_feature(feature: Feature, book: Rulebook) -> Iterator[Fault]:
    if feature.dataset not in book.datasets:
        yield from _unknown(feature.code, {feature.dataset}, set(book.datasets))
        return
    dataset = book.datasets[feature.dataset]
    if _looks_too_far(feature, dataset):
        yield Fault(feature.code, f"looks beyond the horizon of {dataset.dataset}")
    items = {where.item for where in feature.where} | set(feature.term or ())
    items |= {feature.item} if feature.item else set()
    yield from _unknown(feature.code, items, set(dataset.items))


def _looks_too_far(feature: Feature, dataset: Dataset) -> bool:
    """A horizon may hide nothing that a feature looks at, nor a name."""
    if dataset.horizon_months is None:
        return False
    months = feature.months if feature.days is None else feature.days // _DAYS_A_MONTH + 1
    # The newest report keeps an event feed's silence a zero; a state feed's oldest report says that it is known.
    days_hide = feature.days is not None and dataset.kind == "state"
    return bool(dataset.profile) or days_hide or months is None or months + _MARGIN_MONTHS > dataset.horizon_months


def _of_indicator(indicator: Indicator, features: set[str], datasets: set[str]) -> Iterator[Fault]:
    try:
        named = {name for tier in indicator.tiers for name in features_of(tier)}
    except ValueError as error:
        yield Fault(indicator.code, f"its sentence cannot be read: {error}")
        return
    yield from _unknown(indicator.code, named, features)
    yield from _unknown(indicator.code, set(indicator.datasets), datasets)
    if indicator.kind == "data_quality" and any(tier.points or tier.floor for tier in indicator.tiers):
        yield Fault(indicator.code, "what speaks of the data gives no points and no colour")
    weights = [(tier.points, LEVELS.index(tier.floor or "none")) for tier in indicator.tiers]
    # Rising in both, so that a graver state can never count for less.
    if any(after[0] < before[0] or after[1] < before[1] for before, after in pairwise(weights)):
        yield Fault(indicator.code, "its steps must rise in points and floor")


def _unknown(code: str, wanted: set[str], known: set[str]) -> Iterator[Fault]:
    if missing := wanted - known:
        yield Fault(code, f"nothing is called {_listed(missing)}")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
