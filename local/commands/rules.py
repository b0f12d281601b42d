"""`anxin rules`: versions of the rules, from a draft to what is in force, as the people who stand behind them."""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from local import rules as local_rules
from local.commands.options import HomeOption, home_of
from local.layout import Home
from local.refusals import Denied, HomeUnusable
from local.rules import PAGES, as_person
from local.tables import Rows

Login = Annotated[str, typer.Option("--as", metavar="LOGIN", help="以某人身份 As a person of here")]
Why = Annotated[str, typer.Option("--reason", help="原因（永久留存） Why; kept for good")]
VersionArg = Annotated[str, typer.Argument(metavar="VERSION")]
Json = Annotated[bool, typer.Option("--json", help="供脚本使用 For scripts")]
Page = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="改后的整页 YAML The page, whole")]
Day = Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="生效日 Not in force before this day")]
_LOOK_S = 2.0
_LOOKS_A_LOGIN = 150
_MOST_EXAMPLES = 10


def register(app: typer.Typer) -> None:
    room = typer.Typer(help="规则版本。Versions of the rules.", no_args_is_help=True)
    room.callback()(_room)
    room.command("list")(list_versions)
    for command in (show, draft, diff, submit, approve, activate, rollback):
        room.command()(command)
    room.command("return")(send_back)
    room.command("dry-run")(dry_run)
    app.add_typer(room, name="rules")


def _room() -> None:
    """规则版本：起草、提交、另一人审批、全量试算、启用、回退。Versions of the rules, changed without a restart."""


def list_versions(login: Login, home: HomeOption = None, as_json: Json = False) -> None:
    """全部版本，新的在前。Every version, the newest first."""
    with as_person(home_of(home), login) as rules:
        _tell(rules.get(), as_json, local_rules.versions)


def show(
    version: VersionArg,
    login: Login,
    pages: Annotated[Path | None, typer.Option(file_okay=False, help="把四页写入此目录 Write the pages here")] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """一个版本及其经过；--pages 导出四页以便修改。A version and its story; --pages exports what can be edited."""
    with as_person(home_of(home), login) as rules:
        if pages is not None:
            _write(pages, rules.get(f"/{version}/pages"))
        _tell(rules.get(f"/{version}"), as_json, local_rules.acts)


def _write(folder: Path, told: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for page in PAGES:
            (folder / f"{page}.yaml").write_text(told[page], encoding="utf-8")
    except OSError as error:
        raise HomeUnusable(f"无法写入 {folder}：{error}。", f"{folder} cannot be written: {error}.") from error


def draft(
    login: Login,
    reason: Why,
    *,
    indicators: Page = None,
    features: Page = None,
    datasets: Page = None,
    parameters: Page = None,
    based_on: Annotated[str | None, typer.Option(help="以哪一版为底 default: the one in force")] = None,
    effective_from: Day = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """起草：只给改动的页。有误则逐条指出，什么也不留下。Draft: give the pages that differ; every fault is named."""
    files = {"indicators": indicators, "features": features, "datasets": datasets, "parameters": parameters}
    pages = {page: file.read_text(encoding="utf-8") for page, file in files.items() if file}
    body = {"reason": reason, "pages": pages, "based_on": based_on, "effective_from": effective_from}
    with as_person(home_of(home), login) as rules:
        _tell_version(rules.post("", body), as_json)


def diff(
    version: VersionArg,
    login: Login,
    against: Annotated[str | None, typer.Option(help="与哪一版比较 default: the one in force")] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """与另一版逐条比较。What differs from another version, entry by entry."""
    with as_person(home_of(home), login) as rules:
        _tell(rules.get(f"/{version}/diff", against=against), as_json, local_rules.changes)


def submit(version: VersionArg, login: Login, reason: Why, home: HomeOption = None, as_json: Json = False) -> None:
    """提交审批。Bring a draft before a second person."""
    _deed(home, login, f"/{version}/submit", {"reason": reason}, as_json)


def send_back(version: VersionArg, login: Login, reason: Why, home: HomeOption = None, as_json: Json = False) -> None:
    """退回。Give a submitted version back."""
    _deed(home, login, f"/{version}/return", {"reason": reason}, as_json)


def approve(version: VersionArg, login: Login, reason: Why, home: HomeOption = None, as_json: Json = False) -> None:
    """审批；不得自批。Stand for a version that somebody else wrote and submitted."""
    _deed(home, login, f"/{version}/approve", {"reason": reason}, as_json)


def activate(
    version: VersionArg,
    login: Login,
    reason: Why,
    *,
    effective_from: Day = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """启用，无需重启；须先完成全量试算。Let it count, without a restart; it must have been tried over everyone."""
    _deed(home, login, f"/{version}/activate", {"reason": reason, "effective_from": effective_from}, as_json)


def rollback(version: VersionArg, login: Login, reason: Why, home: HomeOption = None, as_json: Json = False) -> None:
    """回退到曾生效的版本。Let a version that counted before count again, at once."""
    _deed(home, login, f"/{version}/rollback", {"reason": reason}, as_json)


def dry_run(
    version: VersionArg,
    login: Login,
    reason: Why,
    *,
    wait: Annotated[bool, typer.Option(help="等到完成 Until it has finished")] = True,
    home: HomeOption = None,
    as_json: Json = False,
) -> None:
    """全量试算：不写入评分。Try a version over everyone; no score is written."""
    with as_person(home_of(home), login) as rules:
        run = rules.post(f"/{version}/dry-runs", {"reason": reason})
    if wait:
        run = _watched(home_of(home), login, f"/{version}/dry-runs/{run['dry_run_id']}")
    if as_json:
        typer.echo(json.dumps(run, ensure_ascii=False))
    else:
        _draw(run)
    if run["state"] == "failed":
        raise Denied(f"试算失败：{run['failure']}。", f"The dry run failed: {run['failure']}.")


def _watched(home: Home, login: str, path: str) -> dict[str, Any]:
    """The run when it is at work no more."""
    while True:
        with as_person(home, login) as rules:  # anew: a token lives for ten minutes
            for _ in range(_LOOKS_A_LOGIN):
                run = rules.get(path)
                typer.echo(f"{run['done']:,}/{run['total']:,}", err=True)
                if run["state"] not in ("waiting", "running"):
                    return run
                time.sleep(_LOOK_S)


def _draw(run: dict[str, Any]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for kind, title in (("employers", "用人单位 Employers"), ("projects", "工程项目 Projects")):
        tally = run[kind]
        if tally is None:
            continue
        console.print(f"{title}: {tally['subjects']:,}，变化 changed {tally['changed']:,}", markup=False)
        for table in (local_rules.moves(tally), local_rules.steps(tally)):
            table.print(console)
        for line in local_rules.examples(tally, _MOST_EXAMPLES):
            console.print(line, markup=False)
    console.print(f"{run['state']} {run['done']:,}/{run['total']:,} {run['dry_run_id']}", markup=False)


def _deed(home: Path | None, login: str, path: str, body: dict[str, Any], as_json: bool) -> None:
    with as_person(home_of(home), login) as rules:
        _tell_version(rules.post(path, body), as_json)


def _tell_version(told: dict[str, Any], as_json: bool) -> None:
    state = local_rules.STATES.get(told["state"], told["state"])
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else f"{told['version']} {state}")


def _tell(told: dict[str, Any], as_json: bool, drawn: Any) -> None:
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    table: Rows = drawn(told)
    table.print(Console())
