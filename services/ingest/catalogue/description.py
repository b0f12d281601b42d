"""A dataset as others read it: JSON Schema 2020-12 of one record, and the CSV template."""

from typing import Any

from services.ingest.catalogue.definitions import Dataset, Department, Item
from services.ingest.catalogue.metadata import core_metadata

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DATE = r"^\d{4}-?\d{2}-?\d{2}"
_PATTERNS = {
    "month": r"^\d{4}-?(0[1-9]|1[0-2])$",
    "date": _DATE + "([T ]00:00(:00)?)?$",
    "datetime": r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[+-](0\d|1[0-4]):?[0-5]\d)?)?$",
    "div9": r"^[1-8]\d{8}$",
    "year": r"^(19|20)\d{2}$",
    "url": r"^(https?|urn|s3):",
}
_TOLD = {
    "uscc": "GB 32100-2015 credit code with its check character; a letter O or I is read as 0 or 1",
    "idno": "GB 11643 citizen number with its check character; 15 digits are read as 18",
    "money": "decimal(18,2), as text or number; never rounded, no exponent",
    "date": "YYYY-MM-DD or YYYYMMDD",
    "month": "YYYY-MM or YYYYMM",
    "datetime": "ISO 8601; without a zone it is Asia/Shanghai",
    "bool": "true or false; 是/否, 1/0, yes/no are read, too",
}
_LENGTHS = {"text": 10_000, "url": 500, "phone": 60, "enum": 50}


def json_schema(dataset: Dataset, department: Department) -> dict[str, Any]:
    """The schema of one record. `x-anxin` holds what JSON Schema has no words for."""
    return {
        "$schema": DIALECT,
        "$id": f"urn:anxin:dataset:{dataset.dataset}:{dataset.version}",
        "x-version": dataset.version,
        "title": dataset.label.zh,
        "description": dataset.label.en,
        "type": "object",
        "properties": {item.item: _property(item) for item in dataset.items},
        "required": [item.item for item in dataset.items if item.required],
        "additionalProperties": False,
        "x-anxin": {
            "dataset": dataset.dataset,
            "department": department.department,
            "department_label": {"zh": department.label.zh, "en": department.label.en},
            "measure": dataset.measure,
            "cycle": dataset.cycle,
            "sharing": dataset.sharing,
            "legal_basis": dataset.legal_basis,
            "subject": {"kind": dataset.subject.kind, "item": dataset.subject.item, "name": dataset.subject.name},
            "key": list(dataset.key),
            "providers": dataset.providers,
            "source_time": list(dataset.source_time),
            "succeeds": dataset.succeeds,
            "until": dataset.until.isoformat() if dataset.until else None,
            "core": core_metadata(dataset, department),
        },
    }


def csv_template(dataset: Dataset) -> bytes:
    """The header line, with a BOM so that spreadsheets keep Chinese."""
    return ("\ufeff" + ",".join(item.item for item in dataset.items) + "\r\n").encode()


def _property(item: Item) -> dict[str, Any]:
    described: dict[str, Any] = {"title": item.label, **_shape(item)}
    if told := "; ".join(filter(None, (_TOLD.get(item.kind), item.expect))):
        described["description"] = told
    described["x-anxin"] = _extras(item)
    return described


def _shape(item: Item) -> dict[str, Any]:
    if item.kind in ("money", "dec", "int", "year"):
        return _number(item)
    if item.kind == "bool":
        return {"type": _or_null(item, ["boolean", "string", "integer"])}
    if item.kind == "set":
        parts = {"type": "string", "enum": [choice.value for choice in item.values]}
        return {"type": _or_null(item, ["array", "string"]), "items": parts}
    return _text(item)


def _text(item: Item) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": _or_null(item, ["string"])}
    if item.kind in _PATTERNS:
        shape["pattern"] = _PATTERNS[item.kind]
    if item.kind == "enum" and not item.open:
        return shape | {"enum": _choices(item)}
    if longest := item.sizes[0] if item.kind in ("str", "char") else _LENGTHS.get(item.kind):
        shape["maxLength"] = longest
    return shape


def _choices(item: Item) -> list[str | None]:
    words = [word for choice in item.values for word in (choice.value, choice.zh, *choice.also)]
    return [*dict.fromkeys(words), *([] if item.required else [None])]


def _number(item: Item) -> dict[str, Any]:
    kind = "integer" if item.kind in ("int", "year") else "number"
    bounds = {"minimum": item.min, "maximum": item.max, "exclusiveMinimum": item.above}
    numbers = {name: _plain(bound) for name, bound in bounds.items() if bound is not None}
    return {"type": _or_null(item, ["string", kind]), **numbers}


def _plain(bound: Any) -> int | float:
    return int(bound) if bound == int(bound) else float(bound)


def _or_null(item: Item, kinds: list[str]) -> list[str]:
    return kinds if item.required else [*kinds, "null"]


def _extras(item: Item) -> dict[str, Any]:
    """Type, sensitivity and the checks against other items."""
    extras: dict[str, Any] = {"type": item.type, "sensitivity": item.sensitivity, "provenance": item.provenance}
    for name in ("unit", "at_most", "not_before", "difference", "open", "zero_pad", "tied"):
        if value := getattr(item, name):
            extras[name] = list(value) if isinstance(value, tuple) else value
    if item.values:
        extras["values"] = [
            {"value": choice.value, "zh": choice.zh, "also": list(choice.also)} for choice in item.values
        ]
    if when := item.required_when:
        condition = {"is": when.equals} if when.equals is not None else {"is_not": when.differs}
        extras["required_when"] = {"item": when.item, **condition}
    return extras
