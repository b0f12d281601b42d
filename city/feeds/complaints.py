"""Claims for wages by the channel they take, and what the labour inspection makes of them."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from city.building import City
from city.draws import Days, Flags, Floats, Ints, Money, uniform, whole
from city.feeds.delivery import AT, Post
from city.feeds.telling import Met, constant, drawn, identity, later, met, moments, names, numbered, picked
from city.months import DAY
from city.parameters import signals
from city.population import NOBODY

_CHANNELS = ["12345", "12333", "app", "mayor mail"]
_SOURCES = ["complaint", "alert", "patrol"]


class Channel:
    """The claims of one channel within the window: who, when, how many people, how much money."""

    def __init__(self, city: City, channel: str) -> None:
        told, place = city.claims, list(city.numbers.claims.channels).index(channel)
        first, end = city.calendar.first_day(0), city.calendar.ends_on
        rows = np.flatnonzero((told.channel == place) & (told.day >= first) & (told.day < end))
        rows = rows[np.argsort(told.day[rows], kind="stable")]
        self.who, self.day, self.case = told.employer[rows], told.day[rows], told.case[rows]
        self.people: Ints = told.people[rows].astype(np.int32)
        self.amount: Money = told.amount[rows].astype(np.float64).round(2)
        self.stream = drawn(city.draws, channel)
        self.moment = moments(self.day, self.stream)

    def __len__(self) -> int:
        return len(self.who)

    @property
    def at(self) -> pl.Series:
        """The moments, as times in UTC."""
        return pl.Series(self.moment).dt.replace_time_zone("UTC")


def tickets(city: City) -> Iterator[pl.DataFrame]:
    """`gov_ticket`: the hotline; a tenth of the wage calls are filed as something else."""
    rows = Channel(city, "ticket")
    yield Post(city, "gov_ticket").events(pl.DataFrame({
        "ticket_no": numbered("GD", len(rows)), "channel": picked(_CHANNELS, whole(rows.stream, 0, 4, len(rows))),
        "received_at": rows.at, "division": identity(city, rows.who, "street")["street"],
        "employer": names(city, rows.who, rows.day), **identity(city, rows.who, "uscc"),
        "people_cnt": rows.people, "claim_amount": rows.amount, "is_wage": uniform(rows.stream, len(rows)) > 0.1,
        AT: rows.moment,
    }))  # fmt: skip


def clues(city: City) -> Iterator[pl.DataFrame]:
    """`hrss_clue`: the national platform. The code of who is liable is often not yet known."""
    rows = Channel(city, "clue")
    code = identity(city, rows.who, "uscc")["uscc"]
    known = pl.Series(uniform(rows.stream, len(rows)) < 0.85)
    construction = np.array([one.group == "construction" for one in city.economy.industries])[
        city.people.industry[rows.who]
    ]
    since = rows.day - whole(rows.stream, 30, 120, len(rows)) * DAY
    yield Post(city, "hrss_clue", code="duty_uscc").events(pl.DataFrame({
        "clue_no": numbered("XS", len(rows)), "source": constant("扫码", len(rows)), "registered_at": rows.at,
        "sector": picked(["2", "1"], construction.astype(np.int64)), "target_name": names(city, rows.who, rows.day),
        "division": identity(city, rows.who, "street")["street"], "arrears_people": rows.people,
        "arrears_money": np.maximum(rows.amount, 1), "arrears_from": since, "arrears_to": rows.day,
        "duty_uscc": code, AT: rows.moment,
    }).with_columns(duty_uscc=pl.when(known).then("duty_uscc")))  # fmt: skip


def arbitrations(city: City) -> Iterator[pl.DataFrame]:
    """`hrss_arbitration`: accepted, and closed within some weeks, which is told as a second version."""
    rows = Channel(city, "arbitration")
    closed = later(rows.stream, rows.day, 50, 0.3)
    first = pl.DataFrame({
        "case_no": numbered("余劳人仲案", len(rows)), "respondent": names(city, rows.who, rows.day),
        **identity(city, rows.who, "uscc"), "worker_num": rows.people, "close_amount": np.full(len(rows), np.nan),
        "close_date": np.full(len(rows), np.datetime64("NaT", "D")), "accept_date": rows.day,
        AT: rows.day.astype("datetime64[us]"),
    }).with_columns(close_amount=pl.lit(None, pl.Float64))  # fmt: skip
    second = first.with_columns(close_date=pl.Series(closed), close_amount=pl.Series(rows.amount))
    second = second.with_columns(pl.col("close_date").cast(pl.Datetime("us")).alias(AT))
    yield Post(city, "hrss_arbitration").events(pl.concat([first, second]))


def petitions(city: City) -> Iterator[pl.DataFrame]:
    """`gov_petition`: names only, no code."""
    rows = Channel(city, "petition")
    yield Post(city, "gov_petition", code=None).events(pl.DataFrame({
        "petition_no": numbered("XF", len(rows)), "received_at": rows.day,
        "form": picked(["letter", "visit", "online", "call"], whole(rows.stream, 0, 4, len(rows))),
        "people_cnt": rows.people,
        "employer": names(city, rows.who, rows.day), "accepted_at": rows.day + 7 * DAY, "due_at": rows.day + 67 * DAY,
        AT: (rows.day + 7 * DAY).astype("datetime64[us]"),
    }))  # fmt: skip


def police_calls(city: City) -> Iterator[pl.DataFrame]:
    """`ps_wage_incident`: disputes and gatherings; in some cases of arrears the boss is gone."""
    rows, cases = Channel(city, "police"), city.history.cases
    stream = drawn(city.draws, "boss lost")
    gone = np.flatnonzero(uniform(stream, len(cases.employer)) < signals()["police_lost"]["share"])
    day = later(stream, cases.started[gone], 25)
    within = (day >= city.calendar.first_day(0)) & (day < city.calendar.ends_on)
    who = np.concatenate([rows.who, cases.employer[gone][within]])
    when, people = (
        np.concatenate([rows.day, day[within]]),
        np.concatenate([rows.people, cases.workers[gone][within].astype(np.int32)]),
    )
    kind = np.concatenate([np.where(rows.people >= 10, 1, 0), np.full(int(within.sum()), 2)])
    moment = moments(when, stream)
    yield Post(city, "ps_wage_incident").events(pl.DataFrame({
        "incident_no": numbered("JQ", len(who)),
        "division": identity(city, who, "street")["street"], "employer": names(city, who, when),
        **identity(city, who, "uscc"),
        "people_cnt": people, "kind": picked(["dispute", "gathering", "boss lost"], kind),
        "handed_over": uniform(stream, len(who)) < 0.6, AT: moment,
    }))  # fmt: skip


def inspection_cases(city: City) -> Iterator[pl.DataFrame]:
    """`hrss_inspection_case`: discovered arrears, and claims behind which there were none."""
    found, unfounded = _found_cases(city), _unfounded_cases(city)
    yield Post(city, "hrss_inspection_case").events(pl.concat([found, unfounded]))


def _found_cases(city: City) -> pl.DataFrame:
    cases, calendar = city.history.cases, city.calendar
    rows = np.flatnonzero((cases.discovered >= calendar.first_day(0)) & (cases.discovered < calendar.ends_on))
    told = cases.at(rows)
    complained = ~np.isnat(told.complained)
    source = picked(_SOURCES, np.where(complained, 0, np.where(told.route == 1, 1, 2)))
    first = _case(city, "LA", Met(told.employer, told.discovered), source, told.complained).with_columns(
        worker_count=pl.Series(told.workers.astype(np.int32)),
        arrears_amount=pl.Series(told.amount.astype(np.float64).round(2)),
        arrears_from=pl.Series(told.started).dt.strftime("%Y-%m"),
        arrears_to=pl.Series(told.discovered).dt.strftime("%Y-%m"),
    )  # fmt: skip
    settled = pl.Series(told.settled)
    second = first.with_columns(close_date=settled, paid_amount=pl.col("arrears_amount")).with_columns(
        pl.col("close_date").cast(pl.Datetime("us")).alias(AT))  # fmt: skip
    return pl.concat([first, second])


def _unfounded_cases(city: City) -> pl.DataFrame:
    told, stream = city.claims, drawn(city.draws, "unfounded")
    chosen = (told.case == NOBODY) & (uniform(stream, len(told.day)) < city.numbers.claims.unfounded_cases)
    rows = np.flatnonzero(chosen)
    filed = told.day[rows] + whole(stream, 3, 14, len(rows)) * DAY
    within = filed < city.calendar.ends_on
    rows, filed = rows[within], filed[within]
    first = _case(city, "LB", Met(told.employer[rows], filed), constant("complaint", len(rows)), told.day[rows])
    first = first.with_columns(worker_count=pl.Series(told.people[rows].astype(np.int32)), arrears_amount=pl.lit(0.0))
    second = first.with_columns(close_date=pl.Series(later(stream, filed, 30)), paid_amount=pl.lit(0.0))
    second = second.with_columns(pl.col("close_date").cast(pl.Datetime("us")).alias(AT))
    return pl.concat([first, second])


def _case(city: City, prefix: str, filed: Met, source: pl.Series, complained: Days) -> pl.DataFrame:
    who, count = filed.employer, len(filed)
    return pl.DataFrame({
        "case_no": numbered(prefix, count), "case_source": source, **identity(city, who, "uscc"),
        "employer_name": names(city, who, filed.day),
        "complaint_at": pl.Series(complained.astype("datetime64[us]")).dt.replace_time_zone("UTC"),
        "accept_decision": constant("accepted", count), "accept_date": filed.day, "filing_date": filed.day,
    }).with_columns(
        worker_count=pl.lit(None, pl.Int32), arrears_amount=pl.lit(None, pl.Float64),
        arrears_from=pl.lit(None, pl.String),
        arrears_to=pl.lit(None, pl.String), paid_amount=pl.lit(None, pl.Float64), close_date=pl.lit(None, pl.Date),
    ).with_columns(pl.col("filing_date").cast(pl.Datetime("us")).alias(AT))  # fmt: skip


def _later_of_cases(city: City, group: str) -> tuple[Met, Floats]:
    """Of the discovered cases a share, some days after; with the amounts."""
    numbers, stream, cases = signals()[group], drawn(city.draws, group), city.history.cases
    chosen: Flags = ~np.isnat(cases.discovered) & (uniform(stream, len(cases.employer)) < numbers["share"])
    rows = np.flatnonzero(chosen)
    day = later(stream, cases.discovered[rows], numbers["days"])
    within = (day >= city.calendar.first_day(0)) & (day < city.calendar.ends_on)
    return Met(cases.employer[rows][within], day[within]), cases.amount[rows][within]


def penalties(city: City) -> Iterator[pl.DataFrame]:
    """`hrss_labor_penalty`: of some discovered cases, and of other breaches."""
    rows, amount = _later_of_cases(city, "penalty")
    other = met(city, "labour_penalty")
    rows = Met(np.concatenate([rows.employer, other.employer]), np.concatenate([rows.day, other.day]))
    amount = np.concatenate([amount, np.zeros(len(other), np.float32)])
    yield Post(city, "hrss_labor_penalty").events(pl.DataFrame({
        "ent_name": names(city, rows.employer, rows.day), **identity(city, rows.employer, "uscc"),
        "doc_no": numbered("余人社监罚字", len(rows)), "close_date": rows.day,
        "agency": constant("余杭区人力资源和社会保障局", len(rows)),
        "fine_amount": np.clip(np.round(amount.astype(np.float64) * 0.05, 2), 2000, 20000),
        AT: rows.day.astype("datetime64[us]"),
    }))  # fmt: skip


def listings(city: City) -> Iterator[pl.DataFrame]:
    """`hrss_arrears_list`: the joint-discipline list, for three years."""
    rows, _ = _later_of_cases(city, "arrears_list")
    frame = pl.DataFrame({
        "subject_name": names(city, rows.employer, rows.day), **identity(city, rows.employer, "uscc"),
        "listed_at": rows.day,
        AT: rows.day.astype("datetime64[us]"),
    }).select(
        "subject_name", "uscc", "listed_at", expected_exit=pl.col("listed_at").dt.offset_by("3y"),
        agency=pl.lit("余杭区人力资源和社会保障局"), doc_no=numbered("余人社列字", len(rows)),
        cause=pl.lit("拖欠农民工工资，责令限期支付逾期未支付"),
        basis=pl.lit("人社部令第45号第五条"), list_name=pl.lit("拖欠农民工工资失信联合惩戒对象名单"),
        party_role=pl.lit("unit"),
        **{AT: pl.col(AT)},
    )  # fmt: skip
    yield Post(city, "hrss_arrears_list", may_miss=False).events(frame)
