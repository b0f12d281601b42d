"""From a row that was found to its answer. Pure."""

from services.ingest.catalogue import Dataset
from services.ingest.masking import masked
from services.ingest.row_schemas import PresentOut, RawFileOut, RowOut, SubjectOut
from services.ingest.schemas import RowError
from services.ingest.usecases.rows import Row
from services.ingest.validation import messages


def row_view(row: Row, dataset: Dataset, *, is_auditor: bool) -> RowOut:
    """The answer. What is only stored any more is shown to an auditor alone."""
    found = row.identified
    is_shown = row.sent is not None and (row.file == "in_use" or (is_auditor and row.file == "store_only"))
    record, hidden = masked(row.sent.texts, dataset) if row.sent and is_shown else (None, [])
    return RowOut(
        **row.receipt.model_dump(include={"receipt_id", "agency", "dataset", "reported_at"}),
        row=row.number,
        outcome=row.outcome,
        is_present=row.is_present,
        present=PresentOut(receipt_id=row.present.receipt_id, row=row.present.row) if row.present else None,
        key=found.key if found else None,
        subject=_subject(row, dataset),
        source_time=found.source_time if found else None,
        record=record,
        masked=hidden,
        errors=[_error(dataset, item, code, row.number) for item, code in row.faults],
        raw_file=RawFileOut(
            sha256=row.receipt.sha256.hex(),
            state=row.file,
            kept_years=row.retention.keep,
            source=row.retention.source,
        ),
    )


def _subject(row: Row, dataset: Dataset) -> SubjectOut | None:
    if linked := row.fate.linked:
        return SubjectOut(kind=dataset.subject.kind, id=linked.subject_id, matched_by=linked.method)
    found = row.identified
    if found is None or found.subject is None:
        return None
    return SubjectOut(kind=dataset.subject.kind, id=found.subject, matched_by=found.matched_by)


def _error(dataset: Dataset, item: str, code: str, number: int) -> RowError:
    english, chinese = messages(dataset, item, code)
    return RowError(row=number, item=item, code=code, message=english, message_zh=chinese)
