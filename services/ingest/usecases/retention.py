"""Give up raw files, and numbers of persons and accounts, whose retention has ended. Receipts and facts stay."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time

from services.ingest.catalogue import Catalogue
from services.ingest.retention import Parameter, cutoffs, identity_cutoffs
from services.ingest.store.identities import purge_identities
from services.ingest.store.raw_files import Purged, purge_bodies, purge_pieces
from services.ingest.store.waiting import forget_past
from shared import audit
from shared.clock import SHANGHAI
from shared.db import Session

MOST_AT_ONCE = 500

Purge = Callable[[Session, Mapping[str, datetime], int], Awaitable[list[Purged]]]
# Where raw files lie. Another place for them brings its own purge, and stands here beside this one.
PLACES: tuple[Purge, ...] = (purge_bodies, purge_pieces)


async def purge_raw_files(
    session: Session,
    catalogue: Catalogue,
    parameters: Iterable[Parameter],
    today: date,
    places: Iterable[Purge] = PLACES,
) -> int:
    """Give up what is past, at most MOST_AT_ONCE files of each place, on record. Returns how many went."""
    ends = cutoffs(catalogue, parameters, today)
    before = {name: _midnight(day) for name, day in ends.items()}
    gone = [each for purge in places for each in await purge(session, before, MOST_AT_ONCE)]
    by_dataset: dict[str, list[Purged]] = defaultdict(list)
    for each in gone:
        by_dataset[each.dataset].append(each)
    for name, files in by_dataset.items():
        await audit.record(session, "SYSTEM", "raw-files.purged", name, _details(files, ends[name]))
    return len(gone)


async def purge_outdone_states(
    session: Session, catalogue: Catalogue, parameters: Iterable[Parameter], today: date
) -> int:
    """Give up what outdone states of waiting records say, with the files that said it, on record. How many went."""
    ends = cutoffs(catalogue, parameters, today)
    gone = await forget_past(session, {name: _midnight(day) for name, day in ends.items()}, MOST_AT_ONCE)
    if gone:
        until = {name: day.isoformat() for name, day in sorted(ends.items())}
        await audit.record(session, "SYSTEM", "outdone-states.purged", "", {"states": gone, "reported_until": until})
    return gone


async def purge_numbers(
    session: Session, catalogue: Catalogue, parameters: Iterable[Parameter], today: date
) -> Counter[str]:
    """Give up numbers that no dataset needs, at most MOST_AT_ONCE, on record. How many went, by purpose."""
    ends = identity_cutoffs(catalogue, parameters, today)
    gone = Counter(await purge_identities(session, ends, MOST_AT_ONCE))
    if gone:
        until = {name: day.isoformat() for name, day in sorted(ends.items())}
        await audit.record(session, "SYSTEM", "identities.purged", "", {"numbers": dict(gone), "named_until": until})
    return gone


def _details(files: list[Purged], before: date) -> dict[str, object]:
    return {
        "files": len(files),
        "bytes": sum(each.bytes for each in files),
        "reported_until": before.isoformat(),
        "sha256": [each.sha256.hex() for each in files],
    }


def _midnight(day: date) -> datetime:
    """The end of the day in China: what was reported on it is past as well."""
    return datetime.combine(day, time.max, SHANGHAI).astimezone(UTC)
