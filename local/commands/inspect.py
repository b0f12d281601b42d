"""`anxin trace`, `doctor`."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from local import spans
from local import trace as tree
from local.commands.options import HomeOption, home_of
from local.refusals import NotRunning, Refusal
from local.tables import Rows, wide

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failure": ("✗", "red")}


def register(app: typer.Typer) -> None:
    app.command()(trace)
    app.command()(doctor)


def trace(
    trace_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="链路号 A trace id, or its beginning")] = None,
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="供脚本使用 For scripts")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="条数 How many to list")] = 20,
) -> None:
    """一次请求走过的每一步。Every step of a request; without ID, the newest traces."""
    here = home_of(home)
    if not here.spans.exists():
        raise NotRunning(f"{here.path} 还没有链路记录。", f"There are no traces in {here.path} yet.")
    if trace_id is None:
        _list(spans.latest(here.spans, limit), as_json)
        return
    found = _found(here.spans, trace_id)
    if as_json:
        typer.echo(json.dumps(tree.as_json(found), ensure_ascii=False))
    else:
        wide(Console()).print(tree.drawn(found))


def doctor(home: HomeOption = None) -> None:
    """检查这台机器和这个平台。Look for what is wrong; exit status 1 when something is."""
    from local import diagnosis  # looks at every part, which no other command waits for

    console = Console()
    findings = diagnosis.examine(home_of(home))
    for finding in findings:
        mark, colour = MARKS[finding.grade]
        console.print(Text.assemble((f"{mark} ", colour), f"{finding.zh} / {finding.en}"), soft_wrap=True)
    if any(finding.grade == "failure" for finding in findings):
        raise typer.Exit(1)


def _found(file: Path, trace_id: str) -> list[spans.Span]:
    try:
        found = spans.trace(file, trace_id)
    except sqlite3.DatabaseError as error:
        raise Refusal(f"链路文件无法读取：{error}。", f"The trace file cannot be read: {error}.") from error
    if len({span.trace_id for span in found}) != 1:
        how_many = "没有 no" if not found else "不止一条 more than one"
        raise Refusal(f"找不到唯一的链路 {trace_id}（{how_many}）。", f"There is not exactly one trace {trace_id}.")
    return found


def _list(found: list[spans.TraceSummary], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([summary.__dict__ for summary in found], ensure_ascii=False))
        return
    table = Rows("链路 trace", "开始", "第一步 first step", "服务", "步骤", "ms")
    for each in found:
        began = datetime.fromtimestamp(each.started_ns / 1e9, UTC).astimezone().strftime("%H:%M:%S")
        length = f"{(each.ended_ns - each.started_ns) / 1e6:.0f}"
        style = "red" if each.failed else None
        table.add(each.trace_id, began, each.name, str(each.services), str(each.spans), length, style=style)
    table.print(Console())
