"""`anxin agency add|list|revoke`."""

import re
from typing import Annotated

import typer
from rich.console import Console

from local import state
from local.commands.options import HomeOption, home_of
from local.datasets import require_known
from local.layout import Home, Ports
from local.refusals import Unusable
from local.registry import Registry
from local.tables import Rows

CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")


def register(app: typer.Typer) -> None:
    agency = typer.Typer(help="部门接入。Agencies and their certificates.", no_args_is_help=True)
    agency.command("add")(add)
    agency.command("list")(list_)
    agency.command("revoke")(revoke)
    app.add_typer(agency, name="agency")


def registry_of(home: Home) -> Registry:
    """The registry of the platform that runs here. Raises NotRunning."""
    return Registry(home, Ports(state.running(home).port_base))


def add(
    client_id: Annotated[str, typer.Argument(metavar="ID", help="tax-bureau")],
    home: HomeOption = None,
    datasets: Annotated[str, typer.Option(help="数据集，逗号分隔 Datasets it may send, a,b")] = "",
    scopes: Annotated[str, typer.Option(help="其他权限 Other scopes: credit:read,credit:check")] = "",
    name: Annotated[str | None, typer.Option(help="名称 Its name")] = None,
) -> None:
    """证书、密钥与授权一步完成。Certificate, key and grant in one step; again: a new certificate, the new grant."""
    if not CLIENT_ID.fullmatch(client_id):
        raise Unusable(
            f"部门代码 {client_id} 须为 2 至 63 个小写字母、数字或连字符，且不以连字符开头。",
            f"The id {client_id} must be 2 to 63 lower-case letters, digits or hyphens, and begin with no hyphen.",
        )
    granted = [f"ingest:{dataset}" for dataset in _words(datasets)] + _words(scopes)
    if not granted:
        raise Unusable("请用 --datasets 或 --scopes 给予权限。", "Grant something with --datasets or --scopes.")
    require_known(scope.removeprefix("ingest:") for scope in granted if scope.startswith("ingest:"))
    folder = registry_of(home_of(home)).add_agency(client_id, granted, name)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{client_id}: {' '.join(granted)}")
    console.print(f"证书与密钥 certificate and key: {folder}/client.crt {folder}/client.key")


def list_(home: HomeOption = None) -> None:
    """已接入的部门。Every agency and what it may do."""
    table = Rows("部门 agency", "名称 name", "权限 scopes", "状态 state")
    for each in registry_of(home_of(home)).agencies():
        standing = "已撤销 revoked" if each.get("revoked_at") else "有效 active"
        table.add(each["client_id"], str(each.get("name", "")), " ".join(each["scopes"]), standing)
    table.print(Console())


def revoke(
    client_id: Annotated[str, typer.Argument(metavar="ID")],
    home: HomeOption = None,
) -> None:
    """撤销一个部门：其证书和令牌立即失效。Revoke an agency: its certificate and tokens stop at once."""
    registry_of(home_of(home)).revoke_agency(client_id)
    Console().print(f"{client_id}: 已撤销 revoked")


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text) if word]
