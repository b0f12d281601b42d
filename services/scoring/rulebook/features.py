"""What a book says of datasets and of the features that are made of them."""

from typing import Any, Literal

import msgspec

ItemType = Literal["money", "int", "dec", "bool", "date", "datetime", "month", "enum", "text", "set"]
Family = Literal["utilities", "tax_si", "court", "market", "complaints", "project_pay"]
Scored = Literal["employer", "project"]
# What comes of rows alone, never of silence: nobody's balance is zero because nothing was told of it.
NEVER_OF_SILENCE = ("change", "drop", "until", "newest")


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

    Rows: those of the last `months` (by period) or `days` (by time, none to come), of each unit all or the `latest`
    period, that meet `where` and whose `term` (the items of its first and last day; no date: no bound) holds today.
    Then `agg` over `item`: `run` counts the unbroken months up to the latest, `change` compares with `lag` months
    before, `drop` compares usage with the own median and with last year over `span` months: of units that have told of
    the newest month that all usual ones have told of.
    `age` counts the days since the earliest `item` (a date, or the first of a month); a day to come is none.
    `until` counts the days left to the earliest `item` (a date); one that has passed counts below zero. `newest` takes
    `item` of the newest row of each unit, days to come aside, and adds the units up; one that does not say makes all of
    it unknown. Of these two, as of `change` and `drop`, silence is never zero.
    """

    code: str
    title_zh: str
    title_en: str
    dataset: str
    agg: Literal["count", "sum", "max", "distinct", "months", "run", "change", "drop", "age", "until", "newest"]
    item: str | None = None
    pick: Literal["all", "latest"] = "all"
    months: int | None = None
    days: int | None = None
    where: tuple[Where, ...] = ()
    term: tuple[str, str] | None = None
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
