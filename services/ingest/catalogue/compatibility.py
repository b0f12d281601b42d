"""Whether a dataset's new shape still takes every record that its old one took, and means the same by it.

Compatible: an optional item more, a longer text, a wider bound, a word more, a check less. Everything else breaks
somebody's nightly export, or changes what is read from it, and is a new major version.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from services.ingest.catalogue.shapes import ItemShape, Shape

_TOLD = {
    "item_added": ("新增可选数据项", "an optional item was added"),
    "type_widened": ("长度或精度放宽", "a length or precision was widened"),
    "made_optional": ("由必填改为选填", "is required no longer"),
    "condition_dropped": ("取消条件必填", "is required under a condition no longer"),
    "bound_widened": ("取值范围放宽", "a bound was widened"),
    "relation_dropped": ("取消与其他项的比较", "is compared with another item no longer"),
    "words_added": ("新增可接受的取值", "more words are accepted"),
    "opened": ("允许目录外取值", "takes words outside its list"),
    "tolerance_added": ("写法要求放宽", "is read more tolerantly"),
    "required_item_added": ("新增必填数据项", "a required item was added"),
    "item_removed": ("删除或改名数据项", "an item was removed or renamed"),
    "type_changed": ("类型改变或收窄", "a type was changed or narrowed"),
    "made_required": ("由选填改为必填", "became required"),
    "condition_changed": ("条件必填改变", "is required under another condition"),
    "bound_narrowed": ("取值范围收窄", "a bound was narrowed"),
    "relation_added": ("新增与其他项的比较", "is compared with another item"),
    "words_removed": ("取值被删除或改义", "words were removed or mean another value"),
    "closed": ("不再允许目录外取值", "takes no word outside its list any more"),
    "tolerance_dropped": ("写法要求收紧", "is read less tolerantly"),
    "sensitivity_changed": ("敏感级别改变", "its sensitivity was changed"),
    "unit_changed": ("计量单位改变", "its unit was changed"),
    "identity_changed": ("主键、主体、来源时间或提供方改变", "key, subject, source time or providers were changed"),
}
_COMPATIBLE = frozenset(
    {
        "item_added", "type_widened", "made_optional", "condition_dropped", "bound_widened", "relation_dropped",
        "words_added", "opened", "tolerance_added",
    }
)  # fmt: skip
_RESIZABLE = frozenset({"str", "dec"})


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One difference: `kind` of it, the item ("" for the dataset itself), and what stood there before and after."""

    kind: str
    item: str = ""
    before: str = ""
    after: str = ""

    @property
    def is_compatible(self) -> bool:
        return self.kind in _COMPATIBLE

    @property
    def zh(self) -> str:
        return f"{self.item or '数据集'}：{_TOLD[self.kind][0]}{self._detail('（', '）')}"

    @property
    def en(self) -> str:
        return f"{self.item or 'dataset'}: {_TOLD[self.kind][1]}{self._detail(' (', ')')}"

    def _detail(self, opening: str, closing: str) -> str:
        return f"{opening}{self.before or '-'} → {self.after or '-'}{closing}" if self.before or self.after else ""


def changes(old: Shape, new: Shape) -> tuple[Change, ...]:
    """Every difference between two shapes; none when they are the same."""
    return (*_identity(old, new), *_coming_and_going(old, new), *_within(old, new))


def _identity(old: Shape, new: Shape) -> Iterator[Change]:
    for name in ("key", "source_time", "subject_kind", "subject_item", "subject_name", "providers"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Change("identity_changed", "", f"{name} {_plain(before)}", f"{name} {_plain(after)}")


def _coming_and_going(old: Shape, new: Shape) -> Iterator[Change]:
    for name, item in old.items.items():
        if name not in new.items:
            yield Change("item_removed", name, item.type, "")
    for name, item in new.items.items():
        if name not in old.items:
            demanded = item.required or item.required_when
            yield Change("required_item_added" if demanded else "item_added", name, "", item.type)


def _within(old: Shape, new: Shape) -> Iterator[Change]:
    for name, before in old.items.items():
        after = new.items.get(name)
        if after is not None and after != before:
            for compare in (_type, _demand, _bounds, _relations, _words, _reading, _meaning):
                yield from (Change(*found) for found in compare(name, before, after))


_Found = Iterator[tuple[str, str, str, str]]


def _type(name: str, before: ItemShape, after: ItemShape) -> _Found:
    if before.type != after.type:
        kind = "type_widened" if _is_wider(before.type, after.type) else "type_changed"
        yield kind, name, before.type, after.type


def _is_wider(before: str, after: str) -> bool:
    """A longer text, or a decimal with as many places before and after the point, or more."""
    (kind, old), (other, new) = _sized(before), _sized(after)
    if kind != other or kind not in _RESIZABLE:
        return False
    if kind == "str":
        return new[0] >= old[0]
    return new[1] >= old[1] and new[0] - new[1] >= old[0] - old[1]


def _sized(type_: str) -> tuple[str, list[int]]:
    return re.sub(r"[\d.]+$", "", type_), [int(number) for number in re.findall(r"\d+", type_)]


def _demand(name: str, before: ItemShape, after: ItemShape) -> _Found:
    if before.required != after.required:
        # Required under a condition is still less than required always.
        yield "made_required" if after.required else "made_optional", name, "", ""
    elif before.required_when != after.required_when:
        kind = "condition_changed" if after.required_when else "condition_dropped"
        yield kind, name, before.required_when or "", after.required_when or ""


def _bounds(name: str, before: ItemShape, after: ItemShape) -> _Found:
    for old, new, sign in ((before.lowest, after.lowest, 1), (before.highest, after.highest, -1)):
        if old != new:
            is_narrower = new is not None and (old is None or _bound(new, sign) > _bound(old, sign))
            yield "bound_narrowed" if is_narrower else "bound_widened", name, old or "", new or ""


def _bound(text: str, sign: int) -> tuple[Decimal, bool]:
    """A bound so that the narrower one is the greater."""
    return sign * Decimal(text.removeprefix(">")), text.startswith(">")


def _relations(name: str, before: ItemShape, after: ItemShape) -> _Found:
    for gone in sorted(set(before.relations) - set(after.relations)):
        yield "relation_dropped", name, gone, ""
    for come in sorted(set(after.relations) - set(before.relations)):
        yield "relation_added", name, "", come


def _words(name: str, before: ItemShape, after: ItemShape) -> _Found:
    words = dict.fromkeys((*before.words, *after.words))
    meant = {word: (_meant(word, before), _meant(word, after)) for word in words}
    if lost := [word for word, (was, now) in meant.items() if was is not None and was != now]:
        yield "words_removed", name, ", ".join(lost), ""
    if won := [word for word, (was, now) in meant.items() if was is None and now is not None]:
        yield "words_added", name, "", ", ".join(won)
    if before.open != after.open:
        yield "opened" if after.open else "closed", name, "", ""


def _meant(word: str, item: ItemShape) -> str | None:
    """What a word is kept as; None when it is refused. An open list keeps what it does not know as it is."""
    return item.words.get(word, word if item.open else None)


def _reading(name: str, before: ItemShape, after: ItemShape) -> _Found:
    for gone in sorted(set(before.tolerant) - set(after.tolerant)):
        yield "tolerance_dropped", name, gone, ""
    for come in sorted(set(after.tolerant) - set(before.tolerant)):
        yield "tolerance_added", name, "", come


def _meaning(name: str, before: ItemShape, after: ItemShape) -> _Found:
    if (before.sensitivity, before.seal) != (after.sensitivity, after.seal):
        yield "sensitivity_changed", name, _class(before), _class(after)
    if before.unit != after.unit:
        yield "unit_changed", name, before.unit or "", after.unit or ""


def _class(item: ItemShape) -> str:
    return " ".join(filter(None, (item.sensitivity, item.seal)))


def _plain(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value or "-")
