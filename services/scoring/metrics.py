"""What Prometheus is told of how right the levels are. Labels are bounded: levels, towns, sections, sizes, features."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import Gauge

from services.scoring.store.quality import Kept, Standing

# A district has a dozen towns and the standard twenty sections. What a register writes beyond that fills no Prometheus:
# groups are told in the order of the report, so many of each figure and grouping.
MOST_GROUPS = 60

SHARE = Gauge(
    "anxin_scoring_quality_share",
    "Precision, recall, rate and unanswered alerts by group, with the ends of the interval",
    ["figure", "grouping", "group", "end"],
)
ROWS = Gauge("anxin_scoring_quality_rows", "Rows that a share stands on", ["figure", "grouping", "group"])
GAP = Gauge("anxin_scoring_quality_gap", "A group's share less all others'", ["figure", "grouping", "group"])
PSI = Gauge("anxin_scoring_feature_psi", "Drift of a feature (population stability index)", ["feature"])
PASSED = Gauge("anxin_scoring_quality_bounds_passed", "Groups in which a bound is passed", ["bound"])
MADE = Gauge("anxin_scoring_quality_report_timestamp_seconds", "When the last report was made")


def tell(kept: Kept, states: Iterable[Standing]) -> None:
    """Say what the report says. Every process says the same."""
    for gauge in (SHARE, ROWS, GAP, PSI, PASSED):
        gauge.clear()
    MADE.set(kept.computed_at.timestamp())
    for each in _bounded(kept.report["figures"]):
        names = _names(each)
        ROWS.labels(*names).set(each["rows"])
        for end, value in each["share"].items():
            if end != "n" and value is not None:
                SHARE.labels(*names, end).set(value)
    for each in _bounded(kept.report["gaps"]):
        GAP.labels(*_names(each)).set(each["gap"]["value"])
    for each in kept.report["drifts"]:
        PSI.labels(each["feature"]).set(each["psi"])
    for standing in states:
        if standing.state == "passed":
            PASSED.labels(standing.bound).inc()


def _bounded(figures: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    seen: Counter[tuple[str, str]] = Counter()
    for each in figures:
        kind = (each["figure"], each["grouping"])
        seen[kind] += 1
        if seen[kind] <= MOST_GROUPS:
            yield each


def _names(each: Mapping[str, Any]) -> tuple[str, str, str]:
    return each["figure"], each["grouping"], each["group"]
