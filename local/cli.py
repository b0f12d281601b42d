"""The `anxin` command. Its words are in `local/commands/`.

Exit status: 0 done; 1 something unforeseen, or a check that failed; 2 the call makes no sense; 3 no platform runs
here; 4 a port is taken; 5 the disk is full; 6 the home cannot be used; 7 a part did not start; 8 the platform refused;
9 the file was taken but some of its rows were not; 130 interrupted.
"""

import logging
import sys
from contextlib import suppress

import typer
from rich.console import Console

from local.commands import (
    agencies,
    city,
    dispute,
    explain,
    inspect,
    learning,
    model,
    models,
    operate,
    quality,
    receipts,
    records,
    rules,
    run,
    submit,
)
from local.disk import FULL
from local.refusals import DiskFull, HomeUnusable, Refusal

app = typer.Typer(
    name="anxin",
    help="安薪：欠薪预警与治理平台。 Wage-arrears early warning and recovery.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
ROOMS = (
    *(run, agencies, records, submit, receipts, dispute, quality, explain),
    *(inspect, operate, rules, model, models, learning, city),
)
for room in ROOMS:
    room.register(app)


def main() -> None:
    """Run the command; every foreseen failure is one sentence on standard error and an exit status."""
    # asyncio remarks on every TLS connection that the other side closes first.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    try:
        app()
    except Refusal as refusal:
        _end(refusal)
    except OSError as error:
        told = foreseen(error)
        if told is None:
            raise
        _end(told)
    except KeyboardInterrupt:
        sys.exit(130)


def foreseen(error: OSError) -> Refusal | None:
    """A full disk and a file that is not ours to read have one sentence, wherever they are met."""
    if error.errno in FULL:
        return DiskFull("磁盘已满。", "The disk is full.")
    if isinstance(error, PermissionError):
        return HomeUnusable(f"无权读写 {error.filename}。", f"No right to read or write {error.filename}.")
    return None


def _end(refusal: Refusal) -> None:
    with suppress(OSError):  # a full disk may hold the log that is our standard error
        Console(stderr=True, soft_wrap=True, highlight=False).print(str(refusal), style="red", markup=False)
    sys.exit(refusal.exit_status)


if __name__ == "__main__":
    main()
