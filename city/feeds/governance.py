"""The social governance centre's grid workers, and the public credit lists."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from city.building import City
from city.draws import Ints, uniform, whole
from city.feeds.delivery import AT, Post
from city.feeds.telling import constant, drawn, identity, met, moments, names, numbered, picked
from city.parameters import signals

_SIGNS = ["rent owed", "layoff", "stop work", "moving goods", "gathering", "boss lost"]
_SHARES = np.cumsum([0.4, 0.25, 0.16, 0.12, 0.05, 0.02])


def grid_events(city: City) -> Iterator[pl.DataFrame]:
    """`gov_grid_event`: signs of trouble, a few everywhere, more where it is real."""
    rows, stream = met(city, "grid"), drawn(city.draws, "grid")
    who, day = rows.employer, rows.day
    moment, chance = moments(day, stream), uniform(stream, len(who))
    sign = np.searchsorted(_SHARES, chance)
    street = identity(city, who, "street")["street"]
    yield Post(city, "gov_grid_event").events(pl.DataFrame({
        "event_no": numbered("WG", len(who)),
        "grid_code": _grids(street, whole(stream, 1, 60, len(who))),
        "division": street, "employer": names(city, who, day), **identity(city, who, "uscc"),
        "signs": picked(_SIGNS, np.minimum(sign, len(_SIGNS) - 1)), AT: moment,
    }))  # fmt: skip


def _grids(street: pl.Series, number: Ints) -> pl.Series:
    return pl.select(street + pl.Series(number).cast(pl.String).str.zfill(3)).to_series()


def credit_records(city: City) -> Iterator[pl.DataFrame]:
    """`drc_credit_record`: red and black lists of every kind."""
    rows, numbers, stream = met(city, "credit"), signals()["credit"], drawn(city.draws, "credit")
    red = uniform(stream, len(rows)) < numbers["red_share"]
    yield Post(city, "drc_credit_record", code="subject_code").events(pl.DataFrame({
        "rec_id": numbered("XY", len(rows)), "subject_code": identity(city, rows.employer, "uscc")["uscc"],
        "subject_name": names(city, rows.employer, rows.day), "org_name": constant("余杭区发展和改革局", len(rows)),
        "decided_at": rows.day, "list_type": picked(["黑名单", "红名单"], red.astype(np.int64)),
        "doc_no": numbered("余信字", len(rows)), AT: rows.day.astype("datetime64[us]"),
    }))  # fmt: skip
