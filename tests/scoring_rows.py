"""Records of any dataset that is measured, with whatever values its items may have: drawn, not written down."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from services.scoring.measurebook import Measured, shipped
from tests.scoring_worlds import AT, A, B, C, Rows

EMPLOYERS = (A, B, C)
PROJECTS = tuple(f"j{who[-1]}" for who in EMPLOYERS)
# Own past comes from our own findings; what names nobody by a code is found by ingest.
BY_CODE = {each.dataset: each for each in shipped().datasets}
DATASETS = [each for each in shipped().datasets if each.dataset != "own_past" and (each.code or each.via)]


@st.composite
def rows_of_any_dataset(draw: st.DrawFn) -> Rows:
    """Records of some datasets, no two told at the same moment, corrected and contradicted here and there."""
    told: dict[str, list[dict[str, Any]]] = {}
    chosen = draw(st.lists(st.sampled_from(DATASETS), min_size=1, max_size=5, unique_by=lambda each: each.dataset))
    for place, dataset in enumerate(each for each in chosen for _ in range(draw(st.integers(1, 6)))):
        reported = AT - timedelta(days=draw(st.integers(0, 400)), minutes=place)
        told.setdefault(dataset.dataset, []).append(draw(_row(dataset, reported)) | draw(_fate(reported)))
    return told


@st.composite
def rows_of_sites(draw: st.DrawFn) -> Rows:
    """Punches of three sites, told early, late and again, while one employer after the other is named for the sites."""
    told: dict[str, list[dict[str, Any]]] = {}
    for place in range(draw(st.integers(2, 40))):
        dataset = BY_CODE[draw(st.sampled_from(("hc_attendance", "hc_attendance", "hc_attendance", "hc_project")))]
        reported = AT - timedelta(days=draw(st.integers(0, 100)), minutes=place)
        told.setdefault(dataset.dataset, []).append(draw(_row(dataset, reported)) | draw(_fate(reported)))
    return told


@st.composite
def _fate(draw: st.DrawFn, reported: datetime) -> dict[str, Any]:
    """When a record was reported, and whether it was taken back since."""
    return {"reported_at": reported, "taken_back": draw(st.integers(0, 5)) == 0}


def not_taken_back(rows: Rows) -> Rows:
    """What of it still counts."""
    standing = {code: [row for row in told if not row.get("taken_back")] for code, told in rows.items()}
    return {code: told for code, told in standing.items() if told}


@st.composite
def _row(draw: st.DrawFn, dataset: Measured, reported: datetime) -> dict[str, Any]:
    who, project = draw(st.sampled_from(EMPLOYERS)), draw(st.sampled_from(PROJECTS))
    whose = who if dataset.about == "employer" else project
    known = {"project_code": project, "account_no": f"a{project}" if dataset.about == "project" else f"{whose}1"}
    # Who is named for a site may change, and may be left out; whose an employer's record is, ingest has found.
    known |= dict.fromkeys(dataset.code, who) if dataset.about == "employer" else {}
    names = {dataset.name} - set(dataset.key)  # of files somebody is found by his name, too
    row = {item: known.get(item) for item in dataset.items if item in known or item in names}
    for item in sorted(set(dataset.items) - set(row) - {"reported_at"}):
        is_key = item in dataset.key
        value = _VALUES.get(dataset.items[item], _text)(dataset, item, reported)
        value = st.sampled_from(_MOMENTS) if is_key and dataset.items[item] == "datetime" else value
        row[item] = f"{whose}{draw(st.integers(1, 3))}" if is_key and _is_text(dataset, item) else draw(value)
        if not is_key and draw(st.integers(0, 5)) == 0:
            row[item] = None
    return row


def _is_text(dataset: Measured, item: str) -> bool:
    return dataset.items[item] == "text" and item not in dataset.code


def _text(dataset: Measured, item: str, _reported: datetime) -> st.SearchStrategy[Any]:
    if item in dataset.code:
        return st.sampled_from(EMPLOYERS)
    asked = [where.value for measure in dataset.measures for where in measure.where if where.item == item]
    words = [word for value in asked for word in (value if isinstance(value, list | tuple) else [value]) if word]
    return st.sampled_from([*map(str, words), "330110005", "4710", "王一"])


def _time(form: str) -> Callable[[Measured, str, datetime], st.SearchStrategy[Any]]:
    def value(_dataset: Measured, _item: str, reported: datetime) -> st.SearchStrategy[Any]:
        return st.integers(0, 90).map(lambda days: f"{reported - timedelta(days=days):{form}}")

    return value


# Of a day two moments, China's months turn between two; the last lies ahead of most reports and of every look.
_MOMENTS = (
    *("2025-10-08T07:00:00", "2026-08-31T23:30:00", "2026-09-01T00:30:00", "2026-10-08T07:00:00"),
    *("2026-10-08T18:00:00", "2026-11-22T07:00:00", "2026-12-01T07:00:00"),
)
_NUMBER = st.sampled_from((0.0, 0.1, 10.55, 999.99, -3.5))
_VALUES: dict[str, Callable[[Measured, str, datetime], st.SearchStrategy[Any]]] = {
    "money": lambda *_: _NUMBER,
    "dec": lambda *_: _NUMBER,
    "int": lambda *_: st.integers(0, 40),
    "bool": lambda *_: st.booleans(),
    "date": _time("%Y-%m-%d"),
    "datetime": _time("%Y-%m-%dT%H:%M:%S"),
    "month": _time("%Y-%m"),
}
