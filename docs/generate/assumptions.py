"""docs/assumptions.md: every number that nobody has verified, from the parameter files themselves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from docs.generate.markdown import code, fill, table

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs/assumptions.md"
# A parameter file is a list of rows with `code`, `value`, `source` and `verified`, or has such lists by name.
SOURCES = (
    "services/*/data/*parameters.yaml",
    "services/*/*/data/parameters.yaml",
    "services/*/data/retention.yaml",
    "services/*/data/learning.yaml",
    "services/*/migrations/*parameters.yaml",
    "gateway/*/data/parameters.yaml",
)


def pages() -> dict[str, str]:
    """The assumptions page with its generated table."""
    head = ("parameter", "value", "region", "from", "source", "file")
    rows = [_row(row, file) for file, row in parameters() if not row["verified"]]
    return {"assumptions.md": fill(PAGE.read_text(encoding="utf-8"), "unverified", table(head, rows))}


def parameters() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every parameter that ships, with its file (relative to the repository)."""
    for pattern in SOURCES:
        for file in sorted(ROOT.glob(pattern)):
            read = yaml.safe_load(file.read_text(encoding="utf-8"))
            for row in read if isinstance(read, list) else [*read["parameters"], *read["bounds"]]:
                yield file.relative_to(ROOT), row


def _row(row: dict[str, Any], file: Path) -> tuple[object, ...]:
    value = ", ".join(map(str, row["value"])) if isinstance(row["value"], list) else row["value"]
    shown = f"{value} {row['unit']}" if row.get("unit") else value
    source = f"[{row['tag']}] {row['source']}" if "tag" in row else row["source"]
    link = f"[{file.parts[1]}](../{file.as_posix()})"
    return code(row["code"]), shown, row.get("region", ""), row.get("valid_from", ""), source, link
