"""Taxation and social insurance, month by month."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from city.building import City
from city.draws import Floats, Ints, logistic, normal, uniform, whole
from city.feeds.channels import changes
from city.feeds.delivery import Post
from city.feeds.telling import constant, drawn, identity, names, picked
from city.months import DAY
from city.parameters import feeds, signals

_VAT, _INCOME = "增值税", "企业所得税"


def active(city: City, month: int, account: str) -> Ints:
    """Who is in business and has that account in that month."""
    return np.flatnonzero(city.history.is_alive(month, city.people) & city.people.accounts[account])


def tax_dues(city: City) -> Floats:
    """What each owes the tax office a month, CNY."""
    numbers = signals()["tax"]
    noise = np.exp(numbers["sigma"] * normal(drawn(city.draws, "tax dues"), city.people.count))
    return np.asarray(numbers["per_worker"] * np.maximum(city.people.workers, 1) * noise, np.float32)


def arrears(city: City) -> Iterator[pl.DataFrame]:
    """`tax_arrears`: those behind only, one row a month."""
    post, dues, numbers = Post(city, "tax_arrears"), tax_dues(city), signals()["tax"]
    is_vat = uniform(drawn(city.draws, "tax kind"), city.people.count) < numbers["vat_share"]
    for month in range(city.calendar.months):
        who = np.flatnonzero(city.behind["tax"][month] > 0)
        stream, last = city.draws.of("tax arrears", month), city.calendar.first_day(month + 1)
        told = identity(city, who, "uscc", "legal_rep")
        owed = dues[who] * city.behind["tax"][month, who] * np.exp(0.2 * normal(stream, len(who)))
        yield post.month(pl.DataFrame({
            "taxpayer": names(city, who, np.full(len(who), last)), "taxpayer_no": told["uscc"], "uscc": told["uscc"],
            "principal": told["legal_rep"], "tax_kind": picked([_INCOME, _VAT], is_vat[who].astype(np.int64)),
            "balance": np.round(owed.astype(np.float64), 2) + 1,
            "authority": constant("余杭区税务局", len(who)),
            "as_of": constant(city.calendar.text(month), len(who)),
            "stat_at": pl.Series(np.full(len(who), last.astype("datetime64[us]"))).dt.replace_time_zone("UTC"),
        }), month)  # fmt: skip


def status(city: City) -> Iterator[pl.DataFrame]:
    """`tax_status`: everybody who is taxed, one row a month."""
    post, grade = Post(city, "tax_status", may_miss=False), _grades(city)
    level = np.log(tax_dues(city))
    for month, change in enumerate(changes(city, "sales")):
        who = active(city, month, "tax")
        yield post.month(_status(city, month, who, (level + change)[who], grade), month)


def _status(city: City, month: int, who: Ints, sales: Floats, grade: Ints) -> pl.DataFrame:
    numbers, stream = signals()["tax"], city.draws.of("tax status", month)
    abnormal = city.behind["tax"][month, who] >= numbers["abnormal_after"]
    undeclared = (uniform(stream, city.people.count) < undeclared_chance(city, month))[who]
    band = numbers["bands"] * sales
    wrong = uniform(stream, len(who)) < feeds().contradiction
    return pl.DataFrame({
        **identity(city, who, "uscc"),
        "period": constant(city.calendar.text(month), len(who)),
        "taxpayer_state": picked(["normal", "abnormal", "suspended"], np.where(abnormal, 1, np.where(wrong, 2, 0))),
        "declared": ~(undeclared | abnormal),
        "sales_band": np.maximum(np.round(band), 0).astype(np.int32),
        "invoice_stopped": abnormal,
        "credit_grade": picked(["A", "B", "M", "C", "D"], np.where(abnormal, 4, grade[who])),
    })  # fmt: skip


def undeclared_chance(city: City, month: int) -> Floats:
    """Who hands in no return in time: the strained, and those who are late with everything, shape (count,)."""
    numbers, stress = signals()["tax"], np.clip(city.history.stress[month], -3, 5)
    habit = numbers["undeclared_temperament"] * city.people.temperament
    return logistic(np.asarray(numbers["undeclared"] + numbers["undeclared_stress"] * stress + habit, np.float32))


def _grades(city: City) -> Ints:
    """Grades A, B, M, C as places: who is late by habit is seldom well graded."""
    numbers, chance = signals()["tax"], uniform(drawn(city.draws, "tax grade"), city.people.count)
    chance = chance + numbers["grades_temperament"] * city.people.temperament
    edges = np.cumsum([numbers["grades_A"], numbers["grades_B"], numbers["grades_M"]])
    return np.searchsorted(edges, chance).astype(np.int64)


class Headcounts:
    """Insured workers month by month, asked for in their order."""

    def __init__(self, city: City) -> None:
        self._city, self._numbers = city, signals()["headcount"]
        noise = normal(drawn(city.draws, "insured"), city.people.count)
        self._base = np.maximum(city.people.workers * np.clip(self._numbers["insured_share"] + 0.15 * noise, 0.1, 1), 1)
        self._changes = changes(city, "headcount")
        self.before = np.round(self._base).astype(np.int64)

    def at(self, month: int) -> Ints:
        """Insured workers of everybody at the end of a month, shape (count,)."""
        told = np.round(self._base * np.exp(next(self._changes)))
        deep, stream = (
            self._city.history.stress[month] > self._numbers["zero_from"],
            self._city.draws.of("insured", month),
        )
        nobody = deep & (uniform(stream, self._city.people.count) < self._numbers["zero_share"])
        return np.where(nobody, 0, np.maximum(told, 1)).astype(np.int64)


def insured(city: City) -> Iterator[pl.DataFrame]:
    """`hrss_insured_headcount`: everybody with an insurance account, one row a month."""
    post, counts = Post(city, "hrss_insured_headcount", may_miss=False), Headcounts(city)
    before = counts.before
    for month in range(city.calendar.months):
        now, who = counts.at(month), active(city, month, "social")
        change, count = now[who] - before[who], now[who].astype(np.int32)
        last = np.full(len(who), city.calendar.first_day(month + 1))
        churn = city.draws.of("churn", month).poisson(_leavers(city, month)[who] * np.maximum(count, 1))
        yield post.month(pl.DataFrame({
            **identity(city, who, "uscc"), "ent_name": names(city, who, last),
            "period": constant(city.calendar.text(month), len(who)),
            "pension_payers": count, "unemp_payers": count, "injury_insured": count,
            "added_cnt": (np.maximum(change, 0) + churn).astype(np.int32),
            "reduced_cnt": (np.maximum(-change, 0) + churn).astype(np.int32),
        }), month)  # fmt: skip
        before = now


def _leavers(city: City, month: int) -> Floats:
    """The share of the staff that leaves and is replaced: more where wages come late."""
    numbers, late = signals()["headcount"], city.history.late[month]
    rate = numbers["churn"] * np.exp(numbers["churn_temperament"] * city.people.temperament)
    return np.asarray(rate + numbers["churn_near"] * late, np.float32)


def social_fees(city: City) -> Iterator[pl.DataFrame]:
    """`tax_social_fee`: what was due and what was paid, one row a month."""
    post, counts, numbers = Post(city, "tax_social_fee", may_miss=False), Headcounts(city), signals()["social"]
    for month in range(city.calendar.months):
        who, now = active(city, month, "social"), counts.at(month)
        late = city.behind["social"][month, who].astype(np.int32)
        partly = uniform(city.draws.of("social partly", month), len(who))
        overdue = np.where(late > 0, late * 30, social_days_late(city, month)[who])
        payable = np.round(np.maximum(now[who], 1) * numbers["base"] * numbers["rate"], 2)
        share = np.where(late == 0, 1.0, np.where(partly < numbers["partly_share"], 0.5, 0.0))
        paid = np.round(payable * share, 2)
        since = city.calendar.first_day(month + 1) - late * 30 * DAY
        yield post.month(pl.DataFrame({
            **identity(city, who, "uscc"), "period": constant(city.calendar.text(month), len(who)),
            "payable": payable, "paid": paid, "arrears": np.round(payable - paid, 2), "arrears_months": late,
            "overdue_from": np.where(late > 0, since, np.datetime64("NaT", "D")),
            "late_fee": np.round(np.where(late > 0, payable - paid, payable) * overdue * numbers["daily_late_fee"], 2),
            "ordered": late >= numbers["ordered_after_months"],
        }), month)  # fmt: skip


def social_days_late(city: City, month: int) -> Ints:
    """By how many days each paid his contributions late, though he paid: a habit. Shape (count,)."""
    numbers, stream = signals()["social"], city.draws.of("social days late", month)
    habit = np.asarray(numbers["days_late"] + numbers["days_late_temperament"] * city.people.temperament, np.float32)
    is_late = uniform(stream, city.people.count) < logistic(habit)
    return is_late * whole(stream, 3, 25, city.people.count)
