"""`python -m local.demo --home DIR [--again]`: the whole way, once, told in two languages while it really happens.

Everything goes through the front door as an agency or a person; only the business clock is moved from outside.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from local import state
from local.called import anxin
from local.layout import Home, Ports
from local.refusals import Refusal
from local.story import cast, chapters, records
from local.story import enforcement as law
from local.story.office import Office
from local.story.tracing import one_trace

LEVELS = {"blue": "蓝色", "yellow": "黄色", "orange": "橙色", "red": "红色"}


class Teller:
    """Says what happens, with the seconds since the story began."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.began = time.monotonic()

    def say(self, zh: str, en: str) -> None:
        """One line of the story, Chinese first."""
        self.console.print(f"[dim]{time.monotonic() - self.began:6.1f}s[/dim]  {zh}\n         [dim]{en}[/dim]")


def play(home: Home, ports: Ports, console: Console) -> dict[str, Any]:
    """Play the story with an employer that nobody knows yet. Returns what came of it."""
    with one_trace(ports, "the whole way") as thread:
        office = Office(home, ports, thread.traceparent)
        try:
            listing = _tell(Teller(console), office, records.employers(first_serial=_next_serial(home)))
        finally:
            office.close()
    farewell(console, home, ports, thread.trace_id, listing["uscc"])
    return listing


def _tell(teller: Teller, office: Office, employers: list[records.Employer]) -> dict[str, Any]:
    chapters.invite(office.home, office.ports)
    chapters.subscribe(office, office.home, office.ports)
    teller.say("各部门的证书和人员账号已就绪。", "The agencies have certificates, the people have logins.")
    _records_come_in(teller, office, employers)
    alert = _a_risk_becomes_an_alert(teller, office, employers[0])
    order = _an_order_is_not_obeyed(teller, office, office.home, alert)
    listing = _a_person_decides(teller, office, office.home, order)
    _the_world_learns(teller, office.home, office.ports, employers[0])
    return listing


def _records_come_in(teller: Teller, office: Office, employers: list[records.Employer]) -> None:
    for one in chapters.send_everything(office, employers):
        receipt = one.receipt
        teller.say(
            f"{one.agency} 报送 {one.dataset}：接收 {receipt['received']}，入库 {receipt['accepted']}。",
            f"{one.agency} sent {one.dataset}: {receipt['received']} received, {receipt['accepted']} accepted.",
        )


def _a_risk_becomes_an_alert(teller: Teller, office: Office, employer: records.Employer) -> dict[str, Any]:
    risk = chapters.risk_of(office, employer.uscc, "orange", "red")
    level = risk["level"]
    teller.say(
        f"{employer.name} 风险升至{LEVELS[level]}（{risk['points']} 分），原因：",
        f"{employer.uscc} is {level} at {risk['points']} points, because:",
    )
    for reason in risk["reasons"]:
        teller.say(f"  · {reason['text_zh']}", f"  · {reason['text_en']}")
    alert = law.dispatch(office, law.alert_of(office, employer.uscc))
    teller.say("预警已生成，经研判派发到镇街。", f"The analyst sent the alert to the town {alert['town']}.")
    return alert


def _an_order_is_not_obeyed(teller: Teller, office: Office, home: Home, alert: dict[str, Any]) -> dict[str, Any]:
    law.verify(office, home, alert["id"])
    teller.say(
        "五常街道签收，两名监察员现场核查：12 人被欠薪 3 个月，属实。",
        "The town accepted; two inspectors found 12 workers unpaid for 3 months: confirmed.",
    )
    order = law.order_to_pay(office, home, alert["id"])
    teller.say(
        f"责令限期支付 {order['order_no']} 已送达，期限至 {order['term_ends_on']}。",
        f"The order to pay was served; its term ends on {order['term_ends_on']}.",
    )
    day = chapters.let_time_pass(home, chapters.TERM_PASSES)
    teller.say(f"（演示日历拨到 {day}）", f"(the demo calendar now shows {day})")
    law.overdue(office, order["id"])
    teller.say("期限届满仍未支付。", "The term ended at 24:00 and nothing was paid.")
    return order


def _a_person_decides(teller: Teller, office: Office, home: Home, order: dict[str, Any]) -> dict[str, Any]:
    case = chapters.case_of(office, order["id"])
    notice = chapters.serve_notice(office, home, case["id"])
    teller.say(
        f"中队确认列入条件，拟列入告知书已送达，异议期至 {notice['objection_ends_on']}。",
        f"Grounds confirmed; prior notice served; objections until {notice['objection_ends_on']}.",
    )
    day = chapters.let_time_pass(home, chapters.OBJECTION_PASSES)
    teller.say(f"（演示日历拨到 {day}，无人提出异议）", f"(the demo calendar now shows {day}; no objection came)")
    listing = chapters.decide(office, case["id"])
    teller.say(
        f"人社局负责人周杰签署列入决定 {listing['decision_no']}。",
        f"The bureau's head signed the decision with the own key; on the list until {listing['expected_exit']}.",
    )
    return listing


def _the_world_learns(teller: Teller, home: Home, ports: Ports, employer: records.Employer) -> None:
    arrived = law.arrivals(home, ports, employer.uscc)
    teller.say(
        f"公共信用系统已收到：{'、'.join(arrived)}，签名验证通过。",
        f"The public credit system received and verified it by {', '.join(arrived)}.",
    )
    check = chapters.credit_check(home, ports, employer.uscc)
    teller.say(
        f"税务局查询：{employer.uscc} {'在' if check['listed'] else '不在'}联合惩戒名单。",
        f"The tax bureau asks, and learns: listed = {check['listed']}, until {check['expected_exit']}.",
    )


def farewell(console: Console, home: Home, ports: Ports, trace: str, uscc: str) -> None:
    """Where to go on from here: lines without a frame, never cut or broken, for they are copied."""
    lines = [
        f"公共信用系统 public credit system: {ports.public_credit_url}"
        f"  (网页 a page, CA {home.pki.certificate('mesh-ca')})",
        f"机构入口 agencies: {ports.agencies_url}  ({home.path}/agencies/<id>/client.crt)",
        f"人员接口 people: {ports.people_url}"
        f"  (不是网页 no website; 密码 passwords: {home.path}/people/<login>/password)",
        *(f"  {one.login}  {one.name}  {', '.join(one.roles)}  {one.division}" for one in cast.PEOPLE),
        f"整条链路 the whole way: {anxin('trace', trace, '--home', str(home.path))}",
    ]
    console.print(Text(f"首个列入对象 first listed employer: {uscc}", style="bold green"), soft_wrap=True)
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def say_it_goes_on(console: Console, home: Home, in_front: bool) -> None:
    """The story is over, the platform is not."""
    zh, en = "按 Ctrl-C 停止", "Ctrl-C stops it"
    if not in_front:
        down = anxin("down", "--home", str(home.path))
        zh, en = f"停止请执行 {down} ", f"`{down}` stops it"
    console.print(Text(f"平台继续运行，{zh}。 The platform goes on running; {en}.", style="bold"), soft_wrap=True)


def _next_serial(home: Home) -> int:
    """A hundred new credit codes for each telling, so that no employer is told of twice."""
    file = home.path / "demo" / "serial"
    file.parent.mkdir(parents=True, exist_ok=True)
    serial = int(file.read_text()) if file.exists() else 1
    file.write_text(str(serial + 100))
    return serial


def main(
    home: Annotated[Path, typer.Option()],
    again: Annotated[bool, typer.Option("--again")] = False,
    in_front: Annotated[bool, typer.Option("--in-front")] = False,
) -> None:
    """Play the demo on a running platform; without --again only if it was never played there.

    `--in-front`: the supervisor has this terminal, and Ctrl-C stops it.
    """
    here, console = Home(home), Console()
    ports = Ports(state.running(here).port_base)
    played = here.path / "demo" / "played.json"
    if played.exists() and not again:
        once_more = anxin("demo", "--home", str(home))
        told = f"演示已播放过，再看一次：{once_more} 。 The demo was played here before; again: `{once_more}`."
        console.print(Text(told), soft_wrap=True)
        say_it_goes_on(console, here, in_front)
        return
    began = datetime.now(UTC)
    listing = play(here, ports, console)
    seconds = round((datetime.now(UTC) - began).total_seconds(), 1)
    outcome = {"uscc": listing["uscc"], "decision_no": listing["decision_no"], "seconds": seconds}
    played.write_text(json.dumps(outcome, ensure_ascii=False))
    say_it_goes_on(console, here, in_front)


def run() -> None:
    """The command; a refusal is one sentence and its exit status."""
    try:
        typer.run(main)
    except Refusal as refusal:
        Console(stderr=True, soft_wrap=True, highlight=False).print(str(refusal), style="red", markup=False)
        sys.exit(refusal.exit_status)


if __name__ == "__main__":
    run()
