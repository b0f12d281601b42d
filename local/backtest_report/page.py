"""The page: one screen of figures and plots, in Chinese and English."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

NAMES = {
    "single_signal": "单一信号 single signal",
    "indicators": "指标 indicators",
    "scorecard": "评分卡 scorecard",
    "model": "模型 model",
    "oracle": "神谕 oracle",
}
WORDS = {
    "none": "无 none",
    "blue": "蓝 blue",
    "yellow": "黄 yellow",
    "orange": "橙 orange",
    "red": "红 red",
    "town": "镇街 town",
    "industry": "行业 industry",
    "size": "规模 size",
    "precision": "准确率 precision",
    "recall": "召回率 recall",
    "unknown": "不详 unknown",
}


def page(told: Mapping[str, Any]) -> str:
    """The HTML page of a backtest's answer; it shows the plots that lie beside it."""
    pages = Environment(loader=PackageLoader("local"), autoescape=True, undefined=StrictUndefined)
    pages.filters |= {"figure": figure, "percent": percent}
    rows, positive = (told["test"][key] for key in ("rows_at_risk", "rows_positive"))
    rate = positive / rows if rows else None
    return pages.get_template("backtest.html").render(told=told, names=NAMES, words=WORDS, rate=rate)


def figure(told: Mapping[str, float | None], digits: int = 3) -> str:
    """0.812 [0.79, 0.83]; a dash where there is none."""
    if told["value"] is None:
        return "–"
    if told["low"] is None:
        return f"{told['value']:.{digits}f}"
    return f"{told['value']:.{digits}f} [{told['low']:.{digits}f}, {told['high']:.{digits}f}]"


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
