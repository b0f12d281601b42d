"""What a reader of figures has to know about the data that they stand on: a sentence in Chinese and one in English."""

from collections.abc import Mapping, Sequence
from datetime import date

Caution = dict[str, str]


def caution(zh: str, en: str) -> Caution:
    """As it goes into the answer's `warnings`."""
    return {"zh": zh, "en": en}


def silent_in_training(last: date, until: date) -> Caution | None:
    """Labels that stop before the training ends: nothing is learned of the days after, which would all seem calm."""
    if last >= until:
        return None
    return caution(
        f"标签在 {last} 之后中断，训练截至 {until}：之后的月份不作学习样本。",
        f"Labels stop after {last}, before the training ends on {until}: the months after it are not learned from.",
    )


def silent_in_test(last: date, until: date) -> Caution | None:
    """Labels that stop before the test ends: whoever was alerted after would be counted as wrong."""
    if last >= until:
        return None
    return caution(
        f"标签在 {last} 之后中断，测试截至 {until}：只检验到 {last}，预警名额按天数相应减少。",
        f"Labels stop after {last}, before the test ends on {until}: it is judged until {last}, and later days' alerts "
        f"are not raised.",
    )


def strangers(count: int, named: int) -> Caution | None:
    """Labels of employers whom no dataset knows: half of them or more are most likely written otherwise."""
    if 2 * count < named or not named:
        return None
    return caution(
        f"标签里的 {named} 家单位中有 {count} 家在任何数据集里都没有：请核对编号写法是否一致。",
        f"Of the {named} employers of the labels {count} are in no dataset: do labels and datasets name them alike?",
    )


def stopped(feeds: Mapping[str, date], until: date) -> Caution | None:
    """Datasets that told month by month, and stopped: the day on which each last said anything."""
    if not feeds:
        return None
    told = ", ".join(f"{name} ({last})" for name, last in feeds.items())
    return caution(
        f"以下数据集早于 {until} 即已中断（括号内为最后一次报送日）：{told}。此后的评分没有其新情况。",
        f"Datasets that stopped before {until} (in brackets the day they last spoke): {told}. Later scores know "
        f"nothing newer of them.",
    )


def blank(files: Sequence[str]) -> Caution | None:
    """Files with nothing in them, not even a header."""
    if not files:
        return None
    told = ", ".join(files)
    return caution(f"以下文件是空的，未予使用：{told}。", f"Files that are empty, and left out: {told}.")


def spoilt(file: str, encoding: str, count: int) -> Caution:
    """A text file with bytes that are no letters."""
    name = encoding.upper()
    return caution(
        f"{file} 有 {count} 处损坏的字节，按 {name} 读取，损坏处作缺失字符。",
        f"{file} has {count} spoilt places; it is read as {name}, with a sign in their stead.",
    )
