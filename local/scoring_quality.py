"""How right the levels are, drawn: the answer of `GET /v1/scoring-quality` as tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local.tables import Rows

NAMES = {
    "precision": "属实率 precision",
    "unanswered": "逾期未核查 unanswered",
    "recall": "发现率 recall",
    "rate": "欠薪率 rate",
}
GROUPINGS = {
    "all": "全部 all",
    "level": "等级 level",
    "town": "镇街 town",
    "industry": "行业 industry",
    "size": "规模 size",
}
_MOST_DRIFTS = 10


def drawn(told: Mapping[str, Any]) -> Iterator[Rows]:
    """The figures, the gaps beyond chance, the features that drifted most, and the bounds that are passed."""
    yield _figures(told["figures"], told["stands_on"])
    yield _gaps([each for each in told["gaps"] if each["beyond_chance"]])
    yield _drifts(told["drifts"][:_MOST_DRIFTS])
    yield _alarms(told["alarms"], {bound["code"]: bound for bound in told["bounds"]})


def _figures(figures: Sequence[Mapping[str, Any]], stands_on: Mapping[str, Mapping[str, str]]) -> Rows:
    table = Rows(
        "指标 figure",
        "分组 grouping",
        "组 group",
        "数量 n",
        "命中 hits",
        "比例 share",
        "区间 interval",
        "依据 stands on",
    )
    for each in figures:
        share, basis = each["share"], stands_on[each["figure"]]
        cells = (
            NAMES[each["figure"]],
            GROUPINGS[each["grouping"]],
            each["group"],
            str(each["rows"]),
            str(each["hits"]),
        )
        table.add(*cells, _percent(share["value"]), _interval(share), f"{basis['zh']} {basis['en']}")
    return table


def _gaps(gaps: Sequence[Mapping[str, Any]]) -> Rows:
    table = Rows("差距 gap", "分组 grouping", "组 group", "数量 n", "与其他组之差 less others", "区间 interval")
    for each in gaps:
        cells = (NAMES[each["figure"]], GROUPINGS[each["grouping"]], each["group"], str(each["rows"]))
        table.add(*cells, _percent(each["gap"]["value"]), _interval(each["gap"]), style="yellow")
    return table


def _drifts(drifts: Sequence[Mapping[str, Any]]) -> Rows:
    table = Rows("特征 feature", "PSI", "偶然 by chance", "缺失 missing before → now")
    for each in drifts:
        missing = f"{_percent(each['missing_before'])} → {_percent(each['missing_now'])}"
        table.add(each["feature"], f"{each['psi']:.3f}", f"{each['by_chance']:.3f}", missing)
    return table


def _alarms(alarms: Sequence[Mapping[str, Any]], bounds: Mapping[str, Mapping[str, Any]]) -> Rows:
    table = Rows("越界 passed", "组 group", "自 since", "当时 value then", "界限 bound", "出处 source")
    for each in alarms:
        bound = bounds.get(each["bound"], {})
        name = f"{bound.get('title_zh', each['bound'])} {bound.get('title_en', '')}"
        limit = f"{bound.get('op', '')} {bound.get('value', '')}"
        table.add(
            name, each["group"], each["since"][:10], f"{each['value']:.3f}", limit, bound.get("source", ""), style="red"
        )
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _interval(share: Mapping[str, float | None]) -> str:
    return "-" if share["low"] is None else f"{_percent(share['low'])} … {_percent(share['high'])}"
