"""What is wrong with a feed, in words: Chinese and English, with its figures and whom to call. Pure."""

from services.ingest.catalogue import Dataset, Department
from services.ingest.feeds.judging import Problem

_TOLD = {
    "late": (
        "{name}未按时报送，已超过宽限期",
        "{name} has not come, and its time of grace is over",
    ),
    "silent": (
        "{name}已停报：连续缺报多个周期",
        "{name} has fallen silent: several cycles in a row are missing",
    ),
    "refused": (
        "{name}最近{measured:.0f}个文件被整份退回（列名或格式有误）",
        "the last {measured:.0f} files of {name} were refused whole (columns or format)",
    ),
    "errors": (
        "{name}近期{measured:.1%}的记录被退回，上限{bound:.0%}",
        "{measured:.1%} of the recent records of {name} were refused; the bound is {bound:.0%}",
    ),
    "unmatched": (
        "{name}近期{measured:.1%}的记录找不到主体，以往为{usual:.1%}",
        "{measured:.1%} of the recent records of {name} name no known subject; before it was {usual:.1%}",
    ),
    "item_gone": (
        "{name}的数据项“{label}”（{item}）以往{usual:.0%}有值，现缺失",
        "the item {item} of {name} was there in {usual:.0%} of the records and is missing now",
    ),
    "item_emptier": (
        "{name}的数据项“{label}”（{item}）有值的比例由{usual:.0%}降至{measured:.0%}",
        "the item {item} of {name} is filled in {measured:.0%} of the records; before it was {usual:.0%}",
    ),
    "drift": (
        "{name}的数据项“{label}”（{item}）取值分布明显变化：PSI {measured:.2f}，上限{bound:.2f}",
        "the values of {item} of {name} are distributed otherwise than before: PSI {measured:.2f}, bound {bound:.2f}",
    ),
}


def told(problem: Problem, dataset: Dataset, owner: Department) -> tuple[str, str]:
    """The problem as a sentence in Chinese and in English, ending with the department to call."""
    item = dataset.by_name.get(problem.item)
    figures = {name: getattr(problem, name) or 0.0 for name in ("measured", "usual", "bound")}
    words = {"item": problem.item, "label": item.label if item else problem.item}
    zh, en = _TOLD[problem.code]
    return (
        zh.format(name=dataset.label.zh, **words, **figures) + f"。请联系{owner.label.zh}。",
        _capital(en.format(name=dataset.label.en, **words, **figures)) + f". Call {owner.label.en}.",
    )


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
