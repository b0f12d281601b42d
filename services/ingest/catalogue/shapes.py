"""What a sender relies on in a dataset: which records it takes, and what it makes of them. Labels are no part of it."""

from typing import Any

import msgspec

from services.ingest.catalogue.definitions import Dataset, Item, SubjectKind


class ItemShape(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One item. `lowest`, `highest`: the bound as text, with `>` before one that is itself refused.

    `words`: every accepted word of an enumeration and the value that it stands for. `relations`: checks against other
    items, as `at_most balance`.
    """

    type: str
    required: bool = False
    required_when: str | None = None
    lowest: str | None = None
    highest: str | None = None
    relations: tuple[str, ...] = ()
    words: dict[str, str] = {}
    open: bool = False
    tolerant: tuple[str, ...] = ()
    sensitivity: str = "P1"
    seal: str | None = None
    unit: str | None = None


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dataset: its items by name, and what makes a record of it."""

    items: dict[str, ItemShape]
    key: tuple[str, ...]
    source_time: tuple[str, ...]
    subject_kind: SubjectKind
    subject_item: str | None
    subject_name: str | None
    providers: str


def shape_of(dataset: Dataset) -> Shape:
    """The shape of a dataset as it stands in the catalogue."""
    return Shape(
        items={item.item: _item(item) for item in dataset.items},
        key=dataset.key,
        source_time=dataset.source_time,
        subject_kind=dataset.subject.kind,
        subject_item=dataset.subject.item,
        subject_name=dataset.subject.name,
        providers=dataset.providers,
    )


def _item(item: Item) -> ItemShape:
    return ItemShape(
        type=item.type,
        required=item.required,
        required_when=_condition(item),
        lowest=_lowest(item),
        highest=None if item.max is None else str(item.max),
        relations=_relations(item),
        words={word: choice.value for choice in item.values for word in (*choice.also, choice.zh, choice.value)},
        open=item.open,
        tolerant=tuple(name for name in ("dirty", "zero_pad") if getattr(item, name)),
        sensitivity=item.sensitivity,
        seal=item.seal,
        unit=item.unit,
    )


def _condition(item: Item) -> str | None:
    when = item.required_when
    if when is None or item.required:
        return None
    return f"{when.item} is {when.equals}" if when.equals is not None else f"{when.item} is not {when.differs}"


def _lowest(item: Item) -> str | None:
    """The narrower of `min` and `above`: of two at the same number, the one that refuses it."""
    if item.above is not None and (item.min is None or item.above >= item.min):
        return f">{item.above}"
    return None if item.min is None else str(item.min)


def _relations(item: Item) -> tuple[str, ...]:
    given: dict[str, Any] = {"at_most": item.at_most, "not_before": item.not_before}
    if item.difference:
        given["difference"] = " - ".join(item.difference)
    return tuple(f"{name} {other}" for name, other in given.items() if other)
