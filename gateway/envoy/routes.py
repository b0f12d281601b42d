"""The routing table: which path leads to which service, on which side of the door, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Route:
    """One line of the table.

    match: a path and everything below it (`/v1/alerts` is not `/v1/alertsx`), unless `exact`.
    token: whether Envoy demands a valid access token. bulk: whether the large body limit applies. unbounded: none does,
    and an answer may last: the service itself bounds both (uploads piece by piece, streams of events).
    methods: only these; () means all. rewrite: the path the service sees.
    """

    match: str
    service: str
    token: bool = True
    bulk: bool = False
    unbounded: bool = False
    exact: bool = False
    methods: tuple[str, ...] = ()
    rewrite: str = ""

    @property
    def method_pattern(self) -> str:
        return "|".join(self.methods)


_READ = ("GET", "HEAD")
_OPENAPI = tuple(
    Route(match=f"/openapi/{name}.json", service=name, exact=True, methods=_READ, rewrite="/openapi.json")
    for name in ("ingest", "scoring", "alerts", "credit", "issuer")
)
_PUBLIC = (
    # Before the issuer's, which would answer for everything below it: the first that matches counts.
    Route(match="/.well-known/receipt-keys", service="ingest", token=False, exact=True, methods=_READ),
    Route(match="/.well-known", service="issuer", token=False, methods=_READ),
    Route(match="/oauth", service="issuer", token=False),
)

AGENCIES = (
    *_PUBLIC,
    Route(match="/v1/datasets", service="ingest", bulk=True),
    Route(match="/v1/imports", service="ingest", unbounded=True),
    Route(match="/v1/receipts", service="ingest"),
    Route(match="/v1/disputes", service="ingest"),
    Route(match="/v1/grants", service="issuer", methods=_READ),
    Route(match="/v1/lineage", service="ingest", methods=_READ),
    Route(match="/v1/quality", service="ingest", methods=_READ),
    Route(match="/v1/exchange", service="ingest", methods=_READ),
    Route(match="/v1/snapshots", service="ingest"),
    Route(match="/v1/credit/check", service="credit"),
    Route(match="/v1/credit/events", service="credit"),
    *_OPENAPI,
)

# A person reads the catalogue and receipts (and unmasks a value, which is a POST), but only an agency's certificate may
# bring records in.
PEOPLE = (
    *_PUBLIC,
    Route(match="/v1/datasets", service="ingest", methods=_READ),
    Route(match="/v1/receipts", service="ingest", methods=(*_READ, "POST")),
    Route(match="/v1/disputes", service="ingest", methods=_READ),
    Route(match="/v1/grants", service="issuer"),
    Route(match="/v1/dead-letters", service="issuer"),
    Route(match="/v1/lineage", service="ingest", methods=_READ),
    Route(match="/v1/quality", service="ingest", methods=_READ),
    Route(match="/v1/exchange", service="ingest", methods=_READ),
    Route(match="/v1/connectors", service="ingest", methods=_READ),
    Route(match="/v1/matching", service="ingest"),
    Route(match="/v1/identities", service="ingest"),
    Route(match="/v1/employers", service="scoring"),
    Route(match="/v1/projects", service="scoring"),
    Route(match="/v1/indicators", service="scoring"),
    Route(match="/v1/rulebooks", service="scoring"),
    Route(match="/v1/inspections", service="scoring"),
    Route(match="/v1/scoring-quality", service="scoring", methods=_READ),
    # A model's trees are some megabytes.
    Route(match="/v1/models", service="scoring", bulk=True),
    Route(match="/v1/population-runs", service="scoring"),
    Route(match="/v1/scores", service="scoring", methods=_READ),
    Route(match="/v1/alerts", service="alerts"),
    Route(match="/v1/orders", service="alerts"),
    Route(match="/v1/credit", service="credit"),
    *_OPENAPI,
)
