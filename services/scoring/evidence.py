"""What a score stood on: which versions of which records, and how the feeds stood. Kept with the score. Pure.

A version is named by where it came from (subject, dataset, receipt, row); what it said stays in the facts, and a digest
over all of it shows years later whether a fact was lost or changed. Whatever arrives afterwards is not in the list.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
import polars as pl
import zstandard

from services.scoring.frames import ENDED, FEEDS, VERSIONS
from services.scoring.rulebook import Dataset
from services.scoring.values import UTC_TIME

# How a version is found again. `key`: only where one row ended many records; `folded`: what our own folding had made of
# the records of a month (JSON), for that is made anew with every punch; `subject`: empty when it is the scored one.
NAMES: dict[str, pl.DataType] = {
    "subject_kind": pl.String(),
    "subject": pl.String(),
    "dataset": pl.String(),
    "receipt_id": pl.String(),
    "row_no": pl.Int64(),
    "key": pl.String(),
    "folded": pl.String(),
}
_ORDER = ["subject_kind", "subject", "dataset", "key", "source_time", "receipt_id", "row_no"]
_FEED_ORDER = ["dataset", "agency"]
_MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class Evidence:
    """What one score stood on: `names` as packed NAMES, how many versions, and the digest over what they said."""

    names: bytes
    versions: int
    sha256: str


def of_each(versions: pl.DataFrame, owners: pl.DataFrame, datasets: Mapping[str, Dataset]) -> dict[str, Evidence]:
    """The evidence of each owner. `versions`: as read (frames.VERSIONS); `owners`: subject_kind, subject, owner."""
    owned = versions.join(owners, on=["subject_kind", "subject"]).sort(_ORDER)
    lines = owned.select("owner", _name(datasets).alias("name"), _content().alias("content"))
    together = lines.group_by("owner").agg(pl.col("name").str.join("\n"), pl.col("content").str.join("\n"), pl.len())
    found = {
        owner: Evidence(zstandard.compress(name.encode()), count, _sha256(content))
        for owner, name, content, count in together.iter_rows()
    }
    nothing = Evidence(b"", 0, _sha256(""))
    return {owner: found.get(owner, nothing) for owner in owners["owner"].unique()}


def names_in(packed: bytes) -> pl.DataFrame:
    """The names of the versions (NAMES)."""
    if not packed:
        return pl.DataFrame(schema=NAMES)
    return pl.read_ndjson(zstandard.decompress(packed, max_output_size=_MOST_BYTES), schema=NAMES)


def digest(versions: pl.DataFrame) -> str:
    """SHA-256 over everything that these versions said, whatever order they are in."""
    return _sha256("\n".join(versions.sort(_ORDER).select(_content())[:, 0]))


def own(kind: str, ids: Iterable[str]) -> pl.DataFrame:
    """Subjects as owners of their own versions."""
    subjects = list(ids)
    columns = {"subject_kind": [kind] * len(subjects), "subject": subjects, "owner": subjects}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String()))


def packed_feeds(feeds: pl.DataFrame) -> tuple[str, bytes]:
    """How the feeds stood (frames.FEEDS), packed, under the digest of it."""
    moments = [name for name, kind in FEEDS.items() if kind == UTC_TIME]
    plain = feeds.sort(_FEED_ORDER).with_columns(pl.col(moments).dt.epoch("us"))
    text = msgspec.json.encode(plain.select(list(FEEDS)).to_dict(as_series=False))
    return hashlib.sha256(text).hexdigest(), zstandard.compress(text)


def feeds_in(packed: bytes) -> pl.DataFrame:
    """How the feeds stood (frames.FEEDS)."""
    columns = msgspec.json.decode(zstandard.decompress(packed, max_output_size=_MOST_BYTES))
    moments = [name for name, kind in FEEDS.items() if kind == UTC_TIME]
    plain = pl.DataFrame(columns, schema={**FEEDS, **dict.fromkeys(moments, pl.Int64())})
    return plain.with_columns(pl.from_epoch(pl.col(moments), time_unit="us").dt.replace_time_zone("UTC"))


def _name(datasets: Mapping[str, Dataset]) -> pl.Expr:
    folded = pl.lit(None, pl.String)
    for code, dataset in datasets.items():
        if dataset.folded:
            items = [pl.col("body").str.json_path_match(f"$.{item}").alias(item) for item in dataset.folded]
            folded = pl.when(pl.col("dataset") == code).then(pl.struct(items).struct.json_encode()).otherwise(folded)
    is_own = pl.col("subject") == pl.col("owner")
    return pl.struct(
        pl.when(~is_own).then(pl.col("subject_kind")).alias("subject_kind"),
        pl.when(~is_own).then(pl.col("subject")).alias("subject"),
        "dataset",
        "receipt_id",
        "row_no",
        pl.when(pl.col("row_no") == ENDED).then(pl.col("key")).alias("key"),
        folded.alias("folded"),
    ).struct.json_encode()


def _content() -> pl.Expr:
    moments = [pl.col(name).dt.epoch("us") for name, kind in VERSIONS.items() if kind == UTC_TIME]
    rest = [name for name, kind in VERSIONS.items() if kind != UTC_TIME]
    return pl.struct(*rest, *moments).struct.json_encode()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
