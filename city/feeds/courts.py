"""The court: enforcement, dishonest debtors, judgments not performed, bankruptcies."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from city.building import City
from city.draws import Flags, uniform, whole
from city.feeds.delivery import AT, Post
from city.feeds.telling import (
    Met,
    constant,
    drawn,
    identity,
    later,
    lognormal,
    met,
    names,
    numbered,
    picked,
    seen,
    unless,
)
from city.parameters import signals

_COURT = "杭州市余杭区人民法院"
_CAUSES = ["买卖合同纠纷", "民间借贷纠纷", "建设工程合同纠纷", "租赁合同纠纷", "追索劳动报酬纠纷"]
_WAGE = 4


def _lawsuits(city: City) -> tuple[Met, Flags]:
    """Enforcements, and which of them are for wages: also what becomes of cases that nobody settled."""
    numbers, stream = signals()["award"], drawn(city.draws, "award")
    debts, suits, cases = met(city, "enforcement"), met(city, "wage_suit"), city.history.cases
    found = np.flatnonzero(~np.isnat(cases.discovered) & (uniform(stream, len(cases.employer)) < numbers["share"]))
    awards = seen(city, Met(cases.employer[found], later(stream, cases.discovered[found], numbers["days"])))
    wage = uniform(stream, len(debts)) < signals()["enforcement"]["wage_share"]
    parts = (debts, suits, awards)
    every = Met(np.concatenate([one.employer for one in parts]), np.concatenate([one.day for one in parts]))
    return every, np.concatenate([wage, np.ones(len(suits) + len(awards), bool)])


def enforcement(city: City) -> Iterator[pl.DataFrame]:
    """`court_enforcement`: opened, and some closed, which is told as a second version."""
    numbers, stream, (rows, wage) = signals()["enforcement"], drawn(city.draws, "enforcement"), _lawsuits(city)
    closed = later(stream, rows.day, numbers["closed_days"])
    opened = (uniform(stream, len(rows)) >= numbers["closed_share"]) | (closed >= city.calendar.ends_on)
    target = lognormal(stream, numbers["target_mu"], numbers["target_sigma"], len(rows))
    first = pl.DataFrame({
        "case_no": _case_numbers(rows, "执"), "party": names(city, rows.employer, rows.day),
        "position": constant("executed", len(rows)), **identity(city, rows.employer, "uscc"),
        "state": constant("执行中", len(rows)), "filed_at": rows.day,
        "closed_at": np.full(len(rows), np.datetime64("NaT", "D")), "close_way": constant(None, len(rows)),
        "target": target, "got": np.zeros(len(rows)), "cause": _causes(stream, wage),
        AT: rows.day.astype("datetime64[us]"),
    })  # fmt: skip
    got = pl.Series(np.round(target * uniform(stream, len(rows)).astype(np.float64), 2))
    second = first.with_columns(
        state=pl.lit("已结案"), closed_at=pl.Series(unless(opened, closed)), close_way=pl.lit("执行完毕"), got=got
    ).filter(pl.col("closed_at").is_not_null())
    second = second.with_columns(pl.col("closed_at").cast(pl.Datetime("us")).alias(AT))
    yield Post(city, "court_enforcement").events(pl.concat([first, second]))


def dishonest(city: City) -> Iterator[pl.DataFrame]:
    """`court_dishonest`: some of the enforcements, later."""
    rows, _, stream = _followed(city, "dishonest")
    yield Post(city, "court_dishonest").events(pl.DataFrame({
        "rec_id": numbered("SX", len(rows)), "name": names(city, rows.employer, rows.day),
        **identity(city, rows.employer, "uscc"),
        "court": constant(_COURT, len(rows)), "filed_at": rows.day, "case_no": _case_numbers(rows, "执恢"),
        "perform": picked(["none", "part", "all"], (whole(stream, 0, 20, len(rows)) // 8)), "published_at": rows.day,
        AT: rows.day.astype("datetime64[us]"),
    }))  # fmt: skip


def unperformed(city: City) -> Iterator[pl.DataFrame]:
    """`court_unperformed`: judgments that nobody performed, exposed."""
    rows, wage, stream = _followed(city, "unperformed")
    amount = lognormal(stream, 11.0, 1.2, len(rows))
    yield Post(city, "court_unperformed").events(pl.DataFrame({
        "ent_name": names(city, rows.employer, rows.day), **identity(city, rows.employer, "uscc"),
        "court": constant(_COURT, len(rows)), "case_no": _case_numbers(rows, "民初"),
        "cause": _causes(stream, wage), "due_at": rows.day - whole(stream, 10, 90, len(rows)).astype("timedelta64[D]"),
        "amount": amount, "unpaid": np.round(amount * (0.4 + 0.6 * uniform(stream, len(rows)).astype(np.float64)), 2),
        "exposed_at": rows.day, AT: rows.day.astype("datetime64[us]"),
    }))  # fmt: skip


def bankruptcies(city: City) -> Iterator[pl.DataFrame]:
    """`court_bankruptcy`: of those in arrears of wages, a few."""
    numbers, stream, cases = signals()["bankruptcy"], drawn(city.draws, "bankruptcy"), city.history.cases
    chosen = np.flatnonzero(uniform(stream, len(cases.employer)) < numbers["share"])
    rows = Met(cases.employer[chosen], later(stream, cases.started[chosen], numbers["days"]))
    staff = np.round(cases.amount[chosen].astype(np.float64) * 1.5, 2)
    frame = pl.DataFrame({
        "case_code": _case_numbers(rows, "破"), "ent_name": names(city, rows.employer, rows.day),
        **identity(city, rows.employer, "uscc"), "people": cases.workers[chosen].astype(np.int32),
        "debt_total": np.round(staff * 8, 2), "debt_staff": staff, "debt_bank": np.round(staff * 3, 2),
        "declared_at": rows.day, "notice_at": rows.day, AT: rows.day.astype("datetime64[us]"),
    })  # fmt: skip
    yield Post(city, "court_bankruptcy").events(frame.filter(pl.col("declared_at") >= city.calendar.begins_on))


def _followed(city: City, group: str) -> tuple[Met, Flags, np.random.Generator]:
    numbers, stream, (suits, wage) = signals()[group], drawn(city.draws, group), _lawsuits(city)
    chosen = np.flatnonzero(uniform(stream, len(suits)) < numbers["share"])
    day = later(stream, suits.day[chosen], numbers["days"])
    within = day < city.calendar.ends_on
    return Met(suits.employer[chosen][within], day[within]), wage[chosen][within], stream


def _causes(stream: np.random.Generator, wage: Flags) -> pl.Series:
    return picked(_CAUSES, np.where(wage, _WAGE, whole(stream, 0, _WAGE, len(wage))))


def _case_numbers(rows: Met, kind: str) -> pl.Series:
    years = pl.Series(rows.day).dt.year().cast(pl.String)
    return pl.select(
        pl.lit("(")
        + years
        + pl.lit(f")浙0110{kind}")
        + pl.int_range(1, len(rows) + 1, eager=True).cast(pl.String)
        + "号"
    ).to_series()
