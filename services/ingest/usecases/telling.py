"""What listeners hear of accepted records: their table, in pieces that each fit a message."""

from collections.abc import Iterator

import polars as pl

from services.ingest.batches import KEY, LEFT, SOURCE_TIME
from services.ingest.catalogue import Dataset
from services.ingest.matching import SUBJECT
from services.ingest.usecases.full_lists import Sender
from services.ingest.validation import ROW
from shared.db import Session
from shared.events import RecordsAccepted
from shared.events.records import packed
from shared.ids import new_id
from shared.outbox import announce

# A message stays well below NATS's megabyte, in base64, too.
ROWS_A_MESSAGE = 20_000
BYTES_A_MESSAGE = 600_000
# What a listener has to hold of one.
UNPACKED_BYTES = 16 * 2**20
_SAMPLE = 500


def announce_records(session: Session, sender: Sender, dataset: Dataset, table: pl.DataFrame) -> None:
    """Announce a table of `table_of` under the sender's receipt (each row's own where the table says one)."""
    for piece in messages_of(table):
        announce(session, accepted(sender, dataset, piece))


def messages_of(changed: pl.DataFrame) -> Iterator[bytes]:
    """The rows as tables that each fit a message; in halves until they do."""
    if changed.is_empty():
        return
    for piece in changed.iter_slices(_rows_that_fit(changed)):
        table = packed(piece) if len(piece) == 1 or piece.estimated_size() <= UNPACKED_BYTES else None
        if table and (len(piece) == 1 or len(table) <= BYTES_A_MESSAGE):
            yield table
        else:
            half = len(piece) // 2
            yield from messages_of(piece[:half])
            yield from messages_of(piece[half:])


def _rows_that_fit(changed: pl.DataFrame) -> int:
    """About how many rows fill a message, told by the first ones: to pack a table twice costs more than to look."""
    if len(changed) <= _SAMPLE:
        return _SAMPLE
    of_sample = len(packed(changed.head(_SAMPLE)))
    return max(_SAMPLE, min(ROWS_A_MESSAGE, BYTES_A_MESSAGE * _SAMPLE // of_sample))


def table_of(rows: pl.DataFrame, left: pl.DataFrame) -> pl.DataFrame:
    """The rows as scoring hears of them: ORIGIN and the items."""
    items = [name for name in rows.columns if not name.startswith("#")]
    numbered = rows.with_columns(pl.col(ROW).cast(pl.Int64))
    known = numbered.join(left, on=ROW, how="left", maintain_order="left") if len(left) else numbered
    before = pl.col(LEFT) if len(left) else pl.lit(None, pl.String).alias(LEFT)
    return known.select(SUBJECT, before, KEY, ROW, SOURCE_TIME, *items)


def accepted(sender: Sender, dataset: Dataset, table: bytes) -> RecordsAccepted:
    """The event of one piece."""
    return RecordsAccepted(
        batch_id=new_id(),
        receipt_id=sender.id,
        agency=sender.agency,
        dataset=dataset.dataset,
        subject_kind=dataset.subject.kind,
        reported_at=sender.at,
        table=table,
    )
