"""The roles of roles.yaml: what each may do, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Role:
    """title_*: for people to read. jurisdiction: "district" or "town". scopes: what its holders' tokens may carry."""

    title_zh: str
    title_en: str
    jurisdiction: str
    scopes: tuple[str, ...]


@cache
def roles() -> dict[str, Role]:
    """Every role by name. Raises TypeError when the file has an unknown field."""
    text = Path(__file__).with_name("roles.yaml").read_text(encoding="utf-8")
    table = yaml.safe_load(text)["roles"]
    return {name: Role(**{**each, "scopes": tuple(each["scopes"])}) for name, each in table.items()}


@cache
def scopes_by_role() -> dict[str, tuple[str, ...]]:
    """Role -> scopes."""
    return {name: role.scopes for name, role in roles().items()}
