"""A dataset's core metadata (政务信息资源目录编制指南(试行) 2017; domain.md 6.5)."""

from typing import Any

from services.ingest.catalogue.definitions import Dataset, Department

# The first digit of the code.
_CLASSES = {"1": "基础信息资源类 basic", "2": "主题信息资源类 thematic", "3": "部门信息资源类 departmental"}
_CYCLES = {"realtime": "实时", "day": "每日", "week": "每周", "month": "每月", "year": "每年"}
_EVERY = {"realtime": "at once", "day": "daily", "week": "weekly", "month": "monthly", "year": "yearly"}
_CONDITIONS = {
    "U": ("无条件", "none"),
    "C": ("说明用途与依据并获批准的授权", "an approved grant with purpose and legal basis"),
    "N": ("不予共享", "not shared"),
}
_NAMED = 5


def core_metadata(dataset: Dataset, department: Department) -> dict[str, Any]:
    """Class, code, abstract, provider, sharing {type, condition, method}, openness, day of listing.

    The abstract is made of the catalogue itself, so that it is never out of date. `provider_code` is the department's
    code of this catalogue: the owners' credit codes are theirs to give.
    """
    zh, en = _CONDITIONS[dataset.sharing]
    return {
        "class": _CLASSES.get(dataset.code[:1]),
        "code": dataset.code or None,
        "abstract": {"zh": _abstract_zh(dataset), "en": _abstract_en(dataset)},
        "provider_code": department.department,
        "sharing_type": dataset.sharing,
        "sharing_condition": {"zh": zh, "en": en},
        "sharing_method": "接口 API",
        "openness": dataset.openness,
        "listed_on": dataset.listed_on.isoformat() if dataset.listed_on else None,
    }


def _abstract_zh(dataset: Dataset) -> str:
    named = "、".join(item.label for item in dataset.items[:_NAMED])
    more = "等" if len(dataset.items) > _NAMED else "共"
    return f"{dataset.label.zh}：{named}{more}{len(dataset.items)}项，{_CYCLES[dataset.cycle]}更新。"


def _abstract_en(dataset: Dataset) -> str:
    named = ", ".join(item.item for item in dataset.items[:_NAMED])
    more = ", ..." if len(dataset.items) > _NAMED else ""
    return f"{dataset.label.en}: {len(dataset.items)} items ({named}{more}), updated {_EVERY[dataset.cycle]}."
