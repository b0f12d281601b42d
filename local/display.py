"""What a person sees while the platform starts: one line a part. Without a terminal, a line when a part is ready."""

from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from local.layout import Ports
from local.state import PlatformState

WHAT = {
    "collector": "链路收集 traces",
    "postgres": "数据库 PostgreSQL 18",
    "nats": "消息总线 NATS JetStream",
    "migrate": "数据表 schemas",
    "streams": "消息流 streams",
    "issuer": "令牌签发 token issuer",
    "ingest": "数据接收 ingest",
    "scoring": "风险评分 scoring",
    "alerts": "预警处置 alerts",
    "credit": "联合惩戒 credit",
    "envoy": "统一入口 Envoy",
    "public-credit": "公共信用系统（演示） public credit system (demo)",
}
STATES = {
    "waiting": "等待 waiting",
    "starting": "启动中 starting",
    "ready": "就绪 ready",
    "unready": "未就绪 not ready",
    "restarting": "重启中 restarting",
    "done": "完成 done",
    "stopped": "已停止 stopped",
    "failed": "失败 failed",
}
COLOURS = {"ready": "green", "done": "green", "failed": "red", "restarting": "yellow", "unready": "yellow"}


class StartDisplay:
    """Shows the states of the parts until they are ready."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.live: Live | None = None
        self.seen: dict[str, str] = {}

    def show(self, state: PlatformState) -> None:
        """Draw the newest state; a ready platform ends the drawing."""
        if not self.console.is_terminal:
            self._log(state)
            return
        if self.live is None and not state.ready:
            self.live = Live(console=self.console, auto_refresh=False, transient=True)
            self.live.start()
        if self.live is not None:
            self.live.update(_lines(state), refresh=True)
            if state.ready:
                self.close()

    def close(self) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None

    def say(self, zh: str, en: str) -> None:
        """One sentence, with the time, in both languages."""
        now = datetime.now().astimezone().strftime("%H:%M:%S")
        self.console.print(Text(f"{now}  {zh} / {en}"), soft_wrap=True)

    def _log(self, state: PlatformState) -> None:
        for part in state.parts:
            if part.state in ("ready", "done", "failed") and self.seen.get(part.name) != part.state:
                self.console.print(Text(f"{part.name}: {STATES[part.state]}"))
            self.seen[part.name] = part.state


def _lines(state: PlatformState) -> Group:
    rows: list[Text | Spinner] = []
    for part in state.parts:
        label = Text.assemble((f"{part.name:<14}", "bold"), f"{WHAT.get(part.name, '')}  ", _state(part.state))
        rows.append(Spinner("dots", label) if part.state == "starting" else Text.assemble(_mark(part.state), label))
    return Group(*rows)


def _state(name: str) -> tuple[str, str]:
    return STATES.get(name, name), COLOURS.get(name, "dim")


def _mark(name: str) -> tuple[str, str]:
    marks = {"ready": "✓ ", "done": "✓ ", "failed": "✗ "}
    return marks.get(name, "  "), COLOURS.get(name, "dim")


def addresses(ports: Ports) -> Text:
    """Where to knock."""
    return Text.assemble(
        ("平台已就绪 The platform is ready\n", "bold green"),
        f"  部门接口 agencies      {ports.agencies_url}   (client certificate)\n",
        f"  人员接口 people        {ports.people_url}   (an API with a login, no website)\n",
        f"  公共信用系统 demo      {ports.public_credit_url}",
    )
