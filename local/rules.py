"""Versions of the rules by the front door, as a person; and how they are drawn."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from rich.console import Console

from local.layout import Home
from local.people import answer_of, signed_in
from local.tables import Rows

PAGES = ("datasets", "features", "indicators", "parameters")
LEVELS = {"none": "无 none", "blue": "蓝 blue", "yellow": "黄 yellow", "orange": "橙 orange", "red": "红 red"}
STATES = {
    "draft": "草案 draft",
    "submitted": "待审批 submitted",
    "approved": "已审批 approved",
    "scheduled": "待生效 scheduled",
    "active": "生效中 active",
    "retired": "已停用 retired",
}
DEEDS = {
    "drafted": "起草 drafted",
    "submitted": "提交 submitted",
    "returned": "退回 returned",
    "approved": "审批 approved",
    "activated": "启用 activated",
    "rolled_back": "回退 rolled back",
}
_CHANGES = {"added": "新增 added", "removed": "删除 removed", "changed": "修改 changed"}
_STYLES = {"active": "green", "retired": "bright_black"}


class Rules:
    """What one person does with the rules. Denied with the platform's own words; each fault of a draft is printed."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str = "", **query: str | None) -> dict[str, Any]:
        """A look: what `/v1/rulebooks<path>` answers."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self._told(self._client.get(f"/v1/rulebooks{path}", params=asked))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A deed: what `/v1/rulebooks<path>` answers."""
        return self._told(self._client.post(f"/v1/rulebooks{path}", json=body))

    def _told(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.is_error:
            _print_faults(answer)
        return answer_of(answer)


def _print_faults(answer: httpx.Response) -> None:
    try:
        faults = answer.json().get("errors") or []
    except (ValueError, AttributeError):
        return
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for fault in faults:
        console.print(f"{fault.get('item')}: {fault.get('reason') or fault.get('message')}", markup=False)


@contextmanager
def as_person(home: Home, login: str) -> Iterator[Rules]:
    """The rules as a person of here reaches them."""
    with signed_in(home, login) as client:
        yield Rules(client)


def versions(told: Mapping[str, Any]) -> Rows:
    """A line a version, the newest first."""
    table = Rows("版本 version", "状态 state", "起草 author", "审批 approved by", "生效 from", "原因 reason")
    for each in told["rulebooks"]:
        state = STATES.get(each["state"], each["state"])
        who = (each["author"], each["approved_by"] or "-", each["effective_from"] or "-")
        table.add(each["version"], state, *who, each["reason"], style=_STYLES.get(each["state"]))
    return table


def acts(told: Mapping[str, Any]) -> Rows:
    """What was done with a version, oldest first."""
    table = Rows("时间 at", "事项 act", "人员 who", "生效 from", "原因 reason")
    for each in told["acts"]:
        act = DEEDS.get(each["act"], each["act"])
        table.add(each["acted_at"][:16], act, each["actor"], each["effective_from"] or "-", each["reason"])
    return table


def changes(told: Mapping[str, Any]) -> Rows:
    """A line a field that differs."""
    table = Rows("页 page", "条目 entry", "变化 change", "字段 field", "原 before", "新 after")
    for entry in told["entries"]:
        for field in entry["fields"]:
            change = _CHANGES[entry["change"]]
            values = (_short(field["before"]), _short(field["after"]))
            table.add(entry["page"], entry["code"], change, field["field"], *values)
    return table


def _short(value: Any) -> str:
    return "-" if value is None else str(value)


def moves(tally: Mapping[str, Any]) -> Rows:
    """Levels now and then, and who moves where."""
    table = Rows("等级 level", "现行 now", "试算 then", *(f"→ {LEVELS[level]}" for level in LEVELS))
    counted = {(move["now"], move["then"]): move["subjects"] for move in tally["moves"]}
    for level, named in LEVELS.items():
        row = [f"{counted.get((level, other), 0):,}" for other in LEVELS]
        table.add(named, f"{tally['levels_now'][level]:,}", f"{tally['levels_then'][level]:,}", *row)
    return table


def steps(tally: Mapping[str, Any]) -> Rows:
    """The steps of indicators that other numbers of subjects stand on."""
    table = Rows("指标 indicator", "档 step", "现行 now", "试算 then")
    for each in tally["steps"]:
        if each["now"] != each["then"]:
            table.add(each["indicator"], str(each["step"]), f"{each['now']:,}", f"{each['then']:,}")
    return table


def examples(tally: Mapping[str, Any], most: int) -> list[str]:
    """Some subjects whose level differs, with what the tried rules say of them."""
    return [_example(each) for each in tally["changes"][:most]]


def _example(change: Mapping[str, Any]) -> str:
    said = "；".join(f"{reason['indicator']} {reason['text_zh']}" for reason in change["after"]) or "无信号 no signal"
    name = change["name"] or ""
    return f"{change['subject_id']} {name} {LEVELS[change['now']]} → {LEVELS[change['then']]}: {said}"
