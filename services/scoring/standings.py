"""How subjects stood when they were last scored: as columns, and one by one of whom something has to be looked at.

Most of everyone is calm, was calm and is called what he was called; that is found by comparing columns, and no object
is made of them. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import polars as pl

from services.scoring.frames import Facts
from services.scoring.levels import Override, Trail, trail_of
from services.scoring.rulebook import Rulebook, Scored
from services.scoring.rules import Level

PROFILE = ("name", "division", "gc_uscc", "gc_name")
# left_on: JSON; is_doubted: whether something was wrong with what was known of it; the rest as in scoring.subject.
STANDINGS: dict[str, pl.DataType] = {
    "subject": pl.String(),
    **dict.fromkeys(PROFILE, pl.String()),
    "level": pl.String(),
    "computed_level": pl.String(),
    "left_on": pl.String(),
    "told_steps": pl.String(),
    "meaning": pl.String(),
    "state": pl.String(),
    "score_id": pl.String(),
    "is_doubted": pl.Boolean(),
}


@dataclass(frozen=True)
class Standing:
    """How a subject stood when it was last scored, and what a person has set for it.

    level, meaning, steps: what was told last; an empty `state`: it was never scored.
    """

    level: Level
    meaning: str
    state: str
    profile: Mapping[str, str | None]
    steps: tuple[str, ...] = ()
    trail: Trail = field(default_factory=Trail)
    override: Override | None = None


@dataclass(frozen=True)
class Standings:
    """How some subjects stood. `table`: STANDINGS; `overrides`: what people have set, by subject."""

    table: pl.DataFrame
    overrides: Mapping[str, Override]

    def of(self, subjects: Iterable[str]) -> dict[str, Standing]:
        """Each of these by itself, of those that are known."""
        rows = self.table.filter(pl.col("subject").is_in(list(subjects))).iter_rows(named=True)
        return {row["subject"]: _standing(row, self.overrides.get(row["subject"])) for row in rows}

    def score_ids(self, subjects: Iterable[str]) -> dict[str, UUID]:
        """The last line of each one's history, of those that have one."""
        told = self.table.filter(pl.col("subject").is_in(list(subjects))).drop_nulls("score_id")
        return {subject: UUID(score_id) for subject, score_id in told.select("subject", "score_id").iter_rows()}

    def unchanged(self, profiles: pl.DataFrame, calm: Standing, restless: Iterable[str]) -> pl.Series:
        """Who stands as `calm` does and is called as before. `restless`: of whom there is something to say now."""
        looked_at = [*restless, *self.overrides]
        known = profiles.filter(~pl.col("subject").is_in(looked_at)).join(
            self.table, on="subject", suffix="_before", maintain_order="left"
        )
        as_before = [pl.col(each).eq_missing(pl.col(f"{each}_before")) for each in PROFILE]
        same = known.filter(
            *as_before,
            ~pl.col("is_doubted"),
            pl.col("state") == calm.state,
            pl.col("meaning") == calm.meaning,
            pl.col("level") == calm.level,
            pl.col("computed_level") == calm.trail.computed,
            pl.col("left_on") == "{}",
            pl.col("told_steps") == "",
        )
        return same["subject"]


def _standing(row: Mapping[str, Any], override: Override | None) -> Standing:
    return Standing(
        row["level"],
        row["meaning"] or "",
        row["state"] or "",
        {each: row[each] for each in PROFILE},
        tuple(row["told_steps"].split()),
        trail_of(row["computed_level"], msgspec.json.decode(row["left_on"])),
        override,
    )


def profiles(facts: Facts, book: Rulebook, kind: Scored) -> pl.DataFrame:
    """(subject, *PROFILE): from the first dataset of the book that knows them, newest fact first."""
    table = facts.subjects.with_columns(pl.lit(None, pl.String).alias(each) for each in PROFILE)
    for code, dataset in book.of_subject(kind).items():
        if dataset.profile and facts.frames[code].height:
            table = _filled(table, facts.frames[code], dataset.profile)
    return table


def _filled(table: pl.DataFrame, frame: pl.DataFrame, profile: Mapping[str, str]) -> pl.DataFrame:
    newest = frame.sort("source_time", "receipt_id", "row_no").group_by("subject", maintain_order=True)
    known = newest.agg(pl.col(item).drop_nulls().last().alias(f"{each}~") for each, item in profile.items())
    joined = table.join(known, on="subject", how="left", maintain_order="left")
    filled = joined.with_columns(pl.coalesce(each, f"{each}~").alias(each) for each in profile)
    return filled.select("subject", *PROFILE)
