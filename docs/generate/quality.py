"""docs/quality.md: the numbers by which feeds are watched, and the rhythm of every dataset, from the data itself."""

from pathlib import Path

from docs.generate.markdown import code, fill, table
from services.ingest.catalogue import shipped as catalogue
from services.ingest.feeds.numbers import Number, number, shipped

PAGE = Path(__file__).parent.parent / "quality.md"
_CYCLES = {
    "realtime": "实时 realtime",
    "day": "每日 daily",
    "week": "每周 weekly",
    "month": "每月 monthly",
    "year": "每年 yearly",
}


def pages() -> dict[str, str]:
    """The page with its generated tables."""
    page = fill(PAGE.read_text(encoding="utf-8"), "numbers", _numbers())
    return {"quality.md": fill(page, "rhythm", _rhythms())}


def _numbers() -> str:
    rows = [(code(each.code), _shown(each), f"[{each.tag}] {each.source}") for each in shipped().values()]
    return table(("参数 number", "值 value", "依据 source"), rows)


def _rhythms() -> str:
    of_cycle: dict[str, list[str]] = {cycle: [] for cycle in _CYCLES}
    for dataset in catalogue().datasets.values():
        of_cycle[dataset.cycle].append(dataset.dataset)
    rows = [
        (_CYCLES[cycle], _shown(number(f"feed.tolerance.{cycle}")), ", ".join(map(code, datasets)))
        for cycle, datasets in of_cycle.items()
    ]
    return table(("周期 cycle", "宽限 tolerance", "数据集 datasets"), rows)


def _shown(each: Number) -> str:
    return f"{each.value} {each.unit}"
