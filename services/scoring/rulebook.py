"""The rules as data: which items of a dataset count, what features they give, and which indicators those trigger.

Everything a person may want to change is in `data/*.yaml`: thresholds, points, floors, sentences, legal anchors and the
dates between which they hold. A book is read and checked whole; a book that contradicts itself is refused.
"""

import hashlib
from datetime import date
from functools import cache
from importlib import resources
from itertools import pairwise
from string import Formatter
from typing import Any, Literal

import msgspec

from services.scoring.rules import LEVELS, Level, Scale

ItemType = Literal["money", "int", "dec", "bool", "date", "datetime", "month", "enum", "text", "set"]
Family = Literal["utilities", "tax_si", "court", "market", "complaints", "project_pay"]
Scored = Literal["employer", "project"]
Kind = Literal["wage", "data_quality"]

# A horizon is this much farther than what any feature looks at.
_MARGIN_MONTHS = 1
_DAYS_A_MONTH = 31

# Columns that every frame has beside the items.
RESERVED = {"subject", "dataset", "key", "source_time", "reported", "receipt_id", "row_no", "agency", "time"}


class Alias(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows that name their project only through another dataset: an account, a payroll."""

    kind: Literal["account", "payroll"]
    item: str
    via: str


class Dataset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What scoring reads of a dataset.

    `kind`: a `state` feed reports each subject again and again, so silence about it is "not known"; an `event` feed
    reports only what happened, so silence while the feed lives is zero (by months: about a month that it told of).
    `time` names the items that date a row (else its source time); `unit` splits a subject's rows (a meter, a tax);
    `keyed_by_subject`: a record of it cannot move to another subject. `horizon_months`: a record whose newest source
    time lies more months back than this stays in the store; without it all count. `folded`: what our own folding adds.
    """

    dataset: str
    title_zh: str
    title_en: str
    family: Family | None = None
    kind: Literal["state", "event"]
    subject: Scored = "employer"
    cycle_days: int
    items: dict[str, ItemType]
    period: str | None = None
    unit: str | None = None
    time: tuple[str, ...] = ()
    profile: dict[str, str] = {}
    subject_item: str | None = None
    alias: Alias | None = None
    keyed_by_subject: bool = False
    horizon_months: int | None = None
    folded: dict[str, ItemType] = {}


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition on an item of a row."""

    item: str
    op: Literal["gt", "ge", "lt", "le", "eq", "ne", "any_of", "contains", "has", "empty"]
    value: Any = None


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A number about a subject at a time, made of the rows of one dataset.

    Rows: those of the last `months` (by period) or `days` (by time), of each unit all or the `latest` period, that meet
    `where`. Then `agg` over `item`: `run` counts the unbroken months up to the latest, `change` compares with `lag`
    months before, `drop` compares usage with the own median and with last year over `span` months.
    """

    code: str
    title_zh: str
    title_en: str
    dataset: str
    agg: Literal["count", "sum", "max", "distinct", "months", "run", "change", "drop"]
    item: str | None = None
    pick: Literal["all", "latest"] = "all"
    months: int | None = None
    days: int | None = None
    where: tuple[Where, ...] = ()
    lag: int = 1
    span: int = 1
    relative: bool = False


class Derived(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A number made of other features: the greatest, a difference, or a ratio (of `scale` times the second)."""

    code: str
    title_zh: str
    title_en: str
    op: Literal["greatest", "minus", "ratio"]
    of: tuple[str, str]
    scale: int = 1


class Built(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A number that joins several datasets, worked out in `projects.py`."""

    code: str
    title_zh: str
    title_en: str
    datasets: tuple[str, ...]


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A comparison of a feature with a threshold. A missing feature meets no condition."""

    feature: str
    op: Literal["gt", "ge", "lt", "le", "eq"]
    value: int | float


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A step of an indicator: all conditions met give these points, this floor, and this sentence."""

    when: tuple[Condition, ...]
    points: int = 0
    floor: Level | None = None
    zh: str
    en: str


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule: steps in rising order; the gravest that is met counts. `tag` is the evidence tag of domain.md.

    kind: `wage` speaks of wages and counts for the level; `data_quality` speaks of the data, and never does.
    """

    code: str
    kind: Kind = "wage"
    title_zh: str
    title_en: str
    subject: Scored
    family: Family
    datasets: tuple[str, ...]
    tiers: tuple[Tier, ...]
    article: str
    tag: Literal["V", "P", "D", "M"]
    source: str
    valid_from: date
    valid_to: date | None = None
    version: int
    author: str
    needs_other: bool = False


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A number that rules use, in force between two dates, with where it comes from and whether that was checked."""

    code: str
    value: int
    valid_from: date
    valid_to: date | None = None
    region: str = "330110"
    tag: Literal["V", "P", "D", "M"]
    source: str
    verified: bool


class _Features(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    measured: tuple[Feature, ...]
    derived: tuple[Derived, ...] = ()
    built: tuple[Built, ...] = ()


class Rulebook(msgspec.Struct, frozen=True):
    """A whole set of rules. `version` names its content: same version, same answers."""

    version: str
    datasets: dict[str, Dataset]
    measured: tuple[Feature, ...]
    derived: tuple[Derived, ...]
    built: tuple[Built, ...]
    indicators: tuple[Indicator, ...]
    parameters: tuple[Parameter, ...]

    def in_force(self, today: date, subject: Scored, kind: Kind = "wage") -> tuple[Indicator, ...]:
        """The indicators of a kind of subject that hold on a day: those that count for the level, or those of data."""
        wanted = (each for each in self.indicators if (each.subject, each.kind) == (subject, kind))
        return tuple(each for each in wanted if _holds(each, today))

    def parameter(self, code: str, today: date) -> int:
        """A parameter's value on a day; KeyError when none is in force."""
        values = [each.value for each in self.parameters if each.code == code and _holds(each, today)]
        if not values:
            raise KeyError(f"no parameter {code} is in force on {today}")
        return values[-1]

    def scale(self, today: date) -> Scale:
        """The grading of 5.4 as it holds on a day."""
        return Scale(
            bands={level: self.parameter(f"band_{level}", today) for level in LEVELS[1:]},
            family_cap=self.parameter("family_cap", today),
            families_for_orange=self.parameter("families_for_orange", today),
            family_window_days=self.parameter("family_window_days", today),
            most_points=self.parameter("most_points", today),
        )

    def of_subject(self, subject: Scored) -> dict[str, Dataset]:
        """The datasets that tell about a kind of subject."""
        return {code: each for code, each in self.datasets.items() if each.subject == subject}


def _holds(rule: Indicator | Parameter, today: date) -> bool:
    return rule.valid_from <= today and (rule.valid_to is None or today <= rule.valid_to)


def parse(datasets: bytes, features: bytes, indicators: bytes, parameters: bytes) -> Rulebook:
    """A book from its four pages (YAML). msgspec.ValidationError or ValueError names what is wrong."""
    page = msgspec.yaml.decode(features, type=_Features)
    digest = hashlib.sha256(b"\0".join((datasets, features, indicators, parameters))).hexdigest()
    book = Rulebook(
        version=f"2026.11-{digest[:10]}",
        datasets={each.dataset: each for each in msgspec.yaml.decode(datasets, type=tuple[Dataset, ...])},
        measured=page.measured,
        derived=page.derived,
        built=page.built,
        indicators=msgspec.yaml.decode(indicators, type=tuple[Indicator, ...]),
        parameters=msgspec.yaml.decode(parameters, type=tuple[Parameter, ...]),
    )
    _check(book)
    return book


@cache
def shipped() -> Rulebook:
    """The book that is in the package."""
    pages = resources.files("services.scoring") / "data"
    return parse(
        *((pages / f"{page}.yaml").read_bytes() for page in ("datasets", "features", "indicators", "parameters"))
    )


def features_of(tier: Tier) -> tuple[str, ...]:
    """The features that a step compares or prints, each once."""
    printed = [name for text in (tier.zh, tier.en) for _, name, _, _ in Formatter().parse(text) if name]
    return tuple(dict.fromkeys([condition.feature for condition in tier.when] + printed))


def _check(book: Rulebook) -> None:
    for dataset in book.datasets.values():
        if taken := RESERVED & set(dataset.items):
            raise ValueError(f"{dataset.dataset}: an item cannot be called {', '.join(sorted(taken))}")
    for feature in book.measured:
        _check_feature(feature, book)
    known = {code for page in (book.measured, book.derived, book.built) for code in (each.code for each in page)}
    for derived in book.derived:
        _must_know(derived.code, set(derived.of), known)
    for indicator in book.indicators:
        _check_indicator(indicator, known, set(book.datasets))


def _check_feature(feature: Feature, book: Rulebook) -> None:
    _must_know(feature.code, {feature.dataset}, set(book.datasets))
    _must_lie_within(feature, book.datasets[feature.dataset])
    items = {where.item for where in feature.where} | ({feature.item} if feature.item else set())
    _must_know(feature.code, items, set(book.datasets[feature.dataset].items))


def _must_lie_within(feature: Feature, dataset: Dataset) -> None:
    """A horizon may hide nothing that a feature looks at, nor a name."""
    if dataset.horizon_months is None:
        return
    months = feature.months if feature.days is None else feature.days // _DAYS_A_MONTH + 1
    # The newest report keeps an event feed's silence a zero; a state feed's oldest report says that it is known.
    days_hide = feature.days is not None and dataset.kind == "state"
    if dataset.profile or days_hide or months is None or months + _MARGIN_MONTHS > dataset.horizon_months:
        raise ValueError(f"{feature.code}: looks beyond the horizon of {dataset.dataset}")


def _check_indicator(indicator: Indicator, features: set[str], datasets: set[str]) -> None:
    _must_know(indicator.code, {name for tier in indicator.tiers for name in features_of(tier)}, features)
    _must_know(indicator.code, set(indicator.datasets), datasets)
    if indicator.kind == "data_quality" and any(tier.points or tier.floor for tier in indicator.tiers):
        raise ValueError(f"{indicator.code}: what speaks of the data gives no points and no colour")
    weights = [(tier.points, LEVELS.index(tier.floor or "none")) for tier in indicator.tiers]
    # Rising in both, so that a graver state can never count for less.
    if any(after[0] < before[0] or after[1] < before[1] for before, after in pairwise(weights)):
        raise ValueError(f"{indicator.code}: its steps must rise in points and floor")


def _must_know(code: str, wanted: set[str], known: set[str]) -> None:
    if missing := wanted - known:
        raise ValueError(f"{code}: nothing is called {', '.join(sorted(missing))}")
