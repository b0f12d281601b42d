"""The table of roles in docs/security.md, from the issuer's roles.yaml."""

from pathlib import Path
from typing import Any

import yaml

from docs.generate.markdown import code, table

SOURCE = Path(__file__).parent.parent.parent / "gateway/issuer/roles.yaml"


def roles() -> dict[str, dict[str, Any]]:
    """Role -> titles, jurisdiction and scopes."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))["roles"]
    return found


def role_table() -> str:
    """One row a role."""
    rows = [
        (code(name), role["title_zh"], role["title_en"], role["jurisdiction"], " ".join(map(code, role["scopes"])))
        for name, role in roles().items()
    ]
    return table(("role", "中文", "English", "sees", "scopes"), rows)
