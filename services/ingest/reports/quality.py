"""How feeds stand, as it is answered."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from services.ingest.feeds.judging import Problem, State
from services.ingest.feeds.sketches import Sketch, quantiles
from services.ingest.feeds.wording import told
from services.ingest.schemas import LabelOut
from services.ingest.store.exchange import Counts, DayTold
from services.ingest.usecases.quality import Standing

_QUANTILES = (0.1, 0.5, 0.9)
_MOST_SHARES = 10


class CountsOut(BaseModel):
    """Rows by what became of them: accepted + unchanged + rejected + unmatched = received; superseded are unchanged."""

    submissions: int
    received: int
    accepted: int
    unchanged: int
    superseded: int
    rejected: int
    unmatched: int
    bytes: int = Field(description="of the files, before any Content-Encoding")
    last_at: datetime | None


class RatesOut(BaseModel):
    """Shares of the received rows, 0 to 1; null when none were received."""

    error_rate: float | None
    unmatched_rate: float | None
    unchanged_rate: float | None
    superseded_rate: float | None


class ProblemOut(BaseModel):
    """What is wrong, since when, and whom to call."""

    code: str
    item: str
    since: datetime
    measured: float | None
    usual: float | None
    bound: float | None
    text_zh: str
    text_en: str


class RefusalOut(BaseModel):
    """Files that were refused whole since the last one that was taken; noted once in a few seconds at most."""

    files: int
    last_at: datetime
    reason: str = Field(description="the slug of the problem, e.g. `unknown-items`")


class DisputesOut(BaseModel):
    """Correction requests about the feed's records that wait for its source's answer."""

    open: int
    overdue: int = Field(description="of these, past their last working day")


class FeedOut(BaseModel):
    """How one agency's records of one dataset are getting on. `agency` is null where no one has ever sent any."""

    dataset: str
    label: LabelOut
    department: str
    department_label: LabelOut
    agency: str | None
    cycle: str
    state: State
    since: datetime | None
    first_received_at: datetime | None
    last_received_at: datetime | None
    expected_at: datetime | None
    late_at: datetime | None = Field(description="expected, and the tolerance besides")
    recent: CountsOut = Field(description="of the last 28 days")
    rates: RatesOut = Field(description="of the last 28 days")
    problems: list[ProblemOut]
    refused: RefusalOut | None
    disputes: DisputesOut


class FeedList(BaseModel):
    """Feeds in the order of the catalogue."""

    at: datetime
    counted_at: datetime | None = Field(description="receipts are counted up to then")
    states: dict[str, int] = Field(description="how many feeds are in each state")
    feeds: list[FeedOut]


class ItemOut(BaseModel):
    """An item on a day. `p10`, `p50`, `p90` of numbers are exact to a factor of 1.33; `shares` name the commonest."""

    item: str
    label: str
    completeness: float | None = Field(description="share of the good rows that were measured in which it is there")
    p10: float | None = None
    p50: float | None = None
    p90: float | None = None
    shares: dict[str, float] | None = None
    faults: dict[str, int] = {}


class DayOut(BaseModel):
    """A feed on a day of China."""

    day: date
    counts: CountsOut
    rates: RatesOut
    measured_rows: int = Field(description="good rows whose emptiness was counted; small submissions are sampled")
    items: list[ItemOut]


class DriftOut(BaseModel):
    """How far the newest values lie from the feed's own past: the population stability index against its bound."""

    item: str
    psi: float
    bound: float
    is_beyond: bool


class FeedHistory(FeedOut):
    """A feed with its days, the newest first."""

    drifts: list[DriftOut]
    days: list[DayOut]


class DatasetQuality(BaseModel):
    """The feeds of a dataset day by day."""

    dataset: str
    label: LabelOut
    since: date
    until: date
    feeds: list[FeedHistory]


def feed_out(standing: Standing) -> FeedOut:
    """How a feed stands, as it is answered."""
    return FeedOut(**_common(standing))


def history_out(standing: Standing, days: Iterable[DayTold]) -> FeedHistory:
    """A feed with its days, as it is answered."""
    drifts = [
        DriftOut(item=each.item, psi=round(each.psi, 4), bound=round(each.bound, 4), is_beyond=each.is_beyond)
        for each in standing.drifts
    ]
    return FeedHistory(**_common(standing), drifts=drifts, days=[_day(day, standing) for day in days])


def counts_out(counts: Counts) -> CountsOut:
    """Counts as they are answered."""
    return CountsOut.model_validate(vars(counts))


def _common(standing: Standing) -> dict[str, Any]:
    dataset, owner, row, beat = standing.dataset, standing.owner, standing.row, standing.rhythm
    refused = None
    if row and row.refusals and row.refused_at and row.refusal:
        refused = RefusalOut(files=row.refusals, last_at=row.refused_at, reason=row.refusal)
    return {
        "dataset": dataset.dataset,
        "label": LabelOut(zh=dataset.label.zh, en=dataset.label.en),
        "department": owner.department,
        "department_label": LabelOut(zh=owner.label.zh, en=owner.label.en),
        "agency": standing.agency,
        "cycle": dataset.cycle,
        "state": standing.state,
        "since": standing.since,
        "first_received_at": row.first_at if row else None,
        "last_received_at": row.last_at if row else None,
        "expected_at": beat.expected_at if beat else None,
        "late_at": beat.late_at if beat else None,
        "recent": counts_out(standing.recent),
        "rates": _rates(standing.recent),
        "problems": [_problem(problem, standing) for problem in standing.problems],
        "refused": refused,
        "disputes": DisputesOut(**standing.disputes._asdict()),
    }


def _problem(problem: Problem, standing: Standing) -> ProblemOut:
    zh, en = told(problem, standing.dataset, standing.owner)
    return ProblemOut(
        code=problem.code,
        item=problem.item,
        since=problem.since,
        measured=problem.measured,
        usual=problem.usual,
        bound=problem.bound,
        text_zh=zh,
        text_en=en,
    )


def _rates(counts: Counts) -> RatesOut:
    def share(rows: int) -> float | None:
        return round(rows / counts.received, 6) if counts.received else None

    return RatesOut(
        error_rate=share(counts.rejected),
        unmatched_rate=share(counts.unmatched),
        unchanged_rate=share(counts.unchanged),
        superseded_rate=share(counts.superseded),
    )


def _day(day: DayTold, standing: Standing) -> DayOut:
    items = [_item(item.item, item.label, day.sketch) for item in standing.dataset.items]
    return DayOut(
        day=day.day,
        counts=counts_out(day.counts),
        rates=_rates(day.counts),
        measured_rows=day.sketch.rows,
        items=items if day.sketch.rows or day.sketch.faults else [],
    )


def _item(name: str, label: str, sketch: Sketch) -> ItemOut:
    told_of = ItemOut(item=name, label=label, completeness=sketch.completeness().get(name))
    if numbers := sketch.numbers.get(name):
        told_of.p10, told_of.p50, told_of.p90 = (float(f"{each:.3g}") for each in quantiles(numbers, _QUANTILES))
    if words := sketch.words.get(name):
        total, common = sum(words.values()), sorted(words, key=lambda word: (-words[word], word))[:_MOST_SHARES]
        told_of.shares = {word: round(words[word] / total, 4) for word in common}
    marks = (fault.partition(":") for fault in sketch.faults)
    told_of.faults = {code: sketch.faults[f"{item}:{code}"] for item, _, code in marks if item == name}
    return told_of
