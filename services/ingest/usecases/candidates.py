"""Whom a question may mean: whom its clues name, and names that look alike, with scores; a person judges."""

from uuid import UUID

import polars as pl
from rapidfuzz import fuzz, process

from services.ingest.matching.names import grams, named
from services.ingest.store import questions as question_store
from services.ingest.store import registry
from shared.db import Session

MOST = 5
_LOOKED_AT = 20
# How much a clue says by itself, of 100: what is left out or shared by two decides nothing, but a person should see it.
_WORTH = {"organisation": 90, "regno": 90, "name": 95, "core": 85, "account": 70}
_LEAST = 50


async def note_candidates(session: Session, questions: list[UUID]) -> None:
    """Find and keep the candidates of some questions."""
    asked = [each for each in await question_store.questions(session, questions) if each.state == "open"]
    if not asked:
        return
    ids = [str(each.question_id) for each in asked]
    told = pl.DataFrame(
        {"question_id": ids, "told": [each.told if each.kind == "name" else None for each in asked]},
        schema={"question_id": pl.String, "told": pl.String},
    )
    found = pl.concat([await _clued(session, ids), await _alike(session, told)])
    best = found.group_by("question_id", "subject_id").agg(pl.col("score").max()).filter(pl.col("score") >= _LEAST)
    names = await question_store.told_of(session, best.get_column("subject_id").unique().to_list())
    await question_store.keep_candidates(session, _listed(told, best.join(names, on="subject_id", how="left")))


def _listed(asked: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """question_id, candidates (the best first), best_score: a line a question, also where nobody was found."""
    shaped = found.sort("score", "subject_id", descending=[True, False]).select(
        "question_id",
        candidates=pl.struct("subject_id", pl.col("told").alias("name"), "division", "score"),
        score="score",
    )
    lists = shaped.group_by("question_id", maintain_order=True).agg(
        pl.col("candidates").head(MOST), pl.col("score").max().alias("best_score")
    )
    return (
        asked.select("question_id")
        .join(lists, on="question_id", how="left")
        .with_columns(pl.col("candidates").fill_null([]))
    )


async def _clued(session: Session, ids: list[str]) -> pl.DataFrame:
    clues = await question_store.clues_of(session, ids)
    evidence = (await registry.look_up(session, clues)).filter(pl.col("source") == "known")
    joined = clues.join(evidence, on=["kind", "scope", "value"])
    worth = pl.col("kind").replace_strict(_WORTH, default=_LEAST, return_dtype=pl.Int64)
    return joined.select("question_id", "subject_id", score=worth)


async def _alike(session: Session, told: pl.DataFrame) -> pl.DataFrame:
    """Names that share their beginning, by how much of the whole name agrees (rapidfuzz, 0 to 100)."""
    nothing = pl.DataFrame(schema={"question_id": pl.String, "subject_id": pl.String, "score": pl.Int64})
    keys = told.hstack(named(told.get_column("told")).select("core", "full")).drop_nulls("core")
    if keys.is_empty():
        return nothing
    found = await question_store.alike(session, grams(keys.get_column("core")), _LOOKED_AT)
    if found.is_empty():
        return nothing
    asked = keys.select("question_id", asked="core").with_row_index("place")
    pairs = found.join(asked, on="place")
    scores = process.cpdist(pairs.get_column("asked").to_list(), pairs.get_column("value").to_list(), scorer=fuzz.ratio)
    return pairs.select("question_id", "subject_id", score=pl.Series(scores).round().cast(pl.Int64))
