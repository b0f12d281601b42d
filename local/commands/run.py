"""`anxin up`, `down`, `status`, `demo`."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from local import checks, state
from local.commands.options import HomeOption, home_of
from local.display import STATES, StartDisplay, addresses
from local.layout import DEFAULT_PORT_BASE, Home, Ports
from local.logs import last_line
from local.refusals import DiskFull, NotRunning, PartFailed, Refusal
from local.tables import Rows

DOWN_PATIENCE_S = 90.0

PortBase = Annotated[int, typer.Option("--port-base", min=1024, max=64000, help="起始端口 agencies on N+443")]


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(down)
    app.command()(status)
    app.command()(demo)


def up(
    home: HomeOption = None,
    port_base: PortBase = DEFAULT_PORT_BASE,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="不演示 Do not play the demo")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="就绪后返回 Return when ready, keep running")] = False,
) -> None:
    """启动整个平台。Start the whole platform; Ctrl-C stops it and leaves nothing behind."""
    checks.require_python()
    here, ports, console = home_of(home), Ports(port_base), Console()
    if detach:
        _start_detached(here, ports, console)
        if not no_demo:
            raise typer.Exit(subprocess.call(_demo_command(here)))
        return
    from local import receipt_keys
    from local.platform import Platform  # all parts and what they need, which no other command waits for

    display = StartDisplay(console)
    platform = Platform(here, ports, display.say, display.show)
    player = _Player(here, wanted=not no_demo)

    def on_ready() -> None:
        player.begin(console, ports)
        receipt_keys.fetch(here, ports.people_url)

    try:
        platform.run(on_ready)
    finally:
        display.close()
        player.end()
    console.print("平台已停止，数据保留。 The platform has stopped; its data stay.")


def down(home: HomeOption = None) -> None:
    """停止平台，数据保留。Stop the platform; its data stay."""
    here, console = home_of(home), Console()
    found = state.read(here)
    if found is None or not found.is_alive:
        ended = checks.sweep(here)
        console.print("没有正在运行的平台。 No platform is running." + (f" ({', '.join(ended)})" if ended else ""))
        return
    os.kill(found.supervisor, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_PATIENCE_S
    while found.is_alive:
        if time.monotonic() > deadline:
            os.kill(found.supervisor, signal.SIGKILL)
        time.sleep(0.1)
    checks.sweep(here)
    console.print("平台已停止，数据保留。 The platform has stopped; its data stay.")


def status(
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="供脚本使用 For scripts")] = False,
) -> None:
    """各部件的状态。The state of every part; exit status 0 when all are ready, 3 when nothing runs, 7 otherwise."""
    here = home_of(home)
    found = state.current(here)
    if as_json:
        nothing: dict[str, object] = {"ready": False, "agencies_url": None, "people_url": None, "parts": []}
        typer.echo(json.dumps({**(found.public() if found else nothing), **_free_disk(here)}, ensure_ascii=False))
    elif found is not None:
        _print_status(found)
        _warn_of_full_disk(here)
    if found is None or not found.is_alive:
        if as_json:
            raise typer.Exit(NotRunning.exit_status)
        raise NotRunning(f"{here.path} 没有正在运行的平台。", f"No platform is running with {here.path}.")
    if not found.ready:
        raise typer.Exit(PartFailed.exit_status)


def demo(home: HomeOption = None) -> None:
    """从头演示一次。Play the demo: from an agency's file to the public credit system."""
    here = home_of(home)
    state.running(here)
    raise typer.Exit(subprocess.call([*_demo_command(here), "--again"]))


class _Player:
    """The demo beside the supervisor, in a process of its own, so that a fallen demo takes nothing with it."""

    def __init__(self, home: Home, wanted: bool) -> None:
        self.home = home
        self.wanted = wanted
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self, console: Console, ports: Ports) -> None:
        console.print(addresses(ports), soft_wrap=True)
        if self.wanted:
            self.process = subprocess.Popen([*_demo_command(self.home), "--in-front"])

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def _demo_command(home: Home) -> list[str]:
    # Authlib warns that it will move to another HTTP client; nobody who watches a demo can do anything about it.
    return [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "local.demo", "--home", str(home.path)]


def _start_detached(home: Home, ports: Ports, console: Console) -> None:
    """Start a supervisor of its own session and wait until it is ready. Raises what it said when it could not."""
    from local.platform import Platform  # all parts and what they need, which no other command waits for

    display, log = StartDisplay(console), home.log("supervisor")
    Platform(home, ports, display.say).require_startable()
    said_before = log.stat().st_size if log.exists() else 0
    command = [sys.executable, "-m", "local.cli", "up", "--home", str(home.path), "--port-base", str(ports.base)]
    with log.open("ab") as output:
        child = subprocess.Popen(
            [*command, "--no-demo"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "500"},
        )
    if not _is_ready(home, child, display):
        raise why(log, said_before, child.returncode)
    console.print(addresses(ports), soft_wrap=True)


def _is_ready(home: Home, child: "subprocess.Popen[bytes]", display: StartDisplay) -> bool:
    """Wait until the supervisor has all ready, or has ended: False."""
    try:
        while child.poll() is None:
            now = state.read(home)
            if now is not None and now.supervisor == child.pid:
                display.show(now)
                if now.ready:
                    return True
            time.sleep(0.1)
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        raise
    finally:
        display.close()
    return False


def why(log: Path, said_before: int, exit_status: int) -> Refusal:
    """What the detached supervisor said before it ended; of a full disk it could not even write that."""
    has_spoken = log.exists() and log.stat().st_size > said_before
    if exit_status == DiskFull.exit_status and not has_spoken:
        return DiskFull("磁盘已满。", "The disk is full.")
    return _Repeated(last_line(log) if has_spoken else "no output", exit_status)


class _Repeated(Refusal):
    """What the detached supervisor said, said again."""

    def __init__(self, sentence: str, exit_status: int) -> None:
        Exception.__init__(self, sentence)
        self.exit_status = exit_status or 1


def _free_disk(home: Home) -> dict[str, int]:
    """The optional field of `status --json`: absent when there is no home yet."""
    return {"free_disk_mb": checks.free_bytes(home) // 1024**2} if home.path.exists() else {}


def _warn_of_full_disk(home: Home) -> None:
    try:
        checks.require_some_space(home)
    except DiskFull as full:
        Console(soft_wrap=True, highlight=False).print(Text(str(full), style="red"))


def _print_status(found: state.PlatformState) -> None:
    table = Rows("部件 part", "状态 state", "pid", "端口 ports", "重启 restarts")
    for part in found.parts:
        ports = " ".join(map(str, part.ports))
        table.add(part.name, STATES.get(part.state, part.state), str(part.pid or "-"), ports, str(part.restarts))
    console = Console()
    table.print(console)
    if found.ready:
        console.print(addresses(Ports(found.port_base)), soft_wrap=True)
    else:
        console.print(Text("未就绪 not ready", style="yellow"))
