"""What a dead letter's reason means, in words, and what to do about it: a table, `reasons.yaml`."""

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec


class Explanation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it died and what to do, in both languages. `replay`: now, after the cause is gone, or never."""

    errors: tuple[str, ...]
    replay: Literal["now", "after", "never"]
    zh: str
    en: str
    todo_zh: str
    todo_en: str


_UNKNOWN = Explanation(
    errors=(),
    replay="after",
    zh="未登记的失败原因。",
    en="A failure that is not in the table.",
    todo_zh="以追踪号在消费方日志中查找；查明后修复并重放，并将原因补入 shared/dead_letters/reasons.yaml。",
    todo_en="Find it in the consumer's log by the trace; mend, replay, and add it to shared/dead_letters/reasons.yaml.",
)


def explained(error: str) -> Explanation:
    """The explanation of a kind of failure, by its name."""
    return _table().get(error, _UNKNOWN)


@cache
def _table() -> dict[str, Explanation]:
    text = Path(__file__).with_name("reasons.yaml").read_bytes()
    rows = msgspec.yaml.decode(text, type=tuple[Explanation, ...])
    return {error: row for row in rows for error in row.errors}
