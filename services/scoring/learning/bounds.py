"""Whether a figure has passed its bound, and when that is over. Pure: what was, and what is now, give what changed.

A bound is passed when the whole interval lies beyond it, and kept again when the value itself lies within: between the
two it stays as it was, so that chance does not call somebody every day. Of too few rows nothing is said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

State = Literal["kept", "passed"]


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A figure that should be at least (or at most) a value, in every group of a grouping, with enough rows."""

    code: str
    figure: str
    grouping: str
    op: Literal["at_least", "at_most"]
    value: float
    least_rows: int
    title_zh: str
    title_en: str
    tag: Literal["V", "P", "D", "M"]
    source: str
    verified: bool


@dataclass(frozen=True)
class Watched:
    """A figure as bounds see it: of which group, of how many rows, with its interval (equal to the value if none)."""

    figure: str
    grouping: str
    group: str
    rows: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """How a figure stands to a bound. `changed`: otherwise than before."""

    bound: Bound
    watched: Watched
    state: State
    changed: bool


def judge(
    bounds: Sequence[Bound], watched: Iterable[Watched], before: Mapping[tuple[str, str], State]
) -> list[Verdict]:
    """Every figure against every bound on it. `before`: the last state by (code, group), kept where there is none."""
    table = [(bound, each) for each in watched for bound in bounds if _is_about(bound, each)]
    verdicts = []
    for bound, each in table:
        was = before.get((bound.code, each.group), "kept")
        now = _state(bound, each, was)
        verdicts.append(Verdict(bound, each, now, now != was))
    return verdicts


def _is_about(bound: Bound, each: Watched) -> bool:
    return (bound.figure, bound.grouping) == (each.figure, each.grouping) and each.rows >= bound.least_rows


def _state(bound: Bound, each: Watched, was: State) -> State:
    at_least = bound.op == "at_least"
    if each.high < bound.value if at_least else each.low > bound.value:
        return "passed"
    if each.value >= bound.value if at_least else each.value <= bound.value:
        return "kept"
    return was
