"""Whom to inspect by chance: a stratified random sample that anybody can draw again. Pure: the seed decides.

An employer's place in his stratum is a hash of the seed and his code, so the sample does not depend on the order in
which employers are listed, and one who enters another stratum changes nobody's place in this one.
"""

import hashlib
import heapq
from collections.abc import Mapping
from fractions import Fraction

import polars as pl

from services.scoring.learning.policy import Design

FRAME = ("employer_id", "name", "town", "industry", "size", "level")
UNKNOWN = "unknown"
_COUNTS = {"stratum": pl.String(), "stratum_population": pl.Int64(), "stratum_drawn": pl.Int64()}


def draw(frame: pl.DataFrame, n: int, design: Design, seed: int) -> pl.DataFrame:
    """The sample: the rows of FRAME with stratum, stratum_population, stratum_drawn and probability, by employer.

    `probability` is stratum_drawn / stratum_population: with which chance this employer was chosen. At most `n` rows.
    """
    stratified = frame.with_columns(_stratum(design))
    populations = dict(stratified.group_by("stratum").len().iter_rows())
    drawn = allocate(populations, n, design)
    place = pl.Series("place", [_place(seed, code) for code in stratified["employer_id"]], dtype=pl.String)
    counts = pl.DataFrame([(name, populations[name], drawn[name]) for name in drawn], schema=_COUNTS, orient="row")
    ranked = stratified.with_columns(place).join(counts, on="stratum")
    chosen = ranked.filter(pl.col("place").rank("ordinal").over("stratum") <= pl.col("stratum_drawn"))
    probability = (pl.col("stratum_drawn") / pl.col("stratum_population")).alias("probability")
    return chosen.with_columns(probability).drop("place").sort("employer_id")


def allocate(populations: Mapping[str, int], n: int, design: Design) -> dict[str, int]:
    """How many of each stratum: `least` of each while it lasts, the rest in proportion or equally; never more than are.

    The sum is `n`, or everybody. With fewer than there are strata, the largest come first.
    """
    drawn = dict.fromkeys(sorted(populations), 0)
    left = min(n, sum(populations.values()))
    # One each before two each.
    for _ in range(design.least):
        for name in sorted(drawn, key=lambda each: (-populations[each], each)):
            if left and drawn[name] < populations[name]:
                drawn[name], left = drawn[name] + 1, left - 1
    waiting = [(_claim(populations, drawn, name, design), name) for name in drawn if drawn[name] < populations[name]]
    heapq.heapify(waiting)
    for _ in range(left):
        name = heapq.heappop(waiting)[1]
        drawn[name] += 1
        if drawn[name] < populations[name]:
            heapq.heappush(waiting, (_claim(populations, drawn, name, design), name))
    return drawn


def _claim(populations: Mapping[str, int], drawn: Mapping[str, int], name: str, design: Design) -> Fraction:
    """Sainte-Laguë's quotient, negated for the heap: who has least of his share comes next. Exact, so ties are ties."""
    weight = populations[name] if design.share == "proportional" else 1
    return -Fraction(weight, 2 * drawn[name] + 1)


def digest(frame: pl.DataFrame) -> str:
    """One hash of who could have been drawn, with what decides his stratum, whatever the order."""
    ordered = frame.select(FRAME).sort("employer_id")
    lines = ("\x1f".join("" if item is None else str(item) for item in row) for row in ordered.iter_rows())
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


def _stratum(design: Design) -> pl.Expr:
    parts = [pl.format("{}={}", pl.lit(trait), pl.col(trait).fill_null(UNKNOWN)) for trait in design.by]
    return (pl.concat_str(parts, separator=",") if parts else pl.lit("all")).alias("stratum")


def _place(seed: int, code: str) -> str:
    return hashlib.sha256(f"{seed}|{code}".encode()).hexdigest()
