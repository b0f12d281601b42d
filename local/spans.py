"""Spans on one machine: a SQLite file, written by the collector, read by `anxin trace`."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Bounded, or a platform that runs for a year fills the disk with its own story.
KEPT_SPANS = 1_000_000

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS spans (
    trace_id TEXT NOT NULL,
    span_id TEXT NOT NULL,
    parent_id TEXT,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    started_ns INTEGER NOT NULL,
    ended_ns INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    attributes TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS spans_once ON spans (trace_id, span_id);
CREATE INDEX IF NOT EXISTS spans_by_time ON spans (started_ns);
"""
_FIELDS = (
    *("trace_id", "span_id", "parent_id", "service", "name"),
    *("kind", "started_ns", "ended_ns", "failed", "attributes"),
)
_COLUMNS = ", ".join(_FIELDS)


@dataclass(frozen=True)
class Span:
    """One step of a trace. Ids are lower-case hex, times are nanoseconds since the epoch."""

    trace_id: str
    span_id: str
    parent_id: str | None
    service: str
    name: str
    kind: int
    started_ns: int
    ended_ns: int
    failed: bool
    attributes: dict[str, object]


@dataclass(frozen=True)
class TraceSummary:
    """A trace in one line."""

    trace_id: str
    name: str
    services: int
    spans: int
    started_ns: int
    ended_ns: int
    failed: int


def open_store(file: Path) -> sqlite3.Connection:
    """Open for writing; makes the file on first use. The connection may go from thread to thread, not be shared."""
    file.parent.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(file, check_same_thread=False, timeout=10)
    store.executescript(_SCHEMA)
    return store


def keep(store: sqlite3.Connection, spans: Iterable[Span]) -> None:
    """Write spans; one that is already here is left as it is (exporters repeat what was not acknowledged)."""
    rows = [
        (s.trace_id, s.span_id, s.parent_id, s.service, s.name, s.kind, s.started_ns, s.ended_ns, s.failed, _json(s))
        for s in spans
    ]
    with store:
        store.executemany(f"INSERT OR IGNORE INTO spans ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)", rows)  # noqa: S608


def forget_oldest(store: sqlite3.Connection, kept: int = KEPT_SPANS) -> None:
    """Leave the `kept` newest spans."""
    with store:
        store.execute(
            "DELETE FROM spans WHERE started_ns <"
            " (SELECT started_ns FROM spans ORDER BY started_ns DESC LIMIT 1 OFFSET ?)",
            [kept - 1],
        )


def trace(file: Path, trace_id: str) -> list[Span]:
    """All spans of a trace, in the order in which they began. `trace_id` may be its beginning, if that is unique."""
    query = f"SELECT {_COLUMNS} FROM spans WHERE trace_id >= ? AND trace_id < ? ORDER BY started_ns"  # noqa: S608
    with closing(_open_to_read(file)) as store:
        rows = store.execute(query, [trace_id.lower(), trace_id.lower() + "g"]).fetchall()
    return [_span(row) for row in rows]


def latest(file: Path, count: int = 20) -> list[TraceSummary]:
    """The newest traces that began with a request or an event, newest first."""
    query = """
        WITH recent AS (
            SELECT trace_id, min(started_ns) AS started, max(ended_ns) AS ended, count(*) AS spans,
                   count(DISTINCT service) AS services, max(failed) AS failed
            FROM (SELECT * FROM spans ORDER BY started_ns DESC LIMIT 20000)
            GROUP BY trace_id ORDER BY started DESC LIMIT ?
        )
        SELECT recent.trace_id, (SELECT name FROM spans WHERE spans.trace_id = recent.trace_id
            ORDER BY started_ns, parent_id IS NOT NULL LIMIT 1), services, spans, started, ended, failed
        FROM recent ORDER BY started DESC
    """
    with closing(_open_to_read(file)) as store:
        return [TraceSummary(*row) for row in store.execute(query, [count])]


def _span(row: tuple[Any, ...]) -> Span:
    return Span(**dict(zip(_FIELDS, row, strict=True)) | {"failed": bool(row[8]), "attributes": json.loads(row[9])})


def _open_to_read(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=10)


def _json(span: Span) -> str:
    return json.dumps(span.attributes, ensure_ascii=False, default=str)
