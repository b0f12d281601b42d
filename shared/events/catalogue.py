"""ingest speaks: the terms under which each dataset is shared."""

from datetime import date, datetime

import msgspec

from shared.events.base import Event


class DatasetTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset: whose it is, by which law it is shared, how (U, C or N), and until when it is taken."""

    dataset: str
    label_zh: str
    label_en: str
    department: str
    sharing: str
    legal_basis: str
    until: date | None = None


class CatalogueAnnounced(Event, frozen=True, kw_only=True):
    """ingest -> issuer. The datasets that may be granted. Said again at each start; the newest one counts."""

    subject = "records.catalogue"
    source = "ingest"
    announced_at: datetime
    datasets: list[DatasetTerms]
