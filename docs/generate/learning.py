"""docs/learning.md: the bounds and numbers of learning from outcomes, from the data itself."""

from pathlib import Path

from docs.generate.markdown import code, fill, table
from services.scoring.learning.policy import shipped

PAGE = Path(__file__).parent.parent / "learning.md"
_OPS = {"at_least": "≥", "at_most": "≤"}


def pages() -> dict[str, str]:
    """The page with its generated tables."""
    page = fill(PAGE.read_text(encoding="utf-8"), "bounds", _bounds())
    return {"learning.md": fill(page, "numbers", _numbers())}


def _bounds() -> str:
    rows = [
        (
            code(each.code),
            f"{each.title_zh} {each.title_en}",
            f"{_OPS[each.op]} {each.value}",
            each.least_rows,
            f"[{each.tag}] {each.source}",
        )
        for each in shipped().bounds
    ]
    return table(("界限 bound", "说什么 what", "值 value", "至少 rows", "依据 source"), rows)


def _numbers() -> str:
    rows = [(code(each.code), each.value, f"[{each.tag}] {each.source}") for each in shipped().parameters]
    return table(("参数 number", "值 value", "依据 source"), rows)
