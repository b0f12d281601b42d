"""What arrived at the demo's credit system, by which way, and whether its signature stands: a SQLite file."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

KEPT_REFUSALS = 200
_SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = full;
create table if not exists event (id text primary key, sequence integer not null, body text not null);
create table if not exists arrival (
    id text not null, way text not null, at text not null, trace_id text, repeats integer not null default 0,
    primary key (id, way)
);
create table if not exists refusal (
    number integer primary key, at text not null, way text not null, reason text not null
);
"""


@dataclass(frozen=True)
class Ledger:
    """What arrived, in a SQLite file; an event is kept once, however often and whichever way it comes."""

    database: sqlite3.Connection

    @classmethod
    def open(cls, file: Path) -> "Ledger":
        """The ledger in the file, made if it is not there."""
        file.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        database.executescript(_SCHEMA)
        return cls(database)

    def keep(self, way: str, body: bytes, trace_id: str | None) -> bool:
        """Keep a CloudEvent durably. Whether it was new. ValueError when it is not one."""
        event = event_of(body)
        new = self.database.execute(
            "insert into event values (?, ?, ?) on conflict do nothing",
            (event["id"], event["data"]["sequence"], json.dumps(event, ensure_ascii=False)),
        ).rowcount
        self.database.execute(
            "insert into arrival (id, way, at, trace_id) values (?, ?, ?, ?)"
            " on conflict (id, way) do update set repeats = repeats + 1",
            (event["id"], way, _now(), trace_id or trace_id_of(event.get("traceparent"))),
        )
        return new == 1

    def refuse(self, way: str, reason: str) -> None:
        """Note what was refused; the last of them only."""
        self.database.execute("insert into refusal (at, way, reason) values (?, ?, ?)", (_now(), way, reason))
        self.database.execute(
            "delete from refusal where number <= (select max(number) from refusal) - ?", (KEPT_REFUSALS,)
        )

    def last_of_feed(self) -> int:
        """The last sequence that the feed gave."""
        query = "select coalesce(max(sequence), 0) from event join arrival using (id) where way = 'feed'"
        last: int = self.database.execute(query).fetchone()[0]
        return last

    def events(self) -> list[dict[str, Any]]:
        """Everything that arrived, newest first, with the ways it came."""
        ways: dict[str, dict[str, Any]] = {}
        for row in self.database.execute("select id, way, at, trace_id, repeats from arrival order by at"):
            ways.setdefault(row[0], {})[row[1]] = {"at": row[2], "trace_id": row[3], "repeats": row[4]}
        rows = self.database.execute("select body from event order by sequence desc limit 500")
        return [_shown(json.loads(body), ways) for (body,) in rows]

    def refusals(self) -> list[dict[str, str]]:
        """What was refused lately, newest first."""
        rows = self.database.execute("select at, way, reason from refusal order by number desc")
        return [{"at": at, "way": way, "reason": reason} for at, way, reason in rows]


def event_of(body: bytes) -> dict[str, Any]:
    """The CloudEvent of the list in a body; ValueError when it is none."""
    event = json.loads(body)
    if not isinstance(event, dict) or event.get("specversion") != "1.0" or not isinstance(event.get("id"), str):
        raise ValueError("not a CloudEvents 1.0 event")
    if not isinstance(event.get("data"), dict) or not isinstance(event["data"].get("sequence"), int):
        raise ValueError("not an event of the list")
    return event


def _shown(event: dict[str, Any], ways: dict[str, dict[str, Any]]) -> dict[str, Any]:
    data = event["data"]
    return {
        "id": event["id"],
        "type": event["type"],
        "time": event["time"],
        "sequence": data["sequence"],
        "uscc": data.get("uscc"),
        "data": data,
        "signature_stands": signature_stands(data.get("signature")),
        "arrivals": ways.get(event["id"], {}),
    }


def signature_stands(compact: str | None) -> bool | None:
    """Whether the decision's own signature verifies under the key that it names; None when there is none."""
    if compact is None:
        return None
    try:
        header = jws.extract_compact(compact.encode()).headers()
        jws.deserialize_compact(compact, ECKey.import_key(dict(header["jwk"])), algorithms=["ES256"])
    except (JoseError, ValueError, KeyError, TypeError):
        return False
    return True


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace id in a W3C traceparent."""
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
