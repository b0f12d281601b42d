"""Market regulation: the register, its changes, the abnormal list, freezes and pledges."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from city.building import City
from city.draws import Days, Ints, uniform, whole
from city.feeds.delivery import AT, Post
from city.feeds.telling import Met, constant, drawn, identity, later, lognormal, met, numbered, picked, unless
from city.months import DAY
from city.parameters import signals

_LATEST_FOUNDED = 32_000
_CHANGES = {
    "name": ("01", "名称变更"),
    "legal_rep": ("02", "法定代表人变更"),
    "address": ("03", "住所变更"),
    "capital": ("04", "注册资本变更"),
    "leaving": ("05", "清算组备案"),
}
_CAUSES = ["通过登记的住所或者经营场所无法联系", "未按规定公示年度报告", "未按责令期限公示有关企业信息"]


def entities(city: City) -> Iterator[pl.DataFrame]:
    """`samr_entity`: everybody's first entry, then one after a renaming and one after the end."""
    everybody = np.arange(city.people.count)
    founded = _founded(city)
    first = _entity(city, everybody, np.maximum(founded, city.calendar.first_day(0)), founded, "active", old_name=True)
    renamed = np.flatnonzero(city.register.get_column("former").is_not_null().to_numpy())
    again = _entity(city, renamed, city.register.get_column("renamed_on").to_numpy()[renamed], founded, "active")
    ended = np.flatnonzero(city.history.closed < city.calendar.months)
    last = city.calendar.first_day(0) + _month_days(city, city.history.closed[ended])
    gone = _entity(city, ended, last + whole(drawn(city.draws, "ended"), 0, 60, len(ended)) * DAY, founded, "cancelled")
    yield Post(city, "samr_entity").events(pl.concat([first, again, gone]))


def _month_days(city: City, months: Ints) -> Ints:
    starts = np.array(
        [
            (city.calendar.first_day(month) - city.calendar.first_day(0)).astype(int)
            for month in range(city.calendar.months + 1)
        ]
    )
    return np.asarray(starts[np.clip(months, 0, city.calendar.months)] * DAY)


def _founded(city: City) -> Days:
    born = city.people.born
    month = (np.datetime64(city.calendar.begins_on, "M") + born).astype("datetime64[D]")
    return np.asarray(month + whole(drawn(city.draws, "founded"), 0, 28, city.people.count) * DAY)


def _entity(city: City, who: Ints, at: Days, founded: Days, state: str, *, old_name: bool = False) -> pl.DataFrame:
    stream = drawn(city.draws, "capital")
    capital = np.round(np.exp(3.2 + 0.7 * city.people.log_size + stream.standard_normal(city.people.count)), 0) + 1
    told = identity(
        city, who, "entity_id", "uscc", "reg_no", "ent_name", "former", "industry", "street", "legal_rep", "phone"
    )
    name = pl.coalesce("former", "ent_name") if old_name else pl.col("ent_name")
    return pl.DataFrame(told).select(
        "entity_id", "uscc", "reg_no", name.alias("ent_name"),
        ent_type=pl.Series(np.where(city.people.is_individual[who], "9500", "1130")),
        industry=pl.col("industry"),
        est_date=pl.Series(founded[who]),
        approved_at=pl.Series(np.maximum(at, founded[who])),
        reg_capital=pl.Series(capital[who]),
        currency=pl.lit("156"),
        street=pl.col("street"),
        legal_rep=pl.col("legal_rep"),
        phone=pl.col("phone"),
        state=pl.lit(state),
        local_admin=pl.lit(f"{city.numbers.world.district}00"),
    ).with_columns(pl.Series(at.astype("datetime64[us]")).alias(AT))  # fmt: skip


def changes(city: City) -> Iterator[pl.DataFrame]:
    """`samr_change`: renamings, changes of the legal representative, the address, the capital, and liquidators."""
    frames = [_renamings(city), _leavings(city)]
    for group in ("legal_rep", "address", "capital"):
        rows = met(city, group)
        frames.append(
            _change(
                city,
                group,
                rows,
                constant(None, len(rows)),
                constant(None, len(rows)),
            )
        )
    every = pl.concat(frames).sort("entity_id", "changed_at", maintain_order=True)
    every = every.with_columns(seq=(pl.int_range(pl.len()).over("entity_id") + 1).cast(pl.Int64))
    yield Post(city, "samr_change").events(every)


def _renamings(city: City) -> pl.DataFrame:
    who = np.flatnonzero(city.register.get_column("former").is_not_null().to_numpy())
    day = city.register.get_column("renamed_on").to_numpy()[who]
    told = identity(city, who, "former", "ent_name")
    return _change(city, "name", Met(who, day), told["former"], told["ent_name"])


def _leavings(city: City) -> pl.DataFrame:
    """A company that ends makes its liquidators public: decided in its last month in business, told some days later."""
    closed, stream = city.history.closed, drawn(city.draws, "leaving")
    who = np.flatnonzero((closed >= 1) & (closed < city.calendar.months) & ~city.people.is_individual)
    decided = city.calendar.first_day(0) + _month_days(city, closed[who] - 1) + whole(stream, 0, 28, len(who)) * DAY
    told = decided + whole(stream, 0, int(signals()["leaving"]["days"]) + 1, len(who)) * DAY
    return _change(city, "leaving", Met(who, told), constant(None, len(who)), constant(None, len(who)))


def _change(city: City, group: str, rows: Met, before: pl.Series, after: pl.Series) -> pl.DataFrame:
    code, name = _CHANGES[group]
    told = identity(city, rows.employer, "entity_id", "uscc")
    return pl.DataFrame(told).select(
        "entity_id", seq=pl.lit(0, pl.Int64), item_code=pl.lit(code), item_name=pl.lit(name), before=before,
        after=after,
        changed_at=pl.Series(rows.day), uscc=pl.col("uscc"),
    ).with_columns(pl.col("changed_at").cast(pl.Datetime("us")).alias(AT))  # fmt: skip


def abnormal(city: City) -> Iterator[pl.DataFrame]:
    """`samr_abnormal`: listed, and some removed later, which is told as a second version of the record."""
    numbers, rows, stream = signals()["abnormal"], met(city, "abnormal"), drawn(city.draws, "abnormal")
    unreachable = uniform(stream, len(rows)) < numbers["unreachable"]
    removed = later(stream, rows.day, numbers["removed_days"])
    stays = (uniform(stream, len(rows)) >= numbers["removed_share"]) | (removed >= city.calendar.ends_on)
    listed = pl.DataFrame({
        "rec_id": numbered("YC", len(rows)), **identity(city, rows.employer, "entity_id", "uscc"),
        "listed_at": rows.day,
        "cause": picked(_CAUSES, np.where(unreachable, 0, whole(stream, 1, 3, len(rows)))),
        "list_org": constant("余杭区市场监督管理局", len(rows)),
    })  # fmt: skip
    gone = pl.Series(unless(stays, removed))
    empty = pl.lit(None, pl.Date).alias("removed_at")
    first = listed.with_columns(
        empty, pl.lit(None, pl.String).alias("remove_cause"), pl.col("listed_at").cast(pl.Datetime("us")).alias(AT)
    )
    second = listed.with_columns(removed_at=gone, remove_cause=pl.lit("列入经营异常名录的情形已消除")).filter(
        pl.col("removed_at").is_not_null()
    )
    second = second.with_columns(pl.col("removed_at").cast(pl.Datetime("us")).alias(AT))
    yield Post(city, "samr_abnormal").events(pl.concat([first, second]))


def burdens(city: City) -> Iterator[pl.DataFrame]:
    """`samr_equity_burden`: freezes, pledges, mortgages."""
    numbers, rows, stream = signals()["burden"], met(city, "burden"), drawn(city.draws, "burden")
    yield Post(city, "samr_equity_burden", may_miss=False).events(pl.DataFrame({
        "rec_no": numbered("GQ", len(rows)),
        "burden_type": picked(["freeze", "pledge", "mortgage"], whole(stream, 0, 3, len(rows))),
        **identity(city, rows.employer, "uscc"),
        "amount": lognormal(stream, numbers["amount_mu"], numbers["amount_sigma"], len(rows)),
        "start_date": rows.day,
        "state": constant("valid", len(rows)),
        AT: rows.day.astype("datetime64[us]"),
    }))  # fmt: skip
