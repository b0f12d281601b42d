"""`anxin labels export`, `anxin scoring-quality`: what scoring learned from outcomes, and how right it is."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from local.commands.options import HomeOption, home_of
from local.people import looked_up

LoginOption = Annotated[str, typer.Option("--as", metavar="LOGIN", help="以某人身份 As a person (quality:read)")]
DayOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="某日 Of a day (default: the newest)")]


def register(app: typer.Typer) -> None:
    labels = typer.Typer(help="标签。Labels: what was found, to learn from.", no_args_is_help=True)
    labels.command(name="export")(export)
    app.add_typer(labels, name="labels")
    app.command(name="scoring-quality")(scoring_quality)


def export(
    *,
    out: Annotated[Path, typer.Option(help="目录 Folder for labels.csv, inspections.parquet, outcomes.parquet")],
    known_by: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="截至某日已知 As known at the end of this day")
    ] = None,
    facts: Annotated[
        bool,
        typer.Option("--facts", help="连同各数据集（供 anxin train） With every dataset, for anxin train"),
    ] = False,
    home: HomeOption = None,
) -> None:
    """导出标签（可连同数据集），供 anxin train 使用。Labels, and the facts if asked, as known by a day."""
    from local import labels

    def say(zh: str, en: str) -> None:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"{zh} / {en}", markup=False)

    day = known_by.date() if known_by else None
    typer.echo(json.dumps(labels.export(home_of(home), out, day, with_facts=facts, say=say), ensure_ascii=False))


def scoring_quality(
    login: LoginOption,
    on: DayOption = None,
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="供脚本使用 For scripts")] = False,
) -> None:
    """预警准不准：属实率、发现率、校准、漂移、公平性。How right the levels are, and what each figure stands on."""
    from local.scoring_quality import drawn

    query = {"on": on.date().isoformat()} if on else {}
    told = looked_up(home_of(home), login, "/v1/scoring-quality", query)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    console = Console()
    for table in drawn(told):
        if table.rows:
            table.print(console)
