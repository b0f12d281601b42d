"""`anxin explain`: what a score of any time said, what it stood on, and whether the same comes out again."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console

from local.commands.options import HomeOption, home_of
from local.people import looked_up
from local.tables import Rows

_MOST_RECORDS = 20


def register(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    score_id: Annotated[str, typer.Argument(metavar="SCORE_ID", help="评分号 The id of a score")],
    *,
    recompute: Annotated[bool, typer.Option("--recompute", help="按当时的事实与规则重算 Work it out again")] = False,
    login: Annotated[str, typer.Option("--as", metavar="LOGIN", help="以某人身份 As a person of here")] = "chen.yi",
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="供脚本使用 For scripts")] = False,
) -> None:
    """解释任意时点的评分：结论、理由、依据；可重算比对。A score of any time, explained and worked out again.

    须有 scores:read，且对象在本人辖区内；每次查看留痕。重算不一致或事实有缺失时退出码为 1。
    Needs scores:read and the subject within one's division; each look is audited. Exit status 1 when something else
    comes out, or a fact was lost or changed.
    """
    query = {"recompute": str(recompute).lower(), "limit": "10000"}
    told = looked_up(home_of(home), login, f"/v1/scores/{score_id}", query)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        draw(told, Console())
    again = told["again"]
    if (again and again["is_equal"] is not True) or (told["inputs"]["is_kept"] and not told["inputs"]["is_whole"]):
        raise typer.Exit(1)


def draw(told: dict[str, Any], console: Console) -> None:
    """Print an explanation."""
    score, inputs, again = told["score"], told["inputs"], told["again"]
    for line in (
        f"{told['name'] or ''} {told['subject_id']}  {score['scored_at']}  {score['rules_version']}",
        f"等级 level {score['level']} ({score['level_source']})  规则 rules {score['computed_level']}  "
        f"分 points {score['points']}",
        *(f"- {reason['indicator']} {reason['text_zh']} / {reason['text_en']}" for reason in score["reasons"]),
        f"依据 inputs: {inputs['versions']} 条 versions, 缺失 lost {inputs['lost']}, "
        f"{'完整 whole' if inputs['is_whole'] else '不完整 not whole'}",
    ):
        console.print(line, markup=False, highlight=False)
    _draw_records(inputs["records"], console)
    for line in _recomputed(again) if again else ():
        console.print(line, markup=False, highlight=False)


def _recomputed(again: dict[str, Any]) -> Iterator[str]:
    yield f"重算 recomputed: {again['text_zh']} / {again['text_en']}"
    yield from (f"- {each['item']}: {each['told']} -> {each['again']}" for each in again["differences"])
    if model := again["model"]:
        same = model["columns"] - len(model["otherwise"])
        yield (
            f"模型 model {model['model_id'][:12]}: {model['probability']:.4%} {model['level']}  "
            f"由事实重得其输入 its inputs come of the facts again: {same}/{model['columns']}"
        )
        for each in model["otherwise"]:
            yield f"- {each['title_zh']} / {each['title_en']}: {each['read']} -> {each['now']}"


def _draw_records(records: list[dict[str, Any]], console: Console) -> None:
    table = Rows("数据集 dataset", "回执 receipt", "行 row", "报送 reported")
    for each in records[:_MOST_RECORDS]:
        style = None if each["is_here"] else "red"
        table.add(each["dataset"], each["receipt_id"], str(each["row"]), each["reported_at"] or "-", style=style)
    if records:
        table.print(console)
    if len(records) > _MOST_RECORDS:
        console.print(f"… {len(records) - _MOST_RECORDS} 条 more (--json)", markup=False, highlight=False)
