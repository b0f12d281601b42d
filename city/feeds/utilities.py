"""Power, water and gas: use and bills of those who have a meter of their own."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from city.building import City
from city.draws import Draws, Floats, Ints, normal, uniform
from city.feeds.channels import changes
from city.feeds.delivery import Post
from city.feeds.tax import active
from city.feeds.telling import constant, identity, picked
from city.parameters import feeds, signals

_KINDS = {
    "power": ("pw_usage", "kwh", "kwh_per_worker"),
    "water": ("ut_water", "volume", "m3_water"),
    "gas": ("ut_gas", "volume", "m3_gas"),
}


def power(city: City) -> Iterator[pl.DataFrame]:
    """`pw_usage`, one row a meter and month."""
    return _bills(city, "power")


def water(city: City) -> Iterator[pl.DataFrame]:
    """`ut_water`, one row a meter and month."""
    return _bills(city, "water")


def gas(city: City) -> Iterator[pl.DataFrame]:
    """`ut_gas`, one row a meter and month."""
    return _bills(city, "gas")


def _bills(city: City, kind: str) -> Iterator[pl.DataFrame]:
    dataset, item, per_worker = _KINDS[kind]
    post, base = Post(city, dataset), _base(city.draws, city.people.workers, kind, per_worker)
    for month, change in enumerate(changes(city, kind)):
        yield post.month(_month(city, kind, month, base * np.exp(change)).rename({"used": item}), month)


def _base(draws: Draws, workers: Ints, kind: str, per_worker: str) -> Floats:
    noise = np.exp(0.6 * normal(draws.of(f"usual {kind}"), len(workers)))
    return np.asarray(signals()["usage"][per_worker] * np.maximum(workers, 1) ** 0.85 * noise, np.float32)


def _month(city: City, kind: str, month: int, usual: Floats) -> pl.DataFrame:
    numbers, stream, who = signals()["usage"], city.draws.of(f"use {kind}", month), active(city, month, kind)
    late = city.behind[kind][month, who].astype(np.int32)
    season = numbers["winter"] * np.cos(2 * np.pi * city.calendar.of_year(month) / 12)
    used = np.round((usual[who] * np.exp(season)).astype(np.float64), 2)
    due = np.round(used * numbers[f"{kind}_price"], 2)
    days = np.where(late > 0, late * 30 - 30 + (15 + 14 * uniform(stream, len(who))).astype(np.int32), 0).astype(
        np.int32
    )
    number = pl.select(pl.lit(f"{kind[0].upper()}33011") + pl.Series(who).cast(pl.String).str.zfill(8)).to_series()
    cut = (late >= numbers["cut_after_months"]) & (uniform(stream, len(who)) < numbers["cut_share"])
    wrong = uniform(stream, len(who)) < feeds().contradiction
    rows = {
        "account_no": number, "period": constant(city.calendar.text(month), len(who)),
        **identity(city, who, "uscc"), "used": used, "amount_due": due,
        "arrears": np.where(late > 0, np.round(due * late + 0.01, 2), 0.0), "arrears_days": days,
    }  # fmt: skip
    stopped = np.where(cut, 1, np.where(wrong, 2, 0))
    if kind == "power":
        return pl.DataFrame(
            {**rows, "cut_off": cut, "account_state": picked(["normal", "suspended", "closed"], stopped)}
        )
    return pl.DataFrame({**rows, "account_state": picked(["normal", "stopped", "closed"], stopped)})
