"""`anxin quality`: which feed is late or broken, as an agency sees its own or a person sees all."""

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from local.commands.options import HomeOption, home_of
from local.commands.records import AgencyOption, CredentialsOption, UrlOption, client_for
from local.feeds import STATES, drawn, summed
from local.layout import Home
from local.people import looked_up
from local.refusals import Unusable


def register(app: typer.Typer) -> None:
    app.command()(quality)


def quality(
    dataset: Annotated[str | None, typer.Argument(metavar="[DATASET]", help="只看一个数据集 Only this dataset")] = None,
    *,
    state: Annotated[str | None, typer.Option(help=f"只看某状态 Only this state: {', '.join(STATES)}")] = None,
    login: Annotated[str | None, typer.Option("--as", metavar="LOGIN", help="以某人身份 As a person of here")] = None,
    home: HomeOption = None,
    agency: AgencyOption = None,
    credentials: CredentialsOption = None,
    url: UrlOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="供脚本使用 For scripts")] = False,
) -> None:
    """数据源是否按时、是否有误（近 28 天）。Which feeds are on time, and what is wrong with them (28 days).

    部门只见本部门的；人员（须有 quality:read）见全部。An agency sees its own; a person with quality:read all.
    """
    if state is not None and state not in STATES:
        raise Unusable(f"没有状态 {state}。", f"There is no state {state}: say one of {', '.join(STATES)}.")
    if login is not None and (agency or credentials or url):
        raise Unusable("--as 不能与部门选项同用。", "--as and the options of an agency exclude each other.")
    query = {name: value for name, value in (("dataset", dataset), ("state", state)) if value is not None}
    here = home_of(home)
    told = looked_up(here, login, "/v1/quality", query) if login else _as_agency(here, agency, credentials, url, query)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    console = Console()
    if told["feeds"]:
        drawn(told["feeds"]).print(console)
    console.print(summed(told["states"]), highlight=False, markup=False)


def _as_agency(
    home: Home, agency: str | None, credentials: Path | None, url: str | None, query: dict[str, str]
) -> dict[str, Any]:
    with closing(client_for(home, agency, credentials, url, None)) as client:
        found: dict[str, Any] = client.get("/v1/quality", **query).json()
    return found
