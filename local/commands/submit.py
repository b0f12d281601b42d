"""`anxin submit`: files of records, several at once; small ones in a request, large ones resumably."""

import json
import queue
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from local import large_files
from local.agency_client import AgencyClient
from local.commands.options import HomeOption, home_of
from local.commands.records import AgencyOption, CredentialsOption, UrlOption, client_for
from local.refusals import Refusal, RowsRejected
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
    as_json: JsonOption = False,
) -> None:
    """报送文件；中断后重复同一命令即续传。Send files of records; interrupted, the same command goes on from there."""
    console = Console(highlight=False, stderr=as_json)
    client = client_for(home_of(home), agency, credentials, url, dataset)
    sending = Sending(client, dataset, resumable_over * _MEGABYTE, console)
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
            receipt: dict[str, Any] = self.client.submit(self.dataset, file, arrived).json()
        else:
            receipt = large_files.send(self.client, self.dataset, file, arrived, _taking_in(progress, task, file.name))
        progress.update(task, visible=False)
        return receipt

    def _say_kept(self) -> None:
        zh = "已中断。已到达的部分保留在平台上，重复同一命令即可续传。"
        en = "Interrupted. What has arrived is kept; the same command goes on from there."
        self.console.print(f"{zh} / {en}", style="yellow", soft_wrap=True)


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
