"""Worker by worker, only where it is asked for: who is registered on a site, who came, and what each was paid."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from city.building import City
from city.draws import Days, Ints, uniform, whole
from city.feeds.delivery import AT, Post
from city.feeds.projects import Sites, day_of, pay, project_codes, sites
from city.feeds.telling import constant, drawn, identity, later, numbered, picked
from city.months import DAY

_CHECKS = "10X98765432"  # GB 11643
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_HOME = "522731"  # invented persons, all from one county far away


@dataclass(frozen=True)
class Crew:
    """Workers of all sites, one a row: his project and his place among the project's workers."""

    project: Ints
    place: Ints
    number: pl.Series


def crew(told: Sites) -> Crew:
    """Half as many again as a site has on a usual day, for they come and go."""
    many = told.workers * 3 // 2 + 1
    project = np.repeat(np.arange(len(told)), many)
    place = np.arange(len(project)) - np.repeat(np.cumsum(many) - many, many)
    return Crew(project, place, citizen_numbers(np.arange(len(project))))


def citizen_numbers(serial: Ints) -> pl.Series:
    """Citizen numbers with their check character right (GB 11643), one a serial number."""
    born = np.datetime64("1965-01-01") + (serial * 7919 % 14_000) * DAY
    days = pl.Series(born).dt.strftime("%Y%m%d")
    stem = pl.select(pl.lit(_HOME) + days + pl.Series(serial // 14_000 % 1000).cast(pl.String).str.zfill(3)).to_series()
    digits = np.array([list(text) for text in stem.to_list()], np.int64).reshape(-1, 17)
    check = pl.Series(list(_CHECKS)).gather((digits * _WEIGHTS).sum(axis=1) % 11)
    return pl.select(stem + check).to_series()


def registered(city: City) -> Iterator[pl.DataFrame]:
    """`hc_worker`: registered when the site begins."""
    told, stream = sites(city), drawn(city.draws, "workers")
    people = crew(told)
    entry = later(stream, day_of(city, told.starts[people.project], 5), 20)
    moment = np.maximum(entry, city.calendar.first_day(0)).astype("datetime64[us]")
    count = len(people.project)
    yield Post(city, "hc_worker", code="corp_uscc").events(pl.DataFrame({
        "project_code": project_codes(len(told)).gather(people.project), "id_no": people.number,
        **_employer(city, told, people.project),
        "team_no": pl.Series((people.place // 15).astype(np.int64)).cast(pl.String),
        "work_role": constant("worker", count),
        "entry_at": pl.Series(moment).dt.replace_time_zone("UTC"), "has_contract": uniform(stream, count) > 0.03,
        "is_rural": uniform(stream, count) > 0.1, AT: moment,
    }))  # fmt: skip


def _employer(city: City, told: Sites, project: Ints) -> dict[str, pl.Series]:
    return {"corp_uscc": identity(city, told.subs[project, 0], "uscc")["uscc"]}


def attendance(city: City) -> Iterator[pl.DataFrame]:
    """`hc_attendance`: in and out on three days of four, Sundays too."""
    told, post = sites(city), Post(city, "hc_attendance", code=None)
    people, code = crew(told), project_codes(len(told))
    for month in range(city.calendar.months):
        stream, rows = city.draws.of("attendance", month), _present(city, told, people, month)
        count, length = len(rows), city.calendar.length(month)
        comes = stream.random((count, length)) < 0.75
        who, day = np.nonzero(comes)
        first = np.asarray(city.calendar.first_day(month) + day * DAY)
        yield post.events(_punches(code, people, rows[who], first, stream))


def _present(city: City, told: Sites, people: Crew, month: int) -> Ints:
    """The workers who are on the payroll of that month."""
    staff = np.zeros(len(told), np.int64)
    paid = pay(city, told, month)
    staff[paid.project] = paid.workers
    return np.flatnonzero(people.place < staff[people.project])


def _punches(code: pl.Series, people: Crew, rows: Ints, day: Days, stream: np.random.Generator) -> pl.DataFrame:
    """Two rows a worker and day: about seven in the morning and six in the evening, Beijing time."""
    minutes = np.concatenate([whole(stream, -90, 0, len(rows)), whole(stream, 570, 660, len(rows))])
    moment = np.tile(day.astype("datetime64[us]"), 2) + (minutes * 60_000_000).astype("timedelta64[us]")
    both, count = np.tile(rows, 2), len(rows)
    return pl.DataFrame({
        "project_code": code.gather(people.project[both]), "id_no": people.number.gather(both),
        "punch_at": pl.Series(moment).dt.replace_time_zone("UTC"),
        "direction": picked(["in", "out"], np.repeat([0, 1], count)),
        "attend_type": constant("face", 2 * count),
        "origin": picked(["device", "generated"], (uniform(stream, 2 * count) < 0.03).astype(np.int64)), AT: moment,
    })  # fmt: skip


def payroll_lines(city: City) -> Iterator[pl.DataFrame]:
    """`hc_payroll_detail`: one a worker and month; short where the project's wages came short."""
    told, post = sites(city), Post(city, "hc_payroll_detail", code=None)
    people = crew(told)
    for month in range(city.calendar.months):
        paid, rows = pay(city, told, month), _present(city, told, people, month)
        at, stream = np.searchsorted(paid.project, people.project[rows]), city.draws.of("payroll lines", month)
        due = np.round((paid.due / paid.workers)[at].astype(np.float64), 2)
        yield post.month(pl.DataFrame({
            "payroll_no": numbered(f"GZ{month:03d}", len(paid.project)).gather(at), "id_no": people.number.gather(rows),
            "days": whole(stream, 15, 28, len(rows)).astype(np.int32), "payable": due,
            "actual": np.minimum(np.round(due * paid.paid_share[at], 2), due), "is_back_pay": np.zeros(len(rows), bool),
            "paid_at": city.calendar.first_day(month + 1) - whole(stream, 1, 4, len(rows)) * DAY,
        }), month)  # fmt: skip
