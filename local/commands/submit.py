"""`anxin submit`: files of records, several at once; small ones in a request, large ones resumably."""

import json
import queue
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from local import large_files
from local.agency_client import AgencyClient
from local.commands.options import HomeOption, home_of
from local.commands.records import AgencyOption, CredentialsOption, UrlOption, client_for
from local.refusals import Refusal, RowsRejected, Unusable
from local.tables import Rows

SHOWN_ERRORS = 20
_MEGABYTE = 1024 * 1024
ParallelOption = Annotated[int, typer.Option(min=1, max=16, help="同时发送的文件数 Files on their way at once")]
LargeOption = Annotated[
    float,
    typer.Option(
        "--resumable-over",
        min=0,
        envvar="ANXIN_RESUMABLE_OVER",
        help="超过多少 MB 断点续传 Resumable from so many MB on",
    ),
]
ListOption = Annotated[
    str | None,
    typer.Option("--snapshot", help="`full` 全量清单，或未完成清单的编号 a full list, or the id of an open one"),
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="全量清单的时点 Moment of a full list: 2026-11-01T00:00:00+08:00")
]
MonthOption = Annotated[str | None, typer.Option("--month", help="全量清单的所属年月 Month of a full list: 2026-10")]
CorrectsOption = Annotated[
    str | None, typer.Option("--corrects", help="被更正的回执 The receipt whose rows these take the place of")
]
JsonOption = Annotated[bool, typer.Option("--json", help="每份文件一行回执 A receipt a line, for scripts")]


def register(app: typer.Typer) -> None:
    app.command()(submit)


def submit(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="tax_arrears")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", exists=True, dir_okay=False, readable=True)],
    *,
    home: HomeOption = None,
    agency: AgencyOption = None,
    credentials: CredentialsOption = None,
    url: UrlOption = None,
    parallel: ParallelOption = 2,
    resumable_over: LargeOption = 8,
    snapshot: ListOption = None,
    as_of: AsOfOption = None,
    month: MonthOption = None,
    corrects: CorrectsOption = None,
    as_json: JsonOption = False,
) -> None:
    """报送文件；中断后重复同一命令即续传。Send files of records; interrupted, the same command goes on from there."""
    console = Console(highlight=False, stderr=as_json)
    told = {"snapshot": snapshot, "as_of": as_of, "month": month, "corrects": corrects}
    said = {name: value for name, value in told.items() if value is not None}
    if len(files) > 1 and snapshot == "full":
        raise Unusable(
            "全量清单只能是一份文件；分几份时请先新建清单，再用 --snapshot 编号。",
            "A full list is one file; in several, begin a list first and name it: --snapshot ID.",
        )
    client = client_for(home_of(home), agency, credentials, url, dataset)
    sending = Sending(client, dataset, resumable_over * _MEGABYTE, console, said)
    sent = sending.all(files, parallel)
    client.close()
    for one in sent:
        _tell(one, console, as_json)
    _end(sent)


@dataclass
class Sent:
    """A file, and its receipt or why it has none."""

    file: Path
    receipt: dict[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None
    broke: BaseException | None = None


@dataclass
class Sending:
    """Files of one dataset on their way, one thread a file; a bar for each."""

    client: AgencyClient
    dataset: str
    large: float
    console: Console
    said: dict[str, str]

    def all(self, files: list[Path], parallel: int) -> list[Sent]:
        """Send them; what becomes of one does not keep the others. In the order given."""
        sent, waiting = [Sent(file) for file in files], queue.SimpleQueue[Sent]()
        for one in sent:
            waiting.put(one)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            # Daemons: Ctrl-C ends them in the middle of a wait, too. What has arrived is kept on the other side.
            threads = [
                threading.Thread(target=self._work, args=(waiting, progress), daemon=True)
                for _ in range(min(parallel, len(files)))
            ]
            for thread in threads:
                thread.start()
            try:
                for thread in threads:
                    thread.join()
            except KeyboardInterrupt:
                self._say_kept()
                raise
        return sent

    def _work(self, waiting: "queue.SimpleQueue[Sent]", progress: Progress) -> None:
        while True:
            try:
                one = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                one.receipt = self._send(one.file, progress)
            except Refusal as refusal:
                one.refusal = refusal
            except Exception as error:  # said by the command, which is in the main thread
                one.broke = error

    def _send(self, file: Path, progress: Progress) -> dict[str, Any]:
        task = progress.add_task(file.name, total=file.stat().st_size)

        def arrived(size: int) -> None:
            progress.update(task, completed=size)

        if file.stat().st_size <= self.large:
            receipt = _with_list(self.client.submit(self.dataset, file, arrived, self.said))
        else:
            large = large_files.LargeFile(self.dataset, file, self.said)
            receipt = large_files.send(self.client, large, arrived, _taking_in(progress, task, file.name))
        progress.update(task, visible=False)
        return receipt

    def _say_kept(self) -> None:
        zh = "已中断。已到达的部分保留在平台上，重复同一命令即可续传。"
        en = "Interrupted. What has arrived is kept; the same command goes on from there."
        self.console.print(f"{zh} / {en}", style="yellow", soft_wrap=True)


def _with_list(answer: httpx.Response) -> dict[str, Any]:
    """The receipt, and the list that it is part of: `Anxin-Snapshot: ID; state=applied`."""
    receipt: dict[str, Any] = answer.json()
    if told := answer.headers.get("Anxin-Snapshot"):
        snapshot_id, _, state = told.partition("; state=")
        receipt["snapshot"] = {"snapshot_id": snapshot_id, "state": state}
    return receipt


def _taking_in(progress: Progress, task: TaskID, name: str) -> large_files.Told:
    def tell(state: dict[str, Any]) -> None:
        told = f"{name}  处理 {state['state']} {state['received']:,}/{state['rows_read']:,}"
        progress.update(task, description=told)

    return tell


def _tell(one: Sent, console: Console, as_json: bool) -> None:
    if as_json:
        told = one.receipt or {"error": str(one.refusal or one.broke)}
        typer.echo(json.dumps({"file": str(one.file), **told}, ensure_ascii=False))
    elif one.receipt:
        _print_receipt(one.receipt, console)
    elif one.refusal is not None:
        console.print(f"{one.file}: {one.refusal}", style="red", soft_wrap=True, markup=False)


def _end(sent: list[Sent]) -> None:
    """Something unforeseen first, then what was refused, then rows that were not accepted."""
    for one in sent:
        if one.broke is not None:
            raise one.broke
    for one in sent:
        if one.refusal is not None:
            raise one.refusal
    rejected = sum(int(one.receipt.get("rejected", 0)) for one in sent)
    if rejected:
        raise RowsRejected(
            f"{rejected} 行未被接受，原因见上。", f"{rejected} rows were not accepted; see the reasons above."
        )


def _print_receipt(receipt: dict[str, Any], console: Console) -> None:
    console.print(f"回执 receipt {receipt['receipt_id']}", style="bold", soft_wrap=True)
    counts = ("received", "accepted", "unchanged", "rejected", "unmatched")
    console.print("  " + "  ".join(f"{name}={receipt.get(name, 0)}" for name in counts))
    if full := receipt.get("snapshot"):
        console.print(f"  全量清单 full list {full['snapshot_id']}  {full['state']}", soft_wrap=True)
        if full["state"] == "held":
            zh = "清单未生效：将终结的记录过多或读不出，请核对后确认。"
            console.print(f"  {zh} / Held: look at it, then confirm it.", style="yellow", soft_wrap=True)
    errors = receipt.get("errors", [])
    if not errors:
        return
    table = Rows("行 row", "数据项 item", "代码 code", "说明 message")
    for each in errors[:SHOWN_ERRORS]:
        table.add(str(each.get("row")), str(each.get("item")), str(each.get("code")), str(each.get("message")))
    table.print(console)
    if len(errors) > SHOWN_ERRORS:
        console.print(
            f"  … {len(errors) - SHOWN_ERRORS} more: GET /v1/receipts/{receipt['receipt_id']}/errors", soft_wrap=True
        )
