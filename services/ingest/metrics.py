"""What Prometheus is told of the feeds. Labels are bounded: the catalogue's datasets, and so many agencies."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import Counter, Gauge

from services.ingest.feeds.judging import STATES, State
from services.ingest.store.disputes import DisputeCounts
from services.ingest.store.feeds import FeedRow, Fresh

# Beyond so many agencies the next ones are told together: whoever registers agencies must not fill Prometheus.
MOST_AGENCIES = 500
OTHERS = "others"

RECORDS = Counter("anxin_ingest_records_total", "Records by what became of them", ["dataset", "agency", "outcome"])
SUBMISSIONS = Counter("anxin_ingest_submissions_total", "Receipts given", ["dataset", "agency"])
BYTES = Counter("anxin_ingest_bytes_total", "Bytes of the files taken in, unpacked", ["dataset", "agency"])
LAST = Gauge("anxin_ingest_feed_last_record_timestamp_seconds", "When a feed was last heard of", ["dataset", "agency"])
AGE = Gauge("anxin_ingest_feed_age_seconds", "Seconds since a feed was last heard of", ["dataset", "agency"])
PULLED = Counter(
    "anxin_ingest_pages_total", "Pages pulled, by what became of them", ["connector", "dataset", "outcome"]
)
PURGED = Counter(
    "anxin_ingest_purged_total",
    "Given up at the end of its retention: raw files, numbers of persons, accounts",
    ["what"],
)
DISPUTES = Gauge(
    "anxin_ingest_disputes",
    "Correction requests without an answer: open, of these overdue",
    ["dataset", "agency", "state"],
)
STATE = Gauge(
    "anxin_ingest_feed_state", "1 for the state a feed is in, 0 for the others", ["dataset", "agency", "state"]
)

_OUTCOMES = ("accepted", "unchanged", "rejected", "unmatched")
_agencies: set[str] = set()


def tell_counts(counted: Iterable[Fresh]) -> None:
    """Add what was just counted. Each receipt is counted by one process, so the sum over processes is exact."""
    for each in counted:
        agency = _bounded(each.agency)
        SUBMISSIONS.labels(each.dataset, agency).inc(each.submissions)
        BYTES.labels(each.dataset, agency).inc(each.bytes)
        for outcome in _OUTCOMES:
            RECORDS.labels(each.dataset, agency, outcome).inc(getattr(each, outcome))


def tell_disputes(row: FeedRow, counts: DisputeCounts) -> None:
    """Say how many correction requests a feed's source has not answered."""
    for state, number in counts._asdict().items():
        DISPUTES.labels(row.dataset, _bounded(row.agency), state).set(number)


def tell_state(row: FeedRow, now: State, at: datetime) -> None:
    """Say how a feed stands. Every process says the same."""
    agency = _bounded(row.agency)
    if row.last_at:
        LAST.labels(row.dataset, agency).set(row.last_at.timestamp())
        AGE.labels(row.dataset, agency).set(max(0.0, (at - row.last_at).total_seconds()))
    for state in STATES:
        STATE.labels(row.dataset, agency, state).set(state == now)


def _bounded(agency: str) -> str:
    if agency not in _agencies and len(_agencies) >= MOST_AGENCIES:
        return OTHERS
    _agencies.add(agency)
    return agency
