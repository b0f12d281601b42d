"""The labour inspection's grades of employers, once a year, by what it has found and how each is known."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from city.building import City
from city.draws import Floats, Ints, normal, uniform
from city.feeds.delivery import AT, Post
from city.feeds.telling import constant, drawn, identity
from city.months import DAY
from city.parameters import signals

_GRADES = ["A", "B", "C"]


def grades(city: City) -> Iterator[pl.DataFrame]:
    """`hrss_credit_grade`: every year some of the employers with staff, for the year before."""
    numbers, post = signals()["labour_grade"], Post(city, "hrss_credit_grade", may_miss=False)
    rated = uniform(drawn(city.draws, "rated"), city.people.count) < numbers["share"]
    parts = []
    for month in range(int(numbers["month"]), city.calendar.months, 12):
        who = np.flatnonzero(rated & city.history.is_alive(month, city.people) & (city.people.workers >= 3))
        parts.append(_year(city, month, who))
    yield post.events(pl.concat(parts) if parts else _year(city, 0, np.arange(0)))


def _year(city: City, month: int, who: Ints) -> pl.DataFrame:
    stream, count = city.draws.of("labour grade", month), len(who)
    score = _score(city, month)[who] + signals()["labour_grade"]["noise"] * normal(stream, count)
    place = 1 + (score > 0).astype(np.int64) - (score < -signals()["labour_grade"]["good"])
    day = city.calendar.first_day(month) + (uniform(stream, count) * 28).astype(np.int64) * DAY
    year = int(city.calendar.text(month)[:4]) - 1
    return pl.DataFrame({
        **identity(city, who, "uscc"), "year": np.full(count, year, np.int32),
        "grade": pl.Series(_GRADES, dtype=pl.String).gather(place), "evaluated_at": day,
        "agency": constant("余杭区人力资源和社会保障局", count), AT: day.astype("datetime64[us]"),
    })  # fmt: skip


def _score(city: City, month: int) -> Floats:
    """Above 0: grade C. Habit is half known to the inspectors, what was found is known to them."""
    numbers, cases = signals()["labour_grade"], city.history.cases
    before = city.calendar.first_day(month)
    known = (cases.discovered < before) & (cases.discovered >= before - 730 * DAY)
    found = np.bincount(cases.employer[known], minlength=city.people.count)
    score = (
        numbers["usual"] + numbers["temperament"] * city.people.temperament + numbers["of_found"] * np.minimum(found, 2)
    )
    return np.asarray(score, np.float32)
