"""`anxin model ...`: trained models and who of them counts, as a person of this platform (docs/models.md)."""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from local.commands.options import HomeOption, home_of
from local.layout import Home
from local.people import answer_of, signed_in
from local.refusals import Unusable

LoginOption = Annotated[str, typer.Option("--as", metavar="LOGIN", help="以某人身份 As a person of here")]
ReasonOption = Annotated[str, typer.Option(help="理由 Why; kept in the audit log")]
ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="模型编号，可只写开头 Its id, or how it begins")]
_TIMEOUT_S = 120.0


def register(app: typer.Typer) -> None:
    room = typer.Typer(help="模型：登记、影子运行、晋级、回退、全量评分。Trained models.", no_args_is_help=True)
    for name, act in (
        ("list", list_models),
        ("register", register_folder),
        ("show", show),
        ("compare", compare),
        ("shadow", shadow),
        ("propose", propose),
        ("approve", approve),
        ("refuse", refuse),
        ("retire", retire),
        ("rollback", rollback),
        ("score-all", score_all),
    ):
        room.command(name)(act)
    app.add_typer(room, name="model")


def list_models(login: LoginOption, home: HomeOption = None) -> None:
    """所有模型。Every model as it stands, as JSON."""
    _print(_asked(home_of(home), login, "GET", "/v1/models"))


def register_folder(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="anxin train 的输出目录 What anxin train wrote")],
    login: LoginOption,
    reason: ReasonOption,
    home: HomeOption = None,
) -> None:
    """登记一个训练好的模型（候选）。Register a trained model as a candidate."""
    parts = {"entry": folder / "entry.json", "card": folder / "card.md", "trees": folder / "trees.txt"}
    if not (parts["entry"].is_file() and parts["card"].is_file()):
        raise Unusable(f"{folder} 里没有 entry.json 和 card.md。", f"{folder} holds no entry.json and card.md.")
    body = {name: path.read_text("utf-8") for name, path in parts.items() if path.is_file()}
    _print(_short(_asked(home_of(home), login, "POST", "/v1/models", body | {"reason": reason})))


def show(model: ModelArgument, login: LoginOption, home: HomeOption = None) -> None:
    """一个模型及其模型卡与历程。A model with its card and what was done to it."""
    _print(_asked(home_of(home), login, "GET", "/v1/models/{id}", of=model))


def compare(model: ModelArgument, login: LoginOption, home: HomeOption = None) -> None:
    """挑战者与现用模型在同一日的比较。A challenger beside the champion on the same day."""
    _print(_asked(home_of(home), login, "GET", "/v1/models/{id}/comparison", of=model))


def shadow(model: ModelArgument, login: LoginOption, reason: ReasonOption, home: HomeOption = None) -> None:
    """影子运行，不影响等级。Let it run in shadow: it changes no level."""
    _act("shadow", model, login, reason, home)


def propose(model: ModelArgument, login: LoginOption, reason: ReasonOption, home: HomeOption = None) -> None:
    """提议晋级，须另一人批准。Propose its promotion; another person approves it."""
    _act("promotion", model, login, reason, home)


def approve(model: ModelArgument, login: LoginOption, reason: ReasonOption, home: HomeOption = None) -> None:
    """批准晋级。Approve a proposed promotion."""
    _act("promotion/approve", model, login, reason, home)


def refuse(model: ModelArgument, login: LoginOption, reason: ReasonOption, home: HomeOption = None) -> None:
    """驳回晋级。Put a proposed promotion aside."""
    _act("promotion/refuse", model, login, reason, home)


def retire(model: ModelArgument, login: LoginOption, reason: ReasonOption, home: HomeOption = None) -> None:
    """退役。Take a model out."""
    _act("retire", model, login, reason, home)


def rollback(login: LoginOption, reason: ReasonOption, home: HomeOption = None) -> None:
    """退回上一个现用模型。Put the former champion back, at once."""
    _print(_short(_asked(home_of(home), login, "POST", "/v1/models/rollback", {"reason": reason})))


def score_all(
    login: LoginOption,
    reason: ReasonOption,
    wait: Annotated[bool, typer.Option(help="等到完成 Wait until it is done")] = False,
    home: HomeOption = None,
) -> None:
    """对全部用人单位重新评分。Score everyone again, as a job."""
    here = home_of(home)
    run = _asked(here, login, "POST", "/v1/population-runs", {"reason": reason})
    while wait and run["state"] in ("waiting", "running"):
        time.sleep(2)
        run = _asked(here, login, "GET", f"/v1/population-runs/{run['run_id']}")
        Console(stderr=True).print(f"{run['state']} {run['done']}/{run['total']}", highlight=False)
    _print(run)


def _act(act: str, model: str, login: str, reason: str, home: Path | None) -> None:
    _print(_short(_asked(home_of(home), login, "POST", f"/v1/models/{{id}}/{act}", {"reason": reason}, of=model)))


def _short(model: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in model.items() if name not in ("card", "training")}


def _asked(
    home: Home, login: str, method: str, path: str, body: dict[str, Any] | None = None, *, of: str | None = None
) -> dict[str, Any]:
    """The answer to a person's request. Raises Denied for a refusal, Unusable for a model that is not there."""
    with signed_in(home, login) as client:
        client.timeout = httpx.Timeout(_TIMEOUT_S)
        wanted = path.replace("{id}", _whole(client, of)) if of else path
        return answer_of(client.request(method, wanted, json=body))


def _whole(client: httpx.Client, start: str) -> str:
    """The one model whose id begins so."""
    ids: list[str] = [each["model_id"] for each in answer_of(client.get("/v1/models"))["models"]]
    found = [each for each in ids if each.startswith(start)]
    if len(found) != 1:
        raise Unusable(f"以 {start} 开头的模型有 {len(found)} 个。", f"{len(found)} models begin with {start}.")
    return found[0]


def _print(told: dict[str, Any]) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
