"""What records whose subject is proven teach about others' subjects: names, numbers, accounts, mergers."""

from typing import NamedTuple

import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.matching.clues import AT, account_scope
from services.ingest.matching.codes import inside, registration_numbers
from services.ingest.matching.names import grams, named
from services.ingest.matching.subjects import SUBJECT

_MOMENT = pl.Datetime("us", "UTC")
# Which record teaches it: a lesson stands as long as that record, or the one that confirmed it, says so.
TEACHER = "#teacher"
_TAUGHT = {"taught_by": pl.String(), "confirmed_by": pl.String()}
# kind: name, core, regno, organisation. since null: since ever. official: said by the register, so it counts from its
# day and ends when the next begins. told: the name as it was written.
EMPLOYERS = pl.Schema(
    {
        "kind": pl.String(),
        "value": pl.String(),
        "subject_id": pl.String(),
        "division": pl.String(),
        "since": _MOMENT,
        "until": _MOMENT,
        "official": pl.Boolean(),
        "told": pl.String(),
        "region": pl.String(),
        "form": pl.String(),
        "grams": pl.List(pl.String),
        **_TAUGHT,
    }
)
ACCOUNTS = pl.Schema(
    {"scope": pl.String(), "account": pl.String(), "since": _MOMENT, "subject_id": pl.String(), **_TAUGHT}
)
MERGERS = pl.Schema({"value": pl.String(), "subject_id": pl.String(), "since": _MOMENT, "taught_by": pl.String()})
_KEY = ["kind", "value", "subject_id", "division"]
# How registers name a change; the items are free text (samr_change.item_name).
_RENAMED, _MERGED = r"名称", r"合并"
_REGISTERED_IN = (2, 6)  # where the credit code says in which district it was given
_ORGANISATION = (8, 9)


class Lessons(NamedTuple):
    """EMPLOYERS, ACCOUNTS and MERGERS."""

    employers: pl.DataFrame
    accounts: pl.DataFrame
    mergers: pl.DataFrame


def can_teach(dataset: Dataset) -> bool:
    """Whether records of the dataset teach anything at all."""
    traces = dataset.traces
    names = dataset.subject.kind == "employer" and dataset.subject.name is not None and traces.teaches_names
    return names or traces.registers or traces.account is not None or traces.change is not None


def lessons_of(rows: pl.DataFrame, dataset: Dataset, agency: str) -> Lessons:
    """What some records (SUBJECT, AT, TEACHER and the items) teach."""
    if rows.is_empty():
        return Lessons(pl.DataFrame(schema=EMPLOYERS), pl.DataFrame(schema=ACCOUNTS), pl.DataFrame(schema=MERGERS))
    employers = [pl.DataFrame(schema=EMPLOYERS)]
    mergers = pl.DataFrame(schema=MERGERS)
    if dataset.subject.kind == "employer":
        employers += _names(rows, dataset) + _numbers(rows, dataset)
        if dataset.traces.change:
            employers += _renamed(rows, dataset)
            mergers = _merged(rows, dataset)
    return Lessons(_once(pl.concat(employers)), _accounts(rows, dataset, agency), mergers)


def _once(employers: pl.DataFrame) -> pl.DataFrame:
    """Each lesson once: it holds since the earliest day that tells it, and until the latest."""
    if employers.is_empty():
        return employers
    rest = [name for name in EMPLOYERS if name not in (*_KEY, "since", "until", "official", "confirmed_by")]
    always = pl.col("since").is_null().any()
    return (
        employers.group_by(_KEY, maintain_order=True)
        .agg(
            pl.when(always).then(None).otherwise(pl.col("since").min()).alias("since"),
            pl.col("until").max(),
            pl.col("official").any(),
            *(pl.col(name).first() for name in rest),
            _another().alias("confirmed_by"),
        )
        .select(*EMPLOYERS)
    )


def _another() -> pl.Expr:
    """Of the records of a group that teach the same, one that is not the first; null where there is none."""
    last = pl.col("taught_by").last()
    return pl.when(last != pl.col("taught_by").first()).then(last)


def _names(rows: pl.DataFrame, dataset: Dataset) -> list[pl.DataFrame]:
    traces, name = dataset.traces, dataset.subject.name
    if name is None or not traces.teaches_names or name not in rows.columns:
        return []
    division = pl.col(traces.division) if traces.registers and traces.division else pl.lit(None, dtype=pl.String)
    told = rows.select(
        SUBJECT,
        division=division,
        since=pl.col(AT),
        until=pl.lit(None),
        official=pl.lit(traces.registers),
        name=name,
        taught_by=TEACHER,
    )
    return _name_lessons(told)


def _name_lessons(told: pl.DataFrame) -> list[pl.DataFrame]:
    """Lessons under the full name and under its core, from SUBJECT, division, since, until, official, name and
    taught_by.
    """
    told = told.drop_nulls("name").unique([SUBJECT, "division", "name", "since", "until"], maintain_order=True)
    keys = named(told.get_column("name")).drop("name")
    frame = told.hstack(keys).drop_nulls("full").with_columns(division=_division(pl.col("division")), told="name")
    frame = frame.with_columns(grams(frame.get_column("core")), subject_id=SUBJECT)
    return [_lesson(frame, "name", "full", None), _lesson(frame, "core", "core", "grams")]


def _lesson(frame: pl.DataFrame, kind: str, value: str, kept_grams: str | None) -> pl.DataFrame:
    held = pl.col(kept_grams) if kept_grams else pl.lit(None)
    made = frame.with_columns(kind=pl.lit(kind), value=pl.col(value), grams=held, confirmed_by=pl.lit(None))
    return made.select(*EMPLOYERS).cast(EMPLOYERS)


def _division(told: pl.Expr) -> pl.Expr:
    return pl.coalesce(told, pl.col(SUBJECT).str.slice(*_REGISTERED_IN))


def _numbers(rows: pl.DataFrame, dataset: Dataset) -> list[pl.DataFrame]:
    """The old registration number, and the organisation code that stands in the credit code."""
    traces = dataset.traces
    if not traces.registers:
        return [_number(rows, "organisation", pl.col(SUBJECT).str.slice(*_ORGANISATION))] if _teaches(dataset) else []
    found = [_number(rows, "organisation", pl.col(SUBJECT).str.slice(*_ORGANISATION))]
    if traces.reg_no:
        numbers = registration_numbers(rows.get_column(traces.reg_no).cast(pl.String))
        found.append(_number(rows.with_columns(numbers.alias("#reg_no")), "regno", pl.col("#reg_no")))
    return found


def _teaches(dataset: Dataset) -> bool:
    traces = dataset.traces
    return bool(traces.change is None and dataset.subject.name and traces.teaches_names)


def _number(rows: pl.DataFrame, kind: str, value: pl.Expr) -> pl.DataFrame:
    told = rows.select(value.alias("value"), subject_id=SUBJECT, taught_by=TEACHER).drop_nulls(["value", "subject_id"])
    lesson = told.unique(["value", "subject_id"], maintain_order=True)
    fixed = {"kind": pl.lit(kind), "division": pl.lit(""), "official": pl.lit(False)}
    empty = {name: pl.lit(None) for name in EMPLOYERS if name not in (*fixed, *lesson.columns)}
    return lesson.with_columns(**fixed, **empty).select(*EMPLOYERS).cast(EMPLOYERS)


def _renamed(rows: pl.DataFrame, dataset: Dataset) -> list[pl.DataFrame]:
    """A new name from its day, and the former one until then."""
    change = dataset.traces.change
    if change is None:
        return []
    renamed = rows.filter(pl.col(change.what).str.contains(_RENAMED))
    shared = {"division": pl.lit(None, dtype=pl.String), "official": pl.lit(True), "taught_by": pl.col(TEACHER)}
    never = pl.lit(None, dtype=_MOMENT)
    former = renamed.select(SUBJECT, **shared, since=never, until=pl.col(AT), name=pl.col(change.before))
    present = renamed.select(SUBJECT, **shared, since=pl.col(AT), until=never, name=pl.col(change.after))
    return _name_lessons(pl.concat([former, present]))


def _merged(rows: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Who was merged into whom: the new content of such a change holds the successor's code."""
    change = dataset.traces.change
    if change is None:
        return pl.DataFrame(schema=MERGERS)
    merged = rows.filter(pl.col(change.what).str.contains(_MERGED))
    found = merged.select(value=SUBJECT, since=AT, taught_by=TEACHER).with_columns(
        inside(merged.get_column(change.after)).alias("subject_id")
    )
    found = found.filter(pl.col("subject_id") != pl.col("value"))
    return found.unique(["value", "subject_id"], maintain_order=True).select(*MERGERS).cast(MERGERS)


def _accounts(rows: pl.DataFrame, dataset: Dataset, agency: str) -> pl.DataFrame:
    """Who held which account from when: of several records in a row that say the same, the first."""
    account = dataset.traces.account
    if account is None:
        return pl.DataFrame(schema=ACCOUNTS)
    told = rows.select(
        scope=pl.lit(account_scope(dataset, agency)),
        account=pl.col(account),
        since=pl.col(AT),
        subject_id=SUBJECT,
        taught_by=TEACHER,
    ).filter(pl.col("account").is_not_null() & (pl.col("account") != pl.col("subject_id")))
    if told.get_column("account").n_unique() == len(told):  # as in nearly every small batch
        return told.sort("account").with_columns(confirmed_by=pl.lit(None)).select(*ACCOUNTS).cast(ACCOUNTS)
    once = ["account", "since", "subject_id"]
    told = told.unique(once, keep="first", maintain_order=True).sort("account", "since", maintain_order=True)
    again = (pl.col("subject_id") == pl.col("subject_id").shift().over("account")).fill_null(False)
    runs = told.group_by(again.not_().cum_sum().alias("#run"), maintain_order=True)
    rest = [pl.col(name).first() for name in told.columns]
    return runs.agg(*rest, _another().alias("confirmed_by")).select(*ACCOUNTS).cast(ACCOUNTS)
