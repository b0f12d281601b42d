"""docs/lifecycles.md: the state machines as pictures and tables, from the data the services run on."""

from collections.abc import Iterable
from typing import NamedTuple

from docs.generate.markdown import WARNING, code, table
from services.alerts.lifecycle import ALERT, ORDER, Clock, Machine
from services.alerts.lifecycle import Transition as Line
from services.credit.listing import lifecycle as listing


class Arrow(NamedTuple):
    """One way from one state to another."""

    source: str
    target: str
    event: str


def pages() -> dict[str, str]:
    """The lifecycles page."""
    parts = [
        _HEAD,
        _machine(ALERT, "预警 The alert"),
        _machine(ORDER, "责令限期支付 The order to pay"),
        _listing(),
    ]
    return {"lifecycles.md": "\n".join(parts)}


def picture(names: dict[str, str], arrows: Iterable[Arrow], initial: str) -> str:
    """A Mermaid state diagram. `names`: state -> what people call it."""
    known = [f'    state "{label}" as {state}' for state, label in names.items()]
    ways = [f"    {arrow.source} --> {arrow.target}: {arrow.event}" for arrow in arrows]
    return "\n".join(["```mermaid", "stateDiagram-v2", *known, f"    [*] --> {initial}", *ways, "```"])


def _machine(machine: Machine, title: str) -> str:
    names = {state: f"{about.zh} {state}" for state, about in machine.states.items() if not about.keeps_stage}
    lines = table(_COLUMNS, map(_line, machine.transitions))
    clocks = table(
        ("clock", "runs while", "limit", "tag"), [_clock(name, each) for name, each in machine.clocks.items()]
    )
    return "\n".join([f"## {title}\n", picture(names, _arrows(machine), machine.initial), "", lines, clocks])


def _arrows(machine: Machine) -> list[Arrow]:
    # Escalation and suspension leave from everywhere: drawn, they would hide the rest.
    return [
        Arrow(source, line.to, line.event)
        for line in machine.transitions
        if line.to in machine.states and not machine.states[line.to].keeps_stage
        for source in line.sources
        if not machine.states[source].keeps_stage
    ]


def _line(line: Line) -> tuple[str, ...]:
    sources = "any open state" if len(line.sources) > _MANY else " ".join(map(code, line.sources))
    needs = [*line.guards, *line.requires, *(f"one of {', '.join(line.documents)}" for _ in line.documents[:1])]
    return (code(line.event), sources, code(line.to), ", ".join(line.roles), ", ".join(needs), line.article or line.tag)


def _clock(name: str, clock: Clock) -> tuple[str, ...]:
    limits = ", ".join(f"{level} {limit}" for level, limit in clock.limits.items()).replace("all ", "")
    return code(name), " ".join(map(code, clock.runs_in)), limits, clock.tag


def _listing() -> str:
    names = {state: f"{zh} {state}" for state, zh in listing.STATES.items()}
    arrows = [
        Arrow("[*]" if source == listing.NEW else source, row.to, row.event)
        for row in listing.TABLE
        if row.to and row.working and row.event != "open"
        for source in row.sources
    ]
    lines = table(_COLUMNS, map(_row, listing.TABLE))
    drawn = {name for arrow in arrows for name in arrow[:2]} | {"order_overdue"}
    shown = {state: label for state, label in names.items() if state in drawn}
    marks = ", ".join(f"{code(mark)} {zh}" for mark, zh in listing.MARKS.items())
    return "\n".join([_LISTING, picture(shown, arrows, "order_overdue"), "", lines, f"标记 marks: {marks}.\n"])


def _row(row: listing.Transition) -> tuple[str, ...]:
    needs = [*row.guards, *(["the person's signature"] if row.signed else []), *([] if row.working else [_LATER])]
    target = code(row.to) if row.to else f"mark {code(row.mark)}"
    sources = " ".join(map(code, row.sources))
    return code(row.event), sources, target, ", ".join(row.roles), ", ".join(needs), row.article


_MANY = 8
_LATER = "**not yet built**"
_COLUMNS = ("event", "from", "to", "who", "guards and inputs", "article or tag")
_HEAD = f"""{WARNING}
# 生命周期 Lifecycles

预警、责令限期支付、失信惩戒名单三台状态机。谁能走哪一步、凭什么条件、依据哪一条、多久之内，都是数据；服务运行的就是这些表。
The three state machines. Who may take which step, under which guard, by which article and by when is data, and these
tables are made from the very data the services run on. `system` is the platform itself: it opens, warns and carries
out, and takes no step with legal effect. A step that the state does not allow answers 409 and says which state it is
in. Escalation and suspension are left out of the pictures: any open alert may enter them, and returns to its stage.
wd: working days of the State Council's calendar. Tags of evidence: [domain.md](domain.md).
"""
_LISTING = """## 失信联合惩戒名单 The joint-discipline list

Rows marked as not yet built name what the law has and this release does not do; asking for them answers 409.
"""
