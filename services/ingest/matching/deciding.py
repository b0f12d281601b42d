"""From clues and what is known to a subject, or to no decision. A wrong link costs more than a question to a person.

Evidence that leads to two employers decides nothing, nor does any that a stronger-looking name contradicts.
"""

from datetime import timedelta
from functools import cache
from importlib.resources import files

import polars as pl
import yaml

from services.ingest.matching.clues import AT, PROVEN, Clues
from services.ingest.matching.subjects import SUBJECT
from services.ingest.validation import ROW

# What the registry answers to clues. source: known (learned), answer (a person's), barred (a link that was undone).
# since, until: from when and before when it holds; null is always. successor: whom the subject was merged into.
EVIDENCE: dict[str, pl.DataType] = {
    "source": pl.String(),
    "kind": pl.String(),
    "scope": pl.String(),
    "value": pl.String(),
    "division": pl.String(),
    "subject_id": pl.String(),
    "since": pl.Datetime("us", "UTC"),
    "until": pl.Datetime("us", "UTC"),
    "region": pl.String(),
    "form": pl.String(),
    "link_id": pl.String(),
    "successor": pl.String(),
    "succeeded_at": pl.Datetime("us", "UTC"),
    "merger_id": pl.String(),
}
# SUBJECT null: a person said that it is nobody we know. link_id: the person's answer, null for a link of our own.
DECIDED = {
    ROW: pl.UInt32,
    SUBJECT: pl.String,
    "method": pl.String,
    "kind": pl.String,
    "scope": pl.String,
    "value": pl.String,
    "link_id": pl.String,
    "merger_id": pl.String,
}
# So many employers and more behind one clue were not all looked at.
MOST_FOUND = 50
_SHORTEST_CORE = 4
_BY_NUMBER = ("code", "regno", "organisation", "account")


def decide(asked: Clues, evidence: pl.DataFrame) -> pl.DataFrame:
    """DECIDED: a line for each record whose subject is beyond doubt, or of which a person has decided."""
    proven = asked.clues.filter(pl.col("kind") == PROVEN).with_columns(subject_id="value")
    held = _held(asked, evidence)
    known = held.filter((pl.col("source") == "known") & (pl.col("method") != "manual"))
    holders = _holders(known)
    found = [
        _lone(proven),
        _answered(held, holders),
        *(_lone(known.filter(pl.col("method") == method)) for method in ("code", "regno", "organisation")),
        _lone(holders),
        by_name := _placed(_valid(known.filter(pl.col("kind") == "name"))),
        _placed(_compatible(known.filter(pl.col("kind") == "core"), asked.rows)),
    ]
    ranked = pl.concat([_shaped(frame) for frame in found]).sort("order", maintain_order=True)
    first = ranked.unique(ROW, keep="first", maintain_order=True)
    return _succeeded(_uncontradicted(first, by_name)).select(*DECIDED).cast(DECIDED)  # type: ignore[arg-type]


_CARRIED = (ROW, "subject_id", "method", "kind", "scope", "value", "order", "link_id", AT)
_MERGED = ("successor", "succeeded_at", "merger_id")


def _shaped(frame: pl.DataFrame) -> pl.DataFrame:
    moment = pl.Datetime("us", "UTC")
    types = {**EVIDENCE, ROW: pl.UInt32(), "method": pl.String(), "order": pl.UInt8(), AT: moment}
    wanted = [*_CARRIED, *_MERGED]
    columns = [pl.col(name) if name in frame.columns else pl.lit(None).alias(name) for name in wanted]
    return frame.select(columns).cast({name: types[name] for name in wanted})


def _held(asked: Clues, evidence: pl.DataFrame) -> pl.DataFrame:
    """Clues with the evidence that they found, without what a person has barred."""
    joined = asked.clues.join(evidence, on=["kind", "scope", "value"]).filter(
        pl.col("wanted").is_null() | (pl.col("wanted") == pl.col("subject_id"))
    )
    context = asked.rows.select(ROW, AT, "town", "district")
    # Whom a name does not mean, it does not mean when it is shortened either.
    joined = joined.with_columns(family=pl.col("kind").replace("core", "name"))
    barred = joined.filter(pl.col("source") == "barred").select(ROW, "family", "subject_id")
    known = joined.filter(pl.col("source") == "known").join(barred, on=[ROW, "family", "subject_id"], how="anti")
    answers = joined.filter(pl.col("source") == "answer")
    return pl.concat([known, answers]).join(context, on=ROW)


def _answered(held: pl.DataFrame, holders: pl.DataFrame) -> pl.DataFrame:
    """What people have answered: of a name in the same district, of an account until a record names a later holder."""
    answers = held.filter((pl.col("source") == "answer") & (pl.col("method") == "manual"))
    answers = answers.filter((pl.col("kind") != "name") | (pl.col("division") == pl.col("district")))
    later = answers.filter(pl.col("kind") == "account").join(
        holders.select(ROW, pl.col("since").alias("held_since")), on=ROW
    )
    return answers.join(later.filter(pl.col("held_since") > pl.col("since")), on=ROW, how="anti")


def _lone(found: pl.DataFrame) -> pl.DataFrame:
    """The records for which only one subject was found."""
    lone = found.filter(pl.col("subject_id").n_unique().over(ROW) == 1)
    return lone.unique(ROW, keep="first", maintain_order=True)


def _holders(known: pl.DataFrame) -> pl.DataFrame:
    """Who held each account when the record was true."""
    past = known.filter((pl.col("kind") == "account") & (pl.col("since") <= pl.col(AT)))
    return _lone_of(past.filter(pl.col("since") == pl.col("since").max().over(ROW)))


def _lone_of(found: pl.DataFrame) -> pl.DataFrame:
    return found.filter(pl.col("subject_id").n_unique().over(ROW) == 1)


def _valid(names: pl.DataFrame) -> pl.DataFrame:
    """The names that were borne when the record was true; where there is none, those that were given up lately."""
    begun = pl.col("since").is_null() | (pl.col("since") <= pl.col(AT))
    borne = begun & (pl.col("until").is_null() | (pl.col(AT) < pl.col("until")))
    lately = begun & (pl.col(AT) < pl.col("until") + _kept())
    return names.filter(pl.when(borne.any().over(ROW)).then(borne).otherwise(lately))


@cache
def _kept() -> timedelta:
    """How long the law keeps a name that was given up from others: until then it means its old owner."""
    text = files("services.ingest.matching").joinpath("data/parameters.yaml").read_text(encoding="utf-8")
    return timedelta(days=yaml.safe_load(text)[-1]["value"])


def _placed(names: pl.DataFrame) -> pl.DataFrame:
    """The lone employer of a name: of all, else of the record's town, else of its district. Too many: none."""
    few = names.filter(pl.len().over(ROW) < MOST_FOUND)
    in_town = few.filter((pl.col("town") != "") & (pl.col("division") == pl.col("town")))
    in_district = few.filter((pl.col("district") != "") & (pl.col("division").str.slice(0, 6) == pl.col("district")))
    found = pl.concat([_lone(few), _lone(in_district), _lone(in_town)])
    return found.unique(ROW, keep="first", maintain_order=True)


def _compatible(cores: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Abbreviated names: the rest of the name must not say another, and former bearers count as bearers.

    A region, and a legal form, may be left out, or be told less exactly; they may not differ.
    """
    told = rows.select(ROW, pl.col("region").alias("told_region"), pl.col("form").alias("told_form"))
    long = cores.filter(pl.col("value").str.len_chars() >= _SHORTEST_CORE).join(told, on=ROW)
    long = long.sort("until", nulls_last=False, maintain_order=True)
    region, told_region = pl.col("region").fill_null(""), pl.col("told_region")
    same_region = region.str.contains(told_region, literal=True) | told_region.str.contains(region, literal=True)
    same_form = (pl.col("told_form") == "") | (pl.col("form") == pl.col("told_form"))
    lone = _placed(long)
    elsewhere = (pl.col("district") != "") & (pl.col("division").str.slice(0, 6) != pl.col("district"))
    fits = same_region & same_form & ~elsewhere.fill_null(False)
    return lone.filter(fits).filter(pl.col("until").is_null())


def _uncontradicted(first: pl.DataFrame, by_name: pl.DataFrame) -> pl.DataFrame:
    """Without the links by a number where the full name belongs to somebody else."""
    named = by_name.select(ROW, pl.col("subject_id").alias("named"))
    other = pl.col("method").is_in(_BY_NUMBER) & (pl.col("kind") != PROVEN) & (pl.col("named") != pl.col("subject_id"))
    return first.join(named, on=ROW, how="left").filter(~other.fill_null(False))


def _succeeded(first: pl.DataFrame) -> pl.DataFrame:
    """A firm that was merged into another is the other from that day on."""
    merged = (pl.col("successor").is_not_null() & (pl.col(AT) >= pl.col("succeeded_at"))).fill_null(False)
    return first.with_columns(
        pl.when(merged).then(pl.col("successor")).otherwise(pl.col("subject_id")).alias(SUBJECT),
        pl.when(merged).then(pl.col("merger_id")).alias("merger_id"),
    )
