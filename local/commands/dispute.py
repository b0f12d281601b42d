"""`anxin dispute list|raise|answer`: a record is called wrong, and its source says what is true (数据校核)."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console

from local.commands.options import HomeOption, home_of
from local.commands.records import AgencyOption, CredentialsOption, UrlOption, client_for
from local.people import answer_of, signed_in
from local.refusals import Unusable
from local.tables import Rows

LoginOption = Annotated[str | None, typer.Option("--as", metavar="LOGIN", help="以某人身份 As a person of here")]
JsonOption = Annotated[bool, typer.Option("--json", help="供脚本使用 For scripts")]
Ask = Callable[[str, str, dict[str, Any] | None], dict[str, Any]]
_MOST = "500"
_STATES = ("open", "corrected", "upheld")


def register(app: typer.Typer) -> None:
    room = typer.Typer(help="数据校核。Records called wrong, and what their sources say.", no_args_is_help=True)
    room.command("list")(list_disputes)
    room.command("raise")(raise_dispute)
    room.command()(answer)
    app.add_typer(room, name="dispute")


def list_disputes(
    *,
    state: Annotated[str | None, typer.Option(help=f"只看某状态 Only this state: {', '.join(_STATES)}")] = None,
    login: LoginOption = None,
    home: HomeOption = None,
    agency: AgencyOption = None,
    credentials: CredentialsOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """校核申请及答复期限，先提出的在前。Disputes and when each has to be answered by, the oldest first."""
    if state is not None and state not in _STATES:
        raise Unusable(f"没有状态 {state}。", f"There is no state {state}: say one of {', '.join(_STATES)}.")
    found: list[dict[str, Any]] = []
    with _asking(home, login, agency, credentials, url) as ask:
        path = f"/v1/disputes?limit={_MOST}" + (f"&state={state}" if state else "")
        page = ask("GET", path, None)
        found += page["disputes"]
        while page["next"]:
            page = ask("GET", f"{path}&after={page['next']}", None)
            found += page["disputes"]
    _tell(found, found, as_json)


def raise_dispute(
    receipt_id: Annotated[UUID, typer.Argument(metavar="RECEIPT", help="回执号 The receipt")],
    row: Annotated[int, typer.Argument(metavar="ROW", help="行号，自 1 起 The row, from 1", min=1)],
    *,
    reason: Annotated[str, typer.Option("--reason", help="何处有误（勿写个人信息） What is wrong; nobody's data")],
    item: Annotated[str | None, typer.Option(help="有误的数据项 The item that is wrong")] = None,
    login: LoginOption = None,
    home: HomeOption = None,
    agency: AgencyOption = None,
    credentials: CredentialsOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """提出校核。Tell the source of a row that it is wrong: an agency that may use it, or a person."""
    with _asking(home, login, agency, credentials, url) as ask:
        told = ask("POST", f"/v1/receipts/{receipt_id}/rows/{row}/dispute", {"reason": reason, "item": item})
    _tell(told, [told], as_json)


def answer(
    dispute_id: Annotated[UUID, typer.Argument(metavar="ID", help="校核号 The dispute")],
    *,
    corrected_by: Annotated[
        UUID | None,
        typer.Option("--corrected-by", metavar="RECEIPT", help="更正的回执 The receipt that corrects it"),
    ] = None,
    taken_back: Annotated[bool, typer.Option("--taken-back", help="该行已撤回 The row was taken back")] = False,
    upheld: Annotated[str | None, typer.Option("--upheld", metavar="REASON", help="无误的理由 Why it is right")] = None,
    home: HomeOption = None,
    agency: AgencyOption = None,
    credentials: CredentialsOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """来源部门答复，不可更改。The source's answer, which is final. 更正须在先 Correct the record first."""
    if sum((corrected_by is not None, taken_back, upheld is not None)) != 1:
        raise Unusable(
            "须在 --corrected-by、--taken-back、--upheld 中恰选其一。",
            "Say exactly one of --corrected-by, --taken-back and --upheld.",
        )
    body: dict[str, Any] = {"outcome": "upheld", "reason": upheld} if upheld is not None else {"outcome": "corrected"}
    if corrected_by is not None:
        body["receipt_id"] = str(corrected_by)
    with _asking(home, None, agency, credentials, url) as ask:
        told = ask("POST", f"/v1/disputes/{dispute_id}/answer", body)
    _tell(told, [told], as_json)


@contextmanager
def _asking(
    home: Path | None, login: str | None, agency: str | None, credentials: Path | None, url: str | None
) -> Iterator[Ask]:
    """How to ask the front door: as a person of here, or as an agency."""
    here = home_of(home)
    if login is not None:
        if agency or credentials or url:
            raise Unusable("--as 不能与部门选项同用。", "--as and the options of an agency exclude each other.")
        with signed_in(here, login) as person:
            yield lambda method, path, body: answer_of(person.request(method, path, json=body))
        return
    with closing(client_for(here, agency, credentials, url, None)) as client:
        yield lambda method, path, body: client.ask(
            method, path, {"Content-Type": "application/json"}, json.dumps(body).encode() if body else b""
        ).json()


def _tell(told: Any, disputes: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    table = Rows("校核号 dispute", "状态 state", "数据集 dataset", "回执与行 receipt, row", "期限 due", "内容 what")
    for each in disputes:
        state = f"{each['state_zh']} {each['state']}" + (" 逾期 overdue" if each["is_overdue"] else "")
        what = " ".join(word for word in (each["item"], each["reason"], each["answer"]) if word)
        row = f"{each['receipt_id']} {each['row']}"
        style = "red" if each["is_overdue"] else None
        table.add(each["dispute_id"], state, each["dataset"], row, each["due_on"], what, style=style)
    if disputes:
        table.print(Console())
    else:
        Console().print("没有校核申请 no disputes", highlight=False)
