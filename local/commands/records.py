"""`anxin datasets`, and how a command speaks for an agency: through the front door, as any agency would."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from local import state
from local.agency_client import AgencyClient
from local.called import anxin
from local.commands.options import HomeOption, home_of
from local.datasets import require_known
from local.layout import Home, Ports
from local.refusals import Unusable
from local.tables import Rows

AgencyOption = Annotated[str | None, typer.Option("--agency", help="以哪个部门的身份 Speak as this agency")]
CredentialsOption = Annotated[Path | None, typer.Option(help="证书目录 Folder with client.crt, client.key, ca.crt")]
UrlOption = Annotated[str | None, typer.Option(help="入口地址 The agencies' address, if not this platform's")]


def register(app: typer.Typer) -> None:
    app.command()(datasets)


def datasets(
    home: HomeOption = None,
    agency: AgencyOption = None,
    credentials: CredentialsOption = None,
    url: UrlOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="供脚本使用 For scripts")] = False,
) -> None:
    """可报送的数据集。The datasets of the catalogue."""
    client = client_for(home_of(home), agency, credentials, url, None)
    listed = client.get("/v1/datasets").json()
    if as_json:
        typer.echo(json.dumps(listed, ensure_ascii=False))
        return
    table = Rows("数据集 dataset", "名称 label", "部门 department", "周期 cycle", "可报送 may submit")
    for each in listed["datasets"]:
        label, owner = (f"{each[key]['zh']} {each[key]['en']}" for key in ("label", "department_label"))
        table.add(each["dataset"], label, owner, each["cycle"], "✓" if each["may_submit"] else "")
    table.print(Console())


def client_for(
    home: Home, agency: str | None, credentials: Path | None, url: str | None, dataset: str | None
) -> AgencyClient:
    if url is None and dataset is not None:  # another platform may have another catalogue
        require_known([dataset])
    folder = credentials or _folder(home, agency, dataset)
    if url is None:
        url = Ports(state.running(home).port_base).agencies_url
    return AgencyClient(url, folder, on_wait=_say_waiting)


def _say_waiting(reason: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"等待中，正在重试：{reason} / waiting, trying again: {reason}", style="yellow", markup=False)


def _folder(home: Home, agency: str | None, dataset: str | None) -> Path:
    if agency is not None:
        folder = home.agency(agency)
        if not (folder / "client.key").exists():
            raise Unusable(f"这里没有部门 {agency} 的证书。", f"There is no certificate of the agency {agency} here.")
        return folder
    able = [folder for folder in sorted(home.path.glob("agencies/*")) if _may(folder, dataset)]
    if dataset is None:  # whoever has a certificate; first those whose grant is known
        able += [key.parent for key in sorted(home.path.glob("agencies/*/client.key"))]
    if not able:
        raise _nobody(dataset)
    if dataset is None or len(able) == 1:
        return able[0]
    names = " ".join(folder.name for folder in able)
    raise Unusable(
        f"请用 --agency 指明部门（可用：{names}）。", f"Say which agency speaks with --agency (able here: {names})."
    )


def _nobody(dataset: str | None) -> Unusable:
    if dataset is None:
        return Unusable(
            f"这里还没有部门，请先执行 {anxin('agency', 'add')}。",
            f"No agency is here yet; run `{anxin('agency', 'add')}` first.",
        )
    return Unusable(
        f"这里没有部门获准报送 {dataset}，请用 {anxin('agency', 'add')} 授权，或用 --agency 指明部门。",
        f"No agency here was granted {dataset}; grant it with `{anxin('agency', 'add')}`, or name one with --agency.",
    )


def _may(folder: Path, dataset: str | None) -> bool:
    try:
        note = json.loads((folder / "agency.json").read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    return dataset is None or f"ingest:{dataset}" in note["scopes"]
