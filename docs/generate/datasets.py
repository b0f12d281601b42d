"""docs/datasets.md: the catalogue as agencies read it, from the ingest service's data."""

from decimal import Decimal

from docs.generate.markdown import WARNING, code, table
from services.ingest.catalogue import Dataset, Department, Item, shipped

_SHARING = {"U": "无条件共享 unconditional", "C": "有条件共享 conditional", "N": "不共享 not shared"}
_CYCLES = {"realtime": "实时 realtime", "day": "每日 daily", "week": "每周 weekly", "month": "每月 monthly"}


def pages() -> dict[str, str]:
    """The catalogue page."""
    departments = shipped().departments
    return {"datasets.md": "\n".join([_head(departments), *map(_department, departments)])}


def _head(departments: tuple[Department, ...]) -> str:
    datasets = [dataset for department in departments for dataset in department.datasets]
    items = sum(len(dataset.items) for dataset in datasets)
    rows = [
        (
            f"[{department.label.zh} {department.label.en}](#{department.department.lower()})",
            len(department.datasets),
            sum(len(dataset.items) for dataset in department.datasets),
        )
        for department in departments
    ]
    overview = table(("部门 department", "数据集 datasets", "数据项 items"), rows)
    return _HEAD.format(departments=len(departments), datasets=len(datasets), items=items) + "\n" + overview


def _department(department: Department) -> str:
    sections = [_dataset(dataset) for dataset in department.datasets]
    title = f"{department.label.zh} {department.label.en}"
    return "\n".join([f"## {department.department}\n\n{title}\n", *sections])


def _dataset(dataset: Dataset) -> str:
    about = (
        f"{dataset.label.zh} {dataset.label.en}. {_CYCLES.get(dataset.cycle, dataset.cycle)}; "
        f"{_SHARING[dataset.sharing]}; 依据 basis: {dataset.legal_basis}; measure {code(dataset.measure)}; "
        f"key {', '.join(map(code, dataset.key))}"
    )
    rows = [(code(item.item), item.label, code(item.type), _checks(item), _class(item)) for item in dataset.items]
    head = ("item", "中文", "type", "checks", "class")
    return f"### {dataset.dataset}\n\n{about}\n\n" + table(head, rows)


def _class(item: Item) -> str:
    return f"{item.sensitivity}, tied" if item.tied else item.sensitivity


def _checks(item: Item) -> str:
    found = [
        "required" if item.required else "",
        f"required when {item.required_when.item} {_condition(item)}" if item.required_when else "",
        f"≥ {_plain(item.min)}" if item.min is not None else "",
        f"≤ {_plain(item.max)}" if item.max is not None else "",
        f"> {_plain(item.above)}" if item.above is not None else "",
        f"≤ {code(item.at_most)}" if item.at_most else "",
        f"not before {code(item.not_before)}" if item.not_before else "",
        f"= {code(item.difference[0])} - {code(item.difference[1])}" if item.difference else "",
        _values(item),
        f"unit: {item.unit}" if item.unit else "",
    ]
    return "; ".join(filter(None, found))


def _condition(item: Item) -> str:
    when = item.required_when
    if when is None:
        return ""
    return f"= {when.equals}" if when.equals is not None else f"≠ {when.differs}"


def _values(item: Item) -> str:
    named = " / ".join(f"{choice.value} {choice.zh}" for choice in item.values)
    return f"{named}{' / …' if item.open else ''}" if named else ""


def _plain(number: Decimal) -> str:
    return f"{number:f}"


_HEAD = f"""{WARNING}
# 数据目录 The catalogue

{{departments}} 个部门、{{datasets}} 个数据集、{{items}} 个数据项。
本页由 `services/ingest/catalogue/departments/` 生成；
同样的内容由 `GET /v1/datasets/{{{{dataset}}}}` 以 JSON Schema 和 CSV 模板提供。
{{departments}} departments, {{datasets}} datasets, {{items}} items, made from `services/ingest/catalogue/departments/`.
The same stands as JSON Schema with a CSV template at `GET /v1/datasets/{{{{dataset}}}}`. A dataset is added by data:
[how-to/add-a-dataset.md](how-to/add-a-dataset.md).

Types: `uscc` unified social credit code with its check character; `idno` citizen number (GB 11643); `money` CNY with
two decimals; `decP.S` decimal; `strN` text of at most N characters; `month` yyyy-MM; `date` yyyy-MM-dd; `datetime`
ISO 8601 with an offset; `div9` code of a town; `enum`, `set` one or several of the values named.
Class: P1 may be announced; P2 is personal and stays at ingest (`tied`: a pseudonym of it is announced); P3 is sealed at
rest and announced as a pseudonym ([security.md](security.md)).
"""
