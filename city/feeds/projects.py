"""Construction projects: who builds them, their special accounts, the money that goes in and the wages that go out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from city.building import City
from city.draws import Days, Floats, Ints, normal, uniform, whole
from city.feeds.delivery import AT, Post
from city.feeds.telling import constant, drawn, identity, moments, numbered, picked
from city.months import DAY
from city.register import words

_SUBS = 3
_WAGE, _FEE = 0, 1


@dataclass(frozen=True)
class Sites:
    """Projects, one a row: general contractor, owner, subcontractors (n, 3), start, months, workers."""

    contractor: Ints
    owner: Ints
    subs: Ints
    starts: Ints
    months: Ints
    workers: Ints

    def __len__(self) -> int:
        return len(self.contractor)


def sites(city: City) -> Sites:
    """The projects of the district, pro rata to its size; contractors are its larger building firms."""
    world, people, stream = city.numbers.world, city.people, drawn(city.draws, "sites")
    count = max(round(world.projects * people.count / world.reference_employers), 1)
    building = np.array([one.group == "construction" for one in city.economy.industries])[people.industry]
    firms = np.flatnonzero(building & (people.born < 0))
    firms = firms if len(firms) >= 4 else np.arange(min(people.count, 8))
    large = firms[np.argsort(-people.workers[firms], kind="stable")][: max(count // 2, 2)]
    months = whole(stream, 10, 31, count)
    return Sites(
        contractor=large[whole(stream, 0, len(large), count)],
        owner=whole(stream, 0, people.count, count),
        subs=firms[whole(stream, 0, len(firms), count * _SUBS)].reshape(count, _SUBS),
        starts=whole(stream, -18, max(city.calendar.months - 4, 1), count),
        months=months,
        workers=np.maximum(np.exp(3.4 + 0.8 * normal(stream, count)), 5).astype(np.int64),
    )


def project_codes(count: int) -> pl.Series:
    """The codes of the projects, in order."""
    return numbered("3301102201", count, 6)


def day_of(city: City, month: Ints, shift: int = 0) -> Days:
    """A day of those months."""
    first = (np.datetime64(city.calendar.begins_on, "M") + month).astype("datetime64[D]")
    return np.asarray(first + shift * DAY)


def projects(city: City) -> Iterator[pl.DataFrame]:
    """`hc_project`: when they begin, and again when they are finished."""
    told, stream = sites(city), drawn(city.draws, "projects")
    starts, ends = day_of(city, told.starts, 4), day_of(city, told.starts + told.months, 20)
    contractor, owner = (identity(city, who, "uscc", "ent_name") for who in (told.contractor, told.owner))
    first = pl.DataFrame({
        "project_code": project_codes(len(told)), "name": _project_names(city, told),
        "category": pl.Series(["01"] * len(told)),
        "state": pl.Series(["在建"] * len(told)), "division": identity(city, told.contractor, "street")["street"],
        "owner_uscc": owner["uscc"], "owner_name": owner["ent_name"], "gc_uscc": contractor["uscc"],
        "gc_name": contractor["ent_name"],
        "invest": np.round(told.workers * told.months * 1.6, 2), "start_date": starts,
        "complete_date": np.full(len(told), np.datetime64("NaT", "D")), "gov_invest": uniform(stream, len(told)) < 0.35,
        "pay_guarantee": uniform(stream, len(told)) < 0.8,
        AT: np.maximum(starts, city.calendar.first_day(0)).astype("datetime64[us]"),
    })  # fmt: skip
    done = first.with_columns(
        state=pl.lit("完工"), complete_date=pl.Series(ends), **{AT: pl.Series(ends).cast(pl.Datetime("us"))}
    )
    done = done.filter(pl.Series(ends < city.calendar.ends_on))
    yield Post(city, "hc_project", code="gc_uscc", may_miss=False).events(pl.concat([first, done]))


def _project_names(city: City, told: Sites) -> pl.Series:
    street = identity(city, told.contractor, "street")["street"]
    return pl.select(
        pl.lit("余政储出地块") + street.str.slice(6) + pl.lit("-") + project_codes(len(told)).str.slice(-4) + "项目"
    ).to_series()


def corporations(city: City) -> Iterator[pl.DataFrame]:
    """`hc_project_corp`: the general contractor and the subcontractors of labour."""
    told = sites(city)
    who = np.column_stack([told.contractor, told.subs]).ravel()
    project = np.repeat(np.arange(len(told)), _SUBS + 1)
    entry = np.maximum(day_of(city, told.starts, 10), city.calendar.first_day(0))[project].astype("datetime64[us]")
    code, told_names = identity(city, who, "uscc"), identity(city, who, "ent_name")
    frame = pl.DataFrame({
        "project_code": project_codes(len(told)).gather(project), "corp_uscc": code["uscc"],
        "corp_name": told_names["ent_name"],
        "corp_role": picked(["总包", "劳务分包", "专业分包", "劳务分包"], np.tile(np.arange(_SUBS + 1), len(told))),
        "entry_at": pl.Series(entry).dt.replace_time_zone("UTC"), AT: entry,
    }).unique(["project_code", "corp_uscc"], keep="first", maintain_order=True)  # fmt: skip
    yield Post(city, "hc_project_corp", code="corp_uscc", may_miss=False).events(frame)


def accounts(city: City) -> Iterator[pl.DataFrame]:
    """`bk_special_account`: one a project, at one of the banks."""
    told, stream, banks = sites(city), drawn(city.draws, "accounts"), words()["banks"][: city.numbers.world.banks]
    signed = day_of(city, told.starts, 1)
    opened = signed + whole(stream, 5, 45, len(told)) * DAY
    filed = opened + whole(stream, 3, 40, len(told)) * DAY
    told_names = identity(city, told.contractor, "uscc", "ent_name")
    yield Post(city, "bk_special_account", code="gc_uscc", may_miss=False).events(pl.DataFrame({
        "account_no": numbered("6228", len(told), 12),
        "account_name": _account_names(told_names["ent_name"], _project_names(city, told)),
        "project_code": project_codes(len(told)), "gc_uscc": told_names["uscc"],
        "bank_name": picked(banks, whole(stream, 0, len(banks), len(told))), "contract_signed": signed,
        "opened_at": opened,
        "filed_at": filed, AT: np.maximum(filed, city.calendar.first_day(0)).astype("datetime64[us]"),
    }))  # fmt: skip


def _account_names(contractor: pl.Series, project: pl.Series) -> pl.Series:
    return pl.select(contractor + project + "农民工工资专用账户").to_series()


@dataclass(frozen=True)
class Pay:
    """What a project's workers were due in a month and how much of it came, by project index."""

    project: Ints
    workers: Ints
    due: Floats
    fee_share: Floats
    paid_share: Floats


def pay(city: City, told: Sites, month: int) -> Pay:
    """Under stress of the contractor the labour fee comes short; in arrears wages do, too."""
    stream = city.draws.of("project pay", month)
    project = np.flatnonzero((told.starts <= month) & (month < told.starts + told.months))
    stress = city.history.stress[month, told.contractor[project]]
    owes = np.isin(told.contractor[project], _owing(city, month))
    short = uniform(stream, len(project)) < 0.02 + 0.25 * np.clip(stress - 1.2, 0, 2) + 0.5 * owes
    fee = np.where(short, 0.6 * uniform(stream, len(project)), 1.0 + 0.1 * uniform(stream, len(project)))
    paid = np.where(short & (uniform(stream, len(project)) < 0.4 + 0.5 * owes), np.minimum(fee + 0.2, 1.0), 1.0)
    workers = np.maximum(told.workers[project] * (0.8 + 0.4 * uniform(stream, len(project))), 2).astype(np.int64)
    return Pay(project, workers, np.round(workers * city.wages[told.contractor[project]], 2), fee, paid)


def _owing(city: City, month: int) -> Ints:
    cases, first = city.history.cases, city.calendar.first_day(month)
    return np.unique(cases.employer[(cases.started < city.calendar.first_day(month + 1)) & (cases.settled >= first)])


def flows(city: City) -> Iterator[pl.DataFrame]:
    """`bk_account_flow`: the labour fee in, the wages out, once a month."""
    told, post, number = sites(city), Post(city, "bk_account_flow", code=None), numbered("6228", len(sites(city)), 12)
    for month in range(city.calendar.months):
        paid, stream = pay(city, told, month), city.draws.of("flows", month)
        count, last = len(paid.project), city.calendar.first_day(month + 1)
        day = np.concatenate([last - whole(stream, 4, 12, count) * DAY, last - whole(stream, 1, 4, count) * DAY])
        moment = moments(day, stream)
        came, went = np.round(paid.due * paid.fee_share, 2), np.round(paid.due * paid.paid_share, 2)
        yield post.events(pl.DataFrame({
            "account_no": pl.concat([number.gather(paid.project)] * 2), "txn_id": numbered(f"T{month:03d}", 2 * count),
            "txn_at": pl.Series(moment).dt.replace_time_zone("UTC"),
            "direction": pl.Series(["in"] * count + ["out"] * count, dtype=pl.String),
            "amount": np.concatenate([came, went]).astype(np.float64) + 1,
            "purpose": pl.Series(["labour fee in"] * count + ["wage out"] * count, dtype=pl.String),
            "payee_is_worker": np.r_[np.zeros(count, bool), np.ones(count, bool)],
            "balance": np.concatenate([came, np.maximum(came - went, 0)]).astype(np.float64), AT: moment,
        }))  # fmt: skip


def payrolls(city: City) -> Iterator[pl.DataFrame]:
    """`hc_payroll`: one a project and month."""
    told, post, code = (
        sites(city),
        Post(city, "hc_payroll", code="corp_uscc", may_miss=False),
        project_codes(len(sites(city))),
    )
    for month in range(city.calendar.months):
        paid, stream = pay(city, told, month), city.draws.of("payrolls", month)
        count, due = len(paid.project), paid.due.astype(np.float64)
        yield post.month(pl.DataFrame({
            "payroll_no": numbered(f"GZ{month:03d}", count), "project_code": code.gather(paid.project),
            "corp_uscc": identity(city, told.subs[paid.project, 0], "uscc")["uscc"],
            "pay_month": constant(city.calendar.text(month), count), "worker_cnt": paid.workers.astype(np.int32),
            "payable_total": due, "actual_total": np.round(due * paid.paid_share, 2),
            "signed_cnt": (paid.workers * np.where(uniform(stream, count) < 0.1, 0.85, 1.0)).astype(np.int32),
        }), month)  # fmt: skip
