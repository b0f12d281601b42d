"""Whose record is this: the subject of each row, by column.

An employer is known by a valid credit code (the checks have cleaned and repaired it). A project, an account and a
person are known by their own key. What has no subject is unmatched: kept and listed, never dropped.
"""

import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.validation import FAULTS, ROW
from services.ingest.validation.identifiers import credit_codes

SUBJECT = "#subject"


def with_subject(values: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """The rows with their subject's key in SUBJECT, null when it is not known."""
    return values.with_columns(_subject(values, dataset).alias(SUBJECT))


def _subject(values: pl.DataFrame, dataset: Dataset) -> pl.Series:
    subject = dataset.subject
    if subject.item is None:
        return pl.repeat(None, len(values), dtype=pl.String, eager=True)
    column = values.get_column(subject.item).cast(pl.String)
    if subject.kind == "employer" and dataset.by_name[subject.item].kind != "uscc":
        return credit_codes(column).values
    return column


def unmatched_faults(matched: pl.DataFrame, told: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """A line (row, item, code `unmatched`) for each row without a subject that no fault tells about already."""
    if not matched.get_column(SUBJECT).null_count():
        return told.clear()
    item = dataset.subject.item or dataset.subject.name or ""
    lost = matched.filter(pl.col(SUBJECT).is_null()).select(pl.col(ROW).alias("row"))
    silent = lost.join(told.select("row"), on="row", how="anti")
    return silent.with_columns(pl.lit(item).alias("item"), pl.lit("unmatched").alias("code")).cast(FAULTS)  # type: ignore[arg-type]
