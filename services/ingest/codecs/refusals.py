"""Why a file as a whole cannot be taken.

AnxinError 400
├── BadFile              it cannot be read: the position is told
│   └── NotInCharset     a byte that its charset does not have
├── BodyTooSlow 408      it did not arrive in time
├── UnknownItems 422     columns that the dataset does not have, by name
├── MissingColumns 422   required columns that the header does not have, by name
├── UnreadableColumns 422  columns whose type no item can have, by name
├── WrongThroughout 422  an item that has the wrong type in every row, by name
├── UnreadableType 415   a content type or encoding we do not read
├── FileTooLarge 413     the body, or what it unpacks to, is beyond the limit
└── RecordTooLarge 413   one record is larger than what is held of a file at once
"""

from collections import Counter

from services.ingest.catalogue import Dataset
from shared.errors import AnxinError, TooLarge, Unprocessable, UnsupportedMedia

_NAMED = 20


class BadFile(AnxinError):
    """The file cannot be read; `row` (1-based), `line`, `column` or `byte` (0-based) say where it breaks."""

    slug = "bad-file"
    title = "The file cannot be read"
    title_zh = "文件无法读取"


class NotInCharset(BadFile):
    """A `byte` (0-based) that the file's charset does not have."""


class BodyTooSlow(AnxinError):
    """The body did not arrive in time."""

    status = 408
    slug = "body-too-slow"
    title = "The body did not arrive in time"
    title_zh = "请求体未在规定时间内到达"


class UnknownItems(Unprocessable):
    """The file holds items that the dataset does not have."""

    slug = "unknown-items"
    title = "The file holds items that the dataset does not have"
    title_zh = "文件包含该数据集未定义的数据项"


class MissingColumns(Unprocessable):
    """The header lacks required items, so that no row could be accepted."""

    slug = "missing-columns"
    title = "The header lacks required items"
    title_zh = "表头缺少必填数据项"


class UnreadableColumns(Unprocessable):
    """Columns are nested, binary, or of another type that no item can have."""

    slug = "unreadable-columns"
    title = "Columns have a type that no item can have"
    title_zh = "列的类型不受支持"


class WrongThroughout(Unprocessable):
    """An item has the wrong type in every row: nothing of the file can be meant for this dataset."""

    slug = "wrong-type-throughout"
    title = "An item has the wrong type in every row"
    title_zh = "某数据项在所有行中类型均有误"


class UnreadableType(UnsupportedMedia):
    """A content type, charset or content encoding that is not read here."""


class FileTooLarge(TooLarge):
    """More bytes or more records than one request may carry."""


class RecordTooLarge(TooLarge):
    """One record (`row`, 1-based) is larger than what is held of a file at once."""

    slug = "record-too-large"
    title = "One record is too large"
    title_zh = "单条记录过大"


def unknown_items(names: set[str]) -> UnknownItems:
    """The refusal that names them (the first 20)."""
    return UnknownItems(
        f"Unknown items: {_list(names)}.",
        detail_zh=f"未定义的数据项：{_list_zh(names)}。",
        errors=_errors(names, "unknown_item", "未定义的数据项"),
    )


def missing_columns(names: set[str]) -> MissingColumns:
    """The refusal that names them."""
    return MissingColumns(
        f"Missing columns: {_list(names)}.",
        detail_zh=f"缺少必填列：{_list_zh(names)}。",
        errors=_errors(names, "missing_column", "缺少必填列"),
    )


_TYPES = {
    "nested": ("The column is nested; plain values are needed.", "该列为嵌套类型,应为普通值。"),
    "binary": ("The column is binary; a text is needed.", "该列为二进制类型,应为文本。"),
    "type": ("No item has the type of this column.", "该列的类型不受支持。"),
}


def unreadable_columns(found: dict[str, str]) -> UnreadableColumns:
    """The refusal that names them: column -> `nested`, `binary` or `type`."""
    errors = [
        {
            "item": _short(name),
            "code": f"{reason}_column",
            "message": _TYPES[reason][0],
            "message_zh": _TYPES[reason][1],
        }
        for name, reason in sorted(found.items())[:_NAMED]
    ]
    return UnreadableColumns(
        f"Columns of a type that no item has: {_list(set(found))}.",
        detail_zh=f"列的类型不受支持：{_list_zh(set(found))}。",
        errors=errors,
    )


def must_be_columns(names: list[str], dataset: Dataset) -> None:
    """Refuse a header: each name known, none twice, none missing that every row needs."""
    if (twice := twice_in(names)) is not None:
        told = _short(twice)
        raise BadFile(f"The column {told!r} stands twice.", detail_zh=f"列 {told!r} 重复出现。", line=1)
    if unknown := set(names) - dataset.by_name.keys():
        raise unknown_items(unknown)
    if missing := {item.item for item in dataset.items if item.required} - set(names):
        raise missing_columns(missing)


def twice_in(names: list[str]) -> str | None:
    """The first name that stands there more than once. One look at each: a header can have a million of them."""
    return next((name for name, times in Counter(names).items() if times > 1), None)


def refused_throughout(found: dict[str, tuple[str, str, str]], rows: int) -> WrongThroughout:
    """The refusal that names them: item -> code, message, message_zh."""
    errors = [
        {"item": item, "code": code, "message": english, "message_zh": chinese}
        for item, (code, english, chinese) in sorted(found.items())
    ]
    return WrongThroughout(
        f"Wrong in all {rows} rows: {_list(set(found))}.",
        detail_zh=f"全部 {rows} 行均有误：{_list_zh(set(found))}。",
        errors=errors,
    )


def too_large(detail: str, detail_zh: str) -> FileTooLarge:
    """The refusal of more bytes than are taken."""
    return FileTooLarge(detail, check="body_too_large", detail_zh=detail_zh)


def too_many_records(most: int, announced: int | None = None) -> FileTooLarge:
    """The refusal of more records than one request may carry; `announced`: what the file says that it has."""
    has, has_zh = (f"; the file has {announced}", f"，该文件有 {announced} 条") if announced else ("", "")
    return FileTooLarge(f"A request may carry {most} records{has}.", detail_zh=f"每次请求至多 {most} 条记录{has_zh}。")


def _list_zh(names: set[str]) -> str:
    told = "、".join(_short(name) for name in sorted(names)[:_NAMED])
    return told if len(names) <= _NAMED else f"{told} 等 {len(names)} 项"


def _list(names: set[str]) -> str:
    told = ", ".join(_short(name) for name in sorted(names)[:_NAMED])
    return told if len(names) <= _NAMED else f"{told} and {len(names) - _NAMED} more"


def _errors(names: set[str], code: str, chinese: str) -> list[dict[str, str]]:
    english = code.replace("_", " ").capitalize()
    return [
        {"item": _short(name), "code": code, "message": f"{english}.", "message_zh": f"{chinese}。"}
        for name in sorted(names)[:_NAMED]
    ]


def _short(name: str) -> str:
    return (name or '""') if len(name) <= 64 else name[:61] + "..."
