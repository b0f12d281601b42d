"""How feeds stand, drawn: the answer of `GET /v1/quality` as a table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from local.tables import Rows

STATES = {
    "on_time": "正常 on time",
    "due": "应报未报 due",
    "late": "迟报 late",
    "silent": "停报 silent",
    "broken": "异常 broken",
    "never": "从未报送 never",
}
_STYLES = {"late": "yellow", "silent": "red", "broken": "red", "never": "bright_black"}
_HEADERS = (
    "数据集 dataset",
    "名称 label",
    "部门 agency",
    "状态 state",
    "最近 last",
    "应到 expected",
    "收到 received",
    "退回 refused",
    "未匹配 unmatched",
    "校核逾期/待复 overdue/open",
    "问题 problems",
)


def drawn(feeds: Sequence[Mapping[str, Any]]) -> Rows:
    """A line a feed, in the order of the answer. Counts and rates are those of the last 28 days."""
    table = Rows(*_HEADERS)
    for feed in feeds:
        table.add(*_cells(feed), style=_STYLES.get(feed["state"]))
    return table


def summed(states: Mapping[str, int]) -> str:
    """How many feeds are in each state, in a fixed order."""
    named = [f"{told}: {states[state]}" for state, told in STATES.items() if states.get(state)]
    return "  ".join(named) or "没有数据源 no feeds"


def _cells(feed: Mapping[str, Any]) -> tuple[str, ...]:
    rates, disputes = feed["rates"], feed["disputes"]
    return (
        feed["dataset"],
        f"{feed['label']['zh']} {feed['label']['en']}",
        feed["agency"] or "-",
        STATES.get(feed["state"], feed["state"]),
        _moment(feed["last_received_at"]),
        _moment(feed["expected_at"]),
        f"{feed['recent']['received']:,}",
        _share(rates["error_rate"]),
        _share(rates["unmatched_rate"]),
        f"{disputes['overdue']}/{disputes['open']}",
        " ".join(f"{each['text_zh']} {each['text_en']}" for each in feed["problems"]),
    )


def _moment(told: str | None) -> str:
    return datetime.fromisoformat(told).astimezone().strftime("%Y-%m-%d %H:%M") if told else "-"


def _share(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1%}"
