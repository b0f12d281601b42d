"""E36: whose warning is told to whom. Pure.

A warning of one employer is a fact about those who are tied to it, like any other: it is kept with its day, a score
that stands on it can be worked out again, and after its days it counts no more. Only what an employer has by indicators
of its own is told on, and only when that grows: two that warn each other never go on warning.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import polars as pl

from services.scoring import rules
from services.scoring.frames import bodies
from services.scoring.judgement import Verdict
from services.scoring.rulebook import Rulebook
from services.scoring.rules import LEVELS, Level
from services.scoring.standings import Standing

# Our own dataset, no agency's.
DATASET = "related_warning"


class Warned(NamedTuple):
    """An employer that has come to a level by indicators of its own; a low one takes back what was told before."""

    employer: str
    level: Level


def told_on(
    verdicts: Iterable[Verdict],
    before: Callable[[list[str]], Mapping[str, Standing]],
    book: Rulebook,
    today: date,
    *,
    is_corrected: bool,
) -> list[Warned]:
    """Whose own level is high enough to be told on, and has a step that it did not have, or not as grave.

    Also, where what was known is corrected, who was as grave and is no more: what was told of him is taken back.
    `before`: how some stood when they were last scored.
    """
    by_others = {each.code for each in book.indicators if DATASET in each.datasets}
    if not by_others:
        return []
    least, scale = LEVELS[book.parameter("related_least_level", today)], book.scale(today)
    # A further signal never lowers a level: whose whole level is low has no high one of his own.
    may_be = [each for each in verdicts if is_corrected or rules.at_least(each.assessment.level, least)]
    standings = before([verdict.subject for verdict in may_be]) if may_be else {}
    found = []
    for verdict in may_be:
        own = rules.assess((s for s in verdict.assessment.signals if s.indicator not in by_others), scale, today)
        steps, level = _before(standings.get(verdict.subject))
        is_grave = rules.at_least(own.level, least)
        has_grown = is_grave and not rules.are_known(rules.steps(own), steps)
        if has_grown or (is_corrected and not is_grave and rules.at_least(level, least)):
            found.append(Warned(verdict.subject, own.level))
    return found


def _before(standing: Standing | None) -> tuple[Sequence[str], Level]:
    return (standing.steps, standing.level) if standing else ((), "none")


def closest(ties: Mapping[str, pl.DataFrame], employer: str, most_in_group: int, most: int) -> list[str]:
    """Who is tied to an employer, those of the smallest circles first. `ties`: (group, code) of each kind.

    Of a circle of many nobody is told, and no warning is told to more than `most`.
    """
    sizes: dict[str, int] = {}
    for members in ties.values():
        mine = members.filter(pl.col("code") == employer).select("group")
        circles = members.join(mine, on="group", how="semi").with_columns(pl.len().over("group").alias("size"))
        small = circles.filter(pl.col("size") <= most_in_group, pl.col("code") != employer)
        for code, size in small.group_by("code").agg(pl.col("size").min()).iter_rows():
            sizes[code] = min(size, sizes.get(code, size))
    return sorted(sizes, key=lambda code: (sizes[code], code))[:most]


def facts(told: Sequence[tuple[Warned, UUID, Sequence[str]]], today: date) -> pl.DataFrame:
    """The warnings as records (store.facts.ROWS, without a source time): one an employer warned and relative."""
    rows = [
        (who, f"{who}|{warned.employer}", number, str(score_id), warned.employer, warned.level)
        for warned, score_id, relatives in told
        for number, who in enumerate(relatives, 1)
    ]
    names = ["id", "key", "row_no", "receipt_id", "party", "level"]
    table = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String()) | {"row_no": pl.Int64()}, orient="row")
    body = bodies(table.select("party", "level", pl.lit(today).alias("warned_on")))
    return table.select("id", pl.lit(None, pl.String).alias("left"), "key", "row_no", "receipt_id", body)
