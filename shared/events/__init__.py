"""The only contract between the services, in flow order. Every event is a CloudEvents 1.0 type `cn.anxin.<subject>.v1`.

Optional fields may be added; a new meaning is a new event. `docs/events.md` and `docs/asyncapi.yaml` are generated from
this page. Times are aware datetimes, money is Decimal (a string in JSON), credit codes are 18 characters.
"""

from shared.events.alerts import AlertFound, AlertRaised, OrderIssued, OrderOverdue, OrderPaid, OrderRevoked, Party
from shared.events.base import Event, Finding, Level, SubjectKind
from shared.events.catalogue import CatalogueAnnounced, DatasetTerms
from shared.events.credit import EmployerListed, EmployerRemoved, ListedParty
from shared.events.disputes import RecordDisputeAnswered, RecordDisputed
from shared.events.feeds import FeedProblem, FeedStateChanged
from shared.events.identity import GrantEnded, IdentityRevoked, SigningKeysPublished
from shared.events.records import RecordsAccepted, RecordsClosed, RecordsUnlinked, RecordsWithdrawn
from shared.events.rulebook import FeatureUse, IndicatorUse, ItemUsed, RulebookAnnounced
from shared.events.scores import EmployerScored, ProjectScored, Reason, ReceiptRow, ScoringQualityChanged

__all__ = [
    "ALL",
    "BY_TYPE",
    "AlertFound",
    "AlertRaised",
    "CatalogueAnnounced",
    "DatasetTerms",
    "EmployerListed",
    "EmployerRemoved",
    "EmployerScored",
    "Event",
    "FeatureUse",
    "FeedProblem",
    "FeedStateChanged",
    "Finding",
    "GrantEnded",
    "IdentityRevoked",
    "IndicatorUse",
    "ItemUsed",
    "Level",
    "ListedParty",
    "OrderIssued",
    "OrderOverdue",
    "OrderPaid",
    "OrderRevoked",
    "Party",
    "ProjectScored",
    "Reason",
    "ReceiptRow",
    "RecordDisputeAnswered",
    "RecordDisputed",
    "RecordsAccepted",
    "RecordsClosed",
    "RecordsUnlinked",
    "RecordsWithdrawn",
    "RulebookAnnounced",
    "ScoringQualityChanged",
    "SigningKeysPublished",
    "SubjectKind",
]

ALL: tuple[type[Event], ...] = (
    RecordsAccepted,
    RecordsWithdrawn,
    RecordsClosed,
    CatalogueAnnounced,
    RecordsUnlinked,
    RecordDisputed,
    RecordDisputeAnswered,
    FeedStateChanged,
    EmployerScored,
    ProjectScored,
    RulebookAnnounced,
    ScoringQualityChanged,
    AlertRaised,
    AlertFound,
    OrderIssued,
    OrderOverdue,
    OrderPaid,
    OrderRevoked,
    EmployerListed,
    EmployerRemoved,
    IdentityRevoked,
    GrantEnded,
    SigningKeysPublished,
)
BY_TYPE: dict[str, type[Event]] = {event.type(): event for event in ALL}
