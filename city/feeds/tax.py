"""Taxation and social insurance, month by month."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from city.building import City
from city.draws import Floats, Ints, logistic, normal, uniform
from city.feeds.delivery import Post
from city.feeds.telling import constant, distress, drawn, identity, names, picked
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
    for month in range(city.calendar.months):
        who = active(city, month, "tax")
        yield post.month(_status(city, month, who, level[who], grade), month)


def _status(city: City, month: int, who: Ints, level: Floats, grade: Ints) -> pl.DataFrame:
    numbers, stream = signals()["tax"], city.draws.of("tax status", month)
    stress = city.history.stress[month, who]
    abnormal = city.behind["tax"][month, who] >= numbers["abnormal_after"]
    undeclared = uniform(stream, len(who)) < logistic(numbers["undeclared"] + numbers["undeclared_stress"] * stress)
    sales = level - numbers["band_fall"] * np.maximum(stress, -2) - distress(city, "tax", month)[who]
    band = numbers["bands"] * (sales + numbers["band_noise"] * normal(stream, len(who)))
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


def _grades(city: City) -> Ints:
    numbers, chance = signals()["tax"], uniform(drawn(city.draws, "tax grade"), city.people.count)
    best, good = numbers["grades_A"], numbers["grades_A"] + numbers["grades_B"]
    return np.where(chance < best, 0, np.where(chance < good, 1, np.where(chance < 0.93, 2, 3))).astype(np.int64)


def headcounts(city: City) -> "Headcounts":
    """How many each employer insures, as it goes down under stress."""
    return Headcounts(city)


class Headcounts:
    """Insured workers month by month; nobody but `at` looks at more than one month."""

    def __init__(self, city: City) -> None:
        self._city, self._numbers = city, signals()["headcount"]
        noise = normal(drawn(city.draws, "insured"), city.people.count)
        self._base = np.maximum(city.people.workers * np.clip(self._numbers["insured_share"] + 0.15 * noise, 0.1, 1), 1)
        self.before = np.round(self._base).astype(np.int64)

    def at(self, month: int) -> Ints:
        """Insured workers of everybody at the end of a month, shape (count,)."""
        numbers, stress = self._numbers, self._city.history.stress[month]
        crisis = np.maximum(stress - numbers["crisis_from"], 0)
        stream = self._city.draws.of("insured", month)
        fall = numbers["fall"] * stress + numbers["crisis_fall"] * crisis + distress(self._city, "headcount", month)
        told = np.round(self._base * np.exp(-fall + numbers["noise"] * normal(stream, self._city.people.count)))
        nobody = (stress > numbers["zero_from"]) & (uniform(stream, self._city.people.count) < numbers["zero_share"])
        return np.where(nobody, 0, np.maximum(told, 1)).astype(np.int64)


def insured(city: City) -> Iterator[pl.DataFrame]:
    """`hrss_insured_headcount`: everybody with an insurance account, one row a month."""
    post, counts = Post(city, "hrss_insured_headcount", may_miss=False), Headcounts(city)
    before = counts.before
    for month in range(city.calendar.months):
        now, who = counts.at(month), active(city, month, "social")
        change, count = now[who] - before[who], now[who].astype(np.int32)
        last = np.full(len(who), city.calendar.first_day(month + 1))
        churn = city.draws.of("churn", month).poisson(0.02 * np.maximum(count, 1))
        yield post.month(pl.DataFrame({
            **identity(city, who, "uscc"), "ent_name": names(city, who, last),
            "period": constant(city.calendar.text(month), len(who)),
            "pension_payers": count, "unemp_payers": count, "injury_insured": count,
            "added_cnt": (np.maximum(change, 0) + churn).astype(np.int32),
            "reduced_cnt": (np.maximum(-change, 0) + churn).astype(np.int32),
        }), month)  # fmt: skip
        before = now


def social_fees(city: City) -> Iterator[pl.DataFrame]:
    """`tax_social_fee`: what was due and what was paid, one row a month."""
    post, counts, numbers = Post(city, "tax_social_fee", may_miss=False), Headcounts(city), signals()["social"]
    for month in range(city.calendar.months):
        who, now = active(city, month, "social"), counts.at(month)
        late = city.behind["social"][month, who].astype(np.int32)
        partly = uniform(city.draws.of("social partly", month), len(who))
        payable = np.round(np.maximum(now[who], 1) * numbers["base"] * numbers["rate"], 2)
        share = np.where(late == 0, 1.0, np.where(partly < numbers["partly_share"], 0.5, 0.0))
        paid = np.round(payable * share, 2)
        since = city.calendar.first_day(month + 1) - late * 30 * DAY
        yield post.month(pl.DataFrame({
            **identity(city, who, "uscc"), "period": constant(city.calendar.text(month), len(who)),
            "payable": payable, "paid": paid, "arrears": np.round(payable - paid, 2), "arrears_months": late,
            "overdue_from": np.where(late > 0, since, np.datetime64("NaT", "D")),
            "late_fee": np.round((payable - paid) * late * 30 * numbers["daily_late_fee"], 2),
            "ordered": late >= numbers["ordered_after_months"],
        }), month)  # fmt: skip
