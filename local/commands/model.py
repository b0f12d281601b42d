"""`anxin train`, `backtest`: a model from a directory of what was reported (docs/backtest.md)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from local.refusals import Unusable

DataOption = Annotated[Path, typer.Option("--data", help="数据目录 Folder of <dataset>.parquet|csv and labels.csv")]
SeedOption = Annotated[int, typer.Option(min=0, help="随机种子 Seed of all that is random")]


def register(app: typer.Typer) -> None:
    app.command()(train)
    app.command()(backtest)


def train(
    data: DataOption,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="训练截止日 Learn what was known by this day")],
    out: Annotated[Path, typer.Option(help="模型目录 Folder for the model, its facts and its card")],
    seed: SeedOption = 1,
) -> None:
    """训练欠薪模型。Train the model of wage arrears; its entry goes to --out."""
    from local import modelling

    with _refusing():
        told = modelling.train(data, until.date(), out, seed=seed, say=_say)
    _print(told)


def backtest(
    *,
    data: DataOption,
    train_until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="训练截止日 Learn what was known by it")],
    test_until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="测试截止日 Replay until this day")],
    budget: Annotated[int | None, typer.Option(min=1, help="预警总数 Alerts in the test period")] = None,
    out: Annotated[Path | None, typer.Option(help="报告目录 Folder for alerts.csv, plots and report.html")] = None,
    step: Annotated[str, typer.Option(help="month | week: 多久预警一次 How often alerts are raised")] = "month",
    seed: SeedOption = 1,
) -> None:
    """在过去的数据上检验预警。Train by one day, replay to another, and tell how right the alerts were, as JSON."""
    from local import modelling
    from services.scoring.backtest import Ask

    if step not in ("month", "week"):
        raise Unusable(f"--step 只能是 month 或 week，不是 {step}。", f"--step is month or week, not {step}.")
    with _refusing():
        ask = Ask(train_until.date(), test_until.date(), budget, step, seed)
        told = modelling.backtest(data, ask, out, say=_say)
    _print(told)


@contextmanager
def _refusing() -> Iterator[None]:
    """A directory or dates that do not allow it end the command with status 2, and one sentence."""
    from services.scoring.backtest.refused import Unfit

    try:
        yield
    except Unfit as unfit:
        raise Unusable(unfit.zh, unfit.en) from unfit


def _print(told: dict[str, Any]) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False))


def _say(zh: str, en: str) -> None:
    now = datetime.now().astimezone().strftime("%H:%M:%S")
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"{now}  {zh} / {en}", markup=False)
