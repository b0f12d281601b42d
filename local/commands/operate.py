"""`anxin clock`, `dead-letters list|show|replay|discard`, `audit verify`: what operations and auditors do."""

from typing import Annotated

import typer
from rich.console import Console

from local import clock as business_clock
from local import state
from local.commands.options import HomeOption, home_of
from local.layout import SERVICES
from local.refusals import Refusal
from local.tables import Rows


def register(app: typer.Typer) -> None:
    app.command()(clock)
    letters = typer.Typer(help="死信。What no consumer could handle.", no_args_is_help=True)
    letters.command("list")(list_letters)
    letters.command("show")(show_letter)
    letters.command("replay")(replay_letters)
    letters.command("discard")(discard_letters)
    app.add_typer(letters, name="dead-letters")
    audit = typer.Typer(help="审计日志。The audit log.", no_args_is_help=True)
    audit.callback()(_audit_room)
    audit.command("verify")(verify_audit)
    app.add_typer(audit, name="audit")


def _audit_room() -> None:
    """审计日志。The audit log."""


def clock(
    home: HomeOption = None,
    advance: Annotated[str | None, typer.Option(help="向前拨 Move it forward: 9d, 36h, 1d12h")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="恢复系统时间 Back to the system's time")] = False,
) -> None:
    """业务时钟（仅限演示和开发）。The clock that the law's terms run on, for development only."""
    here = home_of(home)
    state.running(here)
    if reset:
        business_clock.reset(here)
    if advance:
        business_clock.advance(here, business_clock.parse(advance))
    Console().print(f"业务时钟快 the business clock is ahead by {business_clock.offset(here)}")


def list_letters(home: HomeOption = None, limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100) -> None:
    """列出死信及原因。List dead letters and why each died."""
    from local import operations

    found = operations.dead_letters(home_of(home), limit)
    table = Rows("序号 #", "时间 buried", "主题 subject", "消费者 consumer", "原因 reason")
    for each in found:
        buried = each.buried_at.astimezone().strftime("%m-%d %H:%M:%S") if each.buried_at else "-"
        table.add(str(each.sequence), buried, each.subject, each.consumer, each.reason)
    console = Console()
    if found:
        table.print(console)
    else:
        console.print("没有死信 no dead letters")


def show_letter(
    number: Annotated[int, typer.Argument(metavar="#", min=1, help="序号 Its number")], home: HomeOption = None
) -> None:
    """说明一条死信：原因、处置、内容（脱敏）。Why it died, what to do, and what it carried, masked."""
    from local import operations
    from shared.dead_letters.contents import described
    from shared.dead_letters.reasons import explained

    letter, console = operations.dead_letter(home_of(home), number), Console(soft_wrap=True, highlight=False)
    why = explained(letter.error)
    console.print(f"{letter.sequence} {letter.consumer} <- {letter.subject} ({letter.tries or '?'} 次 tries)")
    console.print(letter.reason, markup=False)
    console.print(f"{why.zh} {why.en}\n{why.todo_zh} {why.todo_en}", markup=False)
    console.print_json(data=described(letter.body), ensure_ascii=False)


def replay_letters(
    sequences: Annotated[list[int] | None, typer.Argument(metavar="[#]...", help="序号 Numbers; none: all")] = None,
    home: HomeOption = None,
) -> None:
    """重新投递死信。Send dead letters to their subject again."""
    from local import operations

    console, here = Console(), home_of(home)
    numbers = sequences or [letter.sequence for letter in operations.dead_letters(here, 10_000)]
    if not numbers:
        console.print("没有死信 no dead letters")
    for number in numbers:
        console.print(f"{number} -> {operations.settle(here, number, 'replayed', 'anxin dead-letters replay')}")


def discard_letters(
    sequences: Annotated[list[int], typer.Argument(metavar="#...", help="序号 Numbers")],
    reason: Annotated[str, typer.Option(help="原因，留痕 Why; it stays on record")],
    home: HomeOption = None,
) -> None:
    """丢弃死信并记录原因。Put dead letters away for good, with the reason."""
    from local import operations

    here = home_of(home)
    for number in sequences:
        operations.settle(here, number, "discarded", reason)
        Console().print(f"{number}: 已丢弃 discarded")


def verify_audit(home: HomeOption = None) -> None:
    """逐条核对哈希链。Check every entry of the hash-chained log; exit status 1 when one does not fit."""
    from local import operations

    here, console = home_of(home), Console()
    broken = {name: operations.audit_broken_at(here, name) for name in SERVICES}
    for name, entry in broken.items():
        console.print(
            f"{name}: " + ("完整 intact" if entry is None else f"第 {entry} 条不符 entry {entry} does not fit")
        )
    if any(entry is not None for entry in broken.values()):
        raise Refusal("审计日志已被改动。", "The audit log has been changed.")
