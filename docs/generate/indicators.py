"""docs/indicators.md: why an employer or project gets a level, from the scoring service's rulebook."""

from docs.generate.markdown import WARNING, code, table
from services.scoring.rulebook import Condition, Indicator, Rulebook, Tier, not_yet, shipped

_SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "eq": "="}


def pages() -> dict[str, str]:
    """The indicators page."""
    book = shipped()
    parts = [_HEAD, _grading(book), _indicators(book), _not_yet(), _features(book)]
    return {"indicators.md": "\n".join(parts)}


def _grading(book: Rulebook) -> str:
    rows = [(code(p.code), p.value, p.tag, p.source) for p in book.parameters]
    return "## 分级参数 Grading\n\n" + table(("parameter", "value", "tag", "source"), rows)


def _indicators(book: Rulebook) -> str:
    parts = [
        f"## {title}\n\n" + table(_COLUMNS, [row for i in book.indicators if i.subject == subject for row in _rows(i)])
        for subject, title in (("employer", "用人单位指标 Employers"), ("project", "工程项目指标 Projects"))
    ]
    return "\n".join(parts)


def _not_yet() -> str:
    rows = [
        (code(each.code), f"{each.title_zh} {each.title_en}", f"{each.reason_zh}。{each.reason_en}")
        for each in not_yet()
    ]
    return "## 尚未实现 Not yet\n\n" + table(("code", "指标 indicator", "原因 why"), rows) + _PARTS


def _rows(indicator: Indicator) -> list[tuple[object, ...]]:
    name = f"{indicator.title_zh} {indicator.title_en}"
    return [
        (
            code(indicator.code),
            name,
            _when(tier),
            tier.points or "",
            _colour(indicator, tier),
            indicator.family,
            indicator.tag,
        )
        for tier in indicator.tiers
    ]


def _colour(indicator: Indicator, tier: Tier) -> str:
    return "数据质量 data quality" if indicator.kind == "data_quality" else tier.floor or ""


def _when(tier: Tier) -> str:
    return " and ".join(map(_condition, tier.when))


def _condition(condition: Condition) -> str:
    return f"{code(condition.feature)} {_SIGNS[condition.op]} {condition.value:,}"


def _features(book: Rulebook) -> str:
    measured = [(code(f.code), f"{f.title_zh} {f.title_en}", code(f.dataset)) for f in book.measured]
    derived = [(code(f.code), f"{f.title_zh} {f.title_en}", " ".join(map(code, f.of))) for f in book.derived]
    built = [(code(f.code), f"{f.title_zh} {f.title_en}", " ".join(map(code, f.datasets))) for f in book.built]
    return "## 特征 Features\n\n" + table(("feature", "meaning", "made of"), [*measured, *derived, *built])


_PARTS = """
`P03` 只说保函将到期：“保证金未存”须知道许可或合同之日，目录没有，也不能从无记录推断未存。
`P03` tells of the guarantee that ends. That nothing was stored is not told: no dataset tells the day of the permit or
contract from which a deposit is due, and that nobody reported one does not say that none was stored.
"""
_COLUMNS = ("code", "指标 indicator", "when", "points", "at least", "family", "tag")
_HEAD = f"""{WARNING}
# 预警指标 Indicators

每项指标取最严重的一档，各项得分相加，同一类信号有上限；橙色以上须有两类以上相互独立的信号，或由某一档直接定色。
颜色只是内部工作信号：不公开，不共享，不作为拒绝许可的理由。缺数据不等于零。
Of each indicator the gravest step that is met counts; the indicators' points add up, each family's sum being capped,
and a step may demand a colour at least. A colour is an internal work signal: never published, never shared for
discipline, never a ground to refuse a permit. Missing is not zero. "Data quality" speaks of the data: no points, no
colour, no alert; it stands in `data_quality` of the risk. Source: `services/scoring/data/`.
Evidence tags: V read in the law, P an excerpt, M from memory, D our own proposal ([domain.md](domain.md)).
"""
