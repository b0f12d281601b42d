"""What a record says of whose it is, besides a credit code: numbers, an account, a name and a division."""

from typing import NamedTuple

import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.matching.codes import inside, near_codes, organisation_codes, registration_numbers, tidy
from services.ingest.matching.names import named
from services.ingest.validation import ROW
from services.ingest.validation.identifiers import citizen_numbers, credit_codes

WRITTEN, AT = "#written", "#at"
# kind, scope, value: what is looked up. method: how the record is linked by it. order: the strongest first. wanted: the
# only subject that counts (a reading of a damaged code), any when null.
CLUES = {
    ROW: pl.UInt32,
    "kind": pl.String,
    "scope": pl.String,
    "value": pl.String,
    "method": pl.String,
    "order": pl.UInt8,
    "wanted": pl.String,
}
PROVEN = "proven"
_DISTRICT = 6
# As a code was written, with whatever stood round it.
_LONGEST_CODE, _CONTROL = 100, r"[\x00-\x1f\x7f]"
_INSIDE = (8, 9)  # where the organisation code stands in the credit code, and how long it is
_ORDER = {PROVEN: 0, "code": 1, "regno": 2, "organisation": 3, "account": 5, "name": 6, "core": 7}
_BETWEEN = "|"


class Clues(NamedTuple):
    """`rows`: a line a record (ROW, AT, WRITTEN, town, district, account, NAMED; kind, scope, value of the question to
    a person, value null when there is nothing to ask by). `clues`: CLUES, several a record.
    """

    rows: pl.DataFrame
    clues: pl.DataFrame


def written_codes(texts: pl.DataFrame, rows: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """The rows with the code of their subject as it was written in WRITTEN: null where it may be a person's number."""
    item = dataset.subject.item
    if rows.is_empty() or item is None or dataset.by_name[item].sensitivity == "P3":
        return rows.with_columns(pl.lit(None, dtype=pl.String).alias(WRITTEN))
    written = rows.select(ROW).join(texts.select(ROW, pl.col(item).alias(WRITTEN)), on=ROW, how="left")
    codes = written.get_column(WRITTEN).str.strip_chars().replace("", None)
    # Nobody is asked about a text that is nobody's code: it could not even be looked up.
    no_code = (codes.str.len_chars() > _LONGEST_CODE) | codes.str.contains(_CONTROL)
    persons = citizen_numbers(codes).values.is_not_null()
    return rows.with_columns(codes.set(persons | no_code.fill_null(False), None).alias(WRITTEN))


def happened_at(dataset: Dataset, source_time: str) -> pl.Expr:
    """When the record was true: the month that it is about, if its key says one, else its source time (UTC)."""
    months = [name for name in dataset.key if dataset.by_name[name].kind == "month"]
    if not months:
        return pl.col(source_time).alias(AT)
    first = (pl.col(months[0]) + "-01").str.to_datetime("%Y-%m-%d", time_unit="us", time_zone="UTC")
    return first.alias(AT)


def account_scope(dataset: Dataset, agency: str) -> str:
    """Within what an account number is one: its numbering, and the agency where each numbers its own."""
    numbering = dataset.traces.numbering or dataset.dataset
    return numbering + _BETWEEN + (agency if dataset.providers == "many" else "")


def clues_of(rows: pl.DataFrame, dataset: Dataset, agency: str) -> Clues:
    """The clues in some records (ROW, AT, WRITTEN and the dataset's items) that an agency sent."""
    context = _context(rows, dataset)
    is_employer = dataset.subject.kind == "employer"
    found = [
        *(_of_codes(rows, dataset) if is_employer else []),
        _clue(context, "account", account_scope(dataset, agency)),
        *([_clue(context, "full", "", "name"), _clue(context, "core", "")] if is_employer else []),
    ]
    asked = _question(context, dataset, agency)
    manual = asked.drop_nulls("value").select(
        ROW, "kind", "scope", "value", method=pl.lit("manual"), order=pl.lit(4), wanted=pl.lit(None)
    )
    clues = pl.concat([frame.cast(CLUES) for frame in (*found, manual.select(*CLUES))])  # type: ignore[arg-type]
    return Clues(context.hstack(asked.drop(ROW)), clues)


def _context(rows: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    traces, subject = dataset.traces, dataset.subject
    names = _text(rows, subject.name if subject.kind == "employer" else None)
    town = _text(rows, traces.division).fill_null("")
    accounts = _text(rows, traces.account)
    # A number that is a credit code is no account.
    accounts = accounts.set(credit_codes(accounts).values.is_not_null(), None)
    return (
        rows.select(ROW, AT, WRITTEN)
        .hstack([town.alias("town"), town.str.slice(0, _DISTRICT).alias("district"), accounts.alias("account")])
        .hstack(named(names))
    )


def _text(rows: pl.DataFrame, item: str | None) -> pl.Series:
    if item is None or item not in rows.columns:
        return pl.repeat(None, len(rows), dtype=pl.String, eager=True)
    return rows.get_column(item).cast(pl.String)


def _of_codes(rows: pl.DataFrame, dataset: Dataset) -> list[pl.DataFrame]:
    """Clues from every text of a record that may be a code."""
    columns = [WRITTEN, *dataset.traces.codes]
    found = [_of_code(rows.select(ROW), _text(rows, column)) for column in columns]
    return [clue for clues in found for clue in clues]


def _of_code(rows: pl.DataFrame, texts: pl.Series) -> list[pl.DataFrame]:
    if texts.null_count() == len(texts):
        return []
    clean = tidy(texts)
    contained = clean.set((clean.str.len_chars() != 18).fill_null(True), None).str.slice(*_INSIDE)
    near = near_codes(texts)
    read = rows.select(pl.col(ROW).gather(near.get_column("place"))).with_columns(
        value=near.get_column("code").str.slice(*_INSIDE), wanted=near.get_column("code")
    )
    return [
        _kind(rows, PROVEN, inside(texts), "code"),
        read.select(ROW, **_fixed("organisation", "code", _ORDER["code"]), value="value", wanted="wanted").select(
            *CLUES
        ),
        _kind(rows, "regno", registration_numbers(texts)),
        _kind(rows, "organisation", organisation_codes(texts)),
        _kind(rows, "organisation", organisation_codes(contained)),
    ]


def _kind(rows: pl.DataFrame, kind: str, values: pl.Series, method: str | None = None) -> pl.DataFrame:
    clue = rows.with_columns(values.alias("value")).drop_nulls("value")
    fixed = _fixed(kind, method or kind, _ORDER[kind])
    return clue.select(ROW, "value", **fixed, wanted=pl.lit(None, dtype=pl.String)).select(*CLUES)


def _clue(context: pl.DataFrame, column: str, scope: str, kind: str | None = None) -> pl.DataFrame:
    clue = _kind(context.select(ROW), kind or column, context.get_column(column), "name" if column == "core" else None)
    return clue.with_columns(scope=pl.lit(scope))


def _fixed(kind: str, method: str, order: int) -> dict[str, pl.Expr]:
    return {"kind": pl.lit(kind), "scope": pl.lit(""), "method": pl.lit(method), "order": pl.lit(order, dtype=pl.UInt8)}


def _question(context: pl.DataFrame, dataset: Dataset, agency: str) -> pl.DataFrame:
    """ROW, kind, scope, value: by the name if there is one, else by the account, else by what was written as a code."""
    own = dataset.dataset + _BETWEEN + agency
    name, account, code = pl.col("full"), pl.col("account"), pl.col(WRITTEN)
    return context.select(
        ROW,
        kind=pl.when(name.is_not_null())
        .then(pl.lit("name"))
        .when(account.is_not_null())
        .then(pl.lit("account"))
        .when(code.is_not_null())
        .then(pl.lit("written")),
        scope=pl.when(name.is_null() & account.is_not_null())
        .then(pl.lit(account_scope(dataset, agency)))
        .otherwise(pl.lit(own)),
        value=pl.coalesce(name, account, code),
    )
