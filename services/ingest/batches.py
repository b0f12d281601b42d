"""One batch on its way: checked, matched, sealed, told apart from every other record. Columns in, columns out."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

import msgspec
import polars as pl

from services.ingest.catalogue import Dataset, Item, Subject
from services.ingest.matching import SUBJECT, unmatched_faults, with_subject, written_codes
from services.ingest.rules import SCOPE_DIGITS, fingerprints, scope
from services.ingest.sealing import pseudonymised
from services.ingest.validation import ROW, Batch, Checker
from shared.crypto import Vault

KEY, KEY_HASH, ROW_HASH, SOURCE_TIME = "#key", "#key_hash", "#row_hash", "#source_time"
# Whose record it was before, where it was somebody else's.
LEFT = "#left"
_SHANGHAI = "Asia/Shanghai"
_CONTENT = "#content"
_BETWEEN, _NOTHING = "\x1f", "\x1e"
# Values of these types hold neither `|` nor `\`: there is nothing to be escaped in a key.
_WITHOUT_BARS = frozenset({"uscc", "month", "date", "datetime", "year", "int", "money", "dec", "bool", "div9"})


@dataclass(frozen=True)
class Prepared:
    """A batch ready to be stored.

    `matched` and `unmatched`: ROW, SUBJECT, KEY, KEY_HASH, ROW_HASH, SOURCE_TIME (UTC), and the items as plain values
    (P2 left out unless it ties, P3 and what ties as pseudonyms). `faults`: row, item, code. `identities`: pseudonym,
    purpose, sealed. `written`: ROW and, for what is unmatched, its code as it stood there. `values`: the good rows as
    they were checked, to be measured (feeds): they go nowhere.
    """

    received: int
    rejected: int
    matched: pl.DataFrame
    unmatched: pl.DataFrame
    faults: pl.DataFrame
    identities: pl.DataFrame
    written: pl.DataFrame
    values: pl.DataFrame


def prepare(batch: Batch, checker: Checker, vault: Vault, reported_at: datetime, agency: str) -> Prepared:
    """Check, match, seal and fingerprint a batch that an agency reported at that aware moment."""
    dataset = checker.dataset
    checked = checker.check(batch, reported_at)
    subjected = with_subject(checked.values, dataset)
    sealed, identities = pseudonymised(subjected, dataset, vault)
    rows = _told_apart(sealed, dataset, reported_at, agency)
    has_lost = rows.get_column(SUBJECT).null_count() > 0
    unmatched = rows.filter(pl.col(SUBJECT).is_null()) if has_lost else rows.clear()
    return Prepared(
        received=len(batch.texts),
        rejected=checked.rejected,
        matched=rows.filter(pl.col(SUBJECT).is_not_null()) if has_lost else rows,
        unmatched=unmatched,
        faults=_in_order(checked.faults, unmatched_faults(subjected, checked.faults, dataset)),
        identities=identities,
        written=written_codes(batch.texts, unmatched.select(ROW), dataset),
        values=checked.values,
    )


def _in_order(told: pl.DataFrame, lost: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([told, lost]).sort("row", maintain_order=True) if len(lost) else told


def _told_apart(rows: pl.DataFrame, dataset: Dataset, reported_at: datetime, agency: str) -> pl.DataFrame:
    """The rows as plain values, with key, fingerprints and source time, and no name of a person."""
    told = (
        rows.lazy()
        .with_columns(_source_time(dataset, reported_at).alias(SOURCE_TIME))
        .with_columns(_plain_items(dataset))
        .with_columns(_key(dataset, agency).alias(KEY), _content(dataset).alias(_CONTENT))
        .collect()
    )
    hashes = [_key_hashes(told, dataset, agency), _fingerprints(told.get_column(_CONTENT)).alias(ROW_HASH)]
    return told.hstack(hashes).select(ROW, SUBJECT, KEY, KEY_HASH, ROW_HASH, SOURCE_TIME, *dataset.announced)


def _fingerprints(texts: pl.Series, before: str = "") -> pl.Series:
    """Of each text, with `before` before it, 32 hex digits."""
    digests = pl.Series(fingerprints(texts.cast(pl.Binary).to_list(), before.encode()), dtype=pl.Binary)
    return digests.bin.encode("hex")


def month_item(dataset: Dataset) -> str | None:
    """The item of the natural key that says which month a record is about; a full list is the list of one month."""
    return next((name for name in dataset.key if dataset.by_name[name].kind == "month"), None)


def only_keys(dataset: Dataset) -> Dataset:
    """The dataset without anything but its natural key: the key of a row can be read that is wrong elsewhere."""
    loose = {"at_most": None, "not_before": None, "difference": None, "required_when": None}
    items = tuple(msgspec.structs.replace(dataset.by_name[name], **loose) for name in dataset.key)
    subject = Subject(kind=dataset.subject.kind)
    return msgspec.structs.replace(dataset, items=items, subject=subject, source_time=())


def _key_hashes(rows: pl.DataFrame, dataset: Dataset, agency: str) -> pl.Series:
    """Keys of fixed size: first the register, so that all records of one lie together, then the record."""
    provider = agency if dataset.providers == "many" else None
    month = month_item(dataset)
    told = _fingerprints(rows.get_column(KEY), dataset.dataset + _BETWEEN)
    if month is None:
        return (scope(dataset.dataset, provider, None) + told.str.slice(SCOPE_DIGITS)).alias(KEY_HASH)
    months = rows.get_column(month)
    registers = {each: scope(dataset.dataset, provider, each) for each in months.unique().to_list()}
    return (months.replace_strict(registers, return_dtype=pl.String) + told.str.slice(SCOPE_DIGITS)).alias(KEY_HASH)


def _source_time(dataset: Dataset, reported_at: datetime) -> pl.Expr:
    """The latest time the record tells of itself, else when it was reported; never later than that."""
    reported = pl.lit(reported_at).dt.cast_time_unit("us").dt.convert_time_zone("UTC")
    told = [_moment(dataset.by_name[name]) for name in dataset.source_time]
    latest = pl.max_horizontal(told) if told else pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    return pl.min_horizontal(latest.fill_null(reported), reported)


def _moment(item: Item) -> pl.Expr:
    if item.kind == "datetime":
        return pl.col(item.item)
    midnight = pl.col(item.item).cast(pl.Datetime("us"))
    return midnight.dt.replace_time_zone(_SHANGHAI, ambiguous="earliest", non_existent="null").dt.convert_time_zone(
        "UTC"
    )


@cache
def _plain_items(dataset: Dataset) -> list[pl.Expr]:
    return [_plain(item) for item in dataset.items]


def _plain(item: Item) -> pl.Expr:
    """A typed column as JSON would have it: money and decimals, months, dates and times as texts."""
    column = pl.col(item.item)
    if item.kind in ("money", "dec"):
        return column.cast(pl.String)
    if item.kind == "date":
        return column.dt.strftime("%Y-%m-%d")
    if item.kind == "datetime":
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    return column


@cache
def _key(dataset: Dataset, agency: str) -> pl.Expr:
    """The natural key as one text, e.g. `91330100799655058B|增值税|2026-10`; first the agency, where many provide."""
    parts = [_key_part(dataset.by_name[name]) for name in dataset.key]
    provider = [pl.lit(agency)] if dataset.providers == "many" else []
    return pl.concat_str(provider + parts, separator="|")


def _key_part(item: Item) -> pl.Expr:
    text = pl.col(item.item).cast(pl.String)
    if item.kind in _WITHOUT_BARS:
        return text
    return text.str.replace_all("\\", "\\\\", literal=True).str.replace_all("|", "\\|", literal=True)


@cache
def _content(dataset: Dataset) -> pl.Expr:
    """Everything the record says, as one text that only the same record has."""
    parts = [
        (pl.col(item.item).list.join(";") if item.kind == "set" else pl.col(item.item).cast(pl.String)).fill_null(
            _NOTHING
        )
        for item in dataset.items
    ]
    return pl.concat_str(parts, separator=_BETWEEN)
