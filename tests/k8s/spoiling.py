"""A wrong manifest is a small change to the right ones: what it says, and which check must notice."""

import copy
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.k8s.model import Document, parse, unhashed

WRONG = Path(__file__).with_name("wrong")


@dataclass(frozen=True)
class Wrong:
    """One file of `tests/k8s/wrong/`: its changes, the check that must fail, and words of the finding."""

    name: str
    check: str
    says: str
    changes: list[Document]


def read(path: Path) -> Wrong:
    """The file's header names the check and the words; the rest is merged over the rendered overlay."""
    text = path.read_text(encoding="utf-8")
    header = dict(re.findall(r"(?m)^# (check|says): (.+)$", text))
    return Wrong(path.stem, header["check"], header["says"], parse(text))


def spoil(documents: list[Document], changes: list[Document]) -> list[Document]:
    """The documents with the changes merged in: by kind and name; `$patch: delete` takes one away."""
    spoiled = copy.deepcopy(documents)
    for change in changes:
        found = [index for index, document in enumerate(spoiled) if _is_same(document, change)]
        if not found:
            spoiled.append(change)
        elif change.get("$patch") == "delete":
            del spoiled[found[0]]
        else:
            spoiled[found[0]] = merge(spoiled[found[0]], _without_name(change))
    return spoiled


def _is_same(document: Document, change: Document) -> bool:
    same_type = document["kind"] == change["kind"] and document["apiVersion"] == change["apiVersion"]
    return same_type and change["metadata"]["name"] in (
        document["metadata"]["name"],
        unhashed(document["metadata"]["name"]),
    )


def _without_name(change: Document) -> Document:
    metadata = {key: value for key, value in change["metadata"].items() if key != "name"}
    return {**change, "metadata": metadata}


def merge(base: Any, change: Any) -> Any:
    """Maps merge, null removes, lists of named things merge by name, everything else is replaced."""
    if isinstance(base, dict) and isinstance(change, dict):
        merged = {key: merge(base[key], change[key]) if key in change else base[key] for key in base}
        merged |= {key: value for key, value in change.items() if key not in base}
        return {key: value for key, value in merged.items() if value is not None}
    if _is_named(base) and _is_named(change):
        changes = {each["name"]: each for each in change}
        kept = [merge(each, changes.pop(each["name"], {})) for each in base]
        return [*kept, *changes.values()]
    return change


def _is_named(node: Any) -> bool:
    return isinstance(node, list) and bool(node) and all(isinstance(each, dict) and "name" in each for each in node)
