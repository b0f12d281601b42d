"""What each source alone foretells of a city's arrears, what all together do, and what the truth itself would."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from city.check.figures import auc, average_precision, logistic_fit, logistic_score, some
from city.check.reading import Bills, Directory
from city.draws import Flags, Floats, Ints
from city.parameters import Check

_TARGET_DAYS = 60


@dataclass
class Snapshot:
    """Those at risk at one month's end: `who` (n,), whether arrears start and whether a claim comes within 60 days."""

    month: int
    day: int
    who: Ints
    starts: Flags
    claims: Flags


@dataclass
class Table:
    """Columns over all snapshots, one row an employer and snapshot."""

    starts: Flags
    claims: Flags
    hazard: Floats
    past_claims: Floats
    months_behind: Floats
    history: Floats
    singles: dict[str, tuple[Floats, Flags]]


def measure(city: Directory, numbers: Check) -> dict[str, float]:
    """Every figure by name."""
    return {**_rates(city, numbers), **_foretold(_table(city, numbers), numbers), **_oracle(city, numbers)}


def _snapshots(city: Directory, numbers: Check) -> list[Snapshot]:
    months = range(numbers.snapshots["from_month"], len(city.month_ends) - 2, numbers.snapshots["every"])
    return [_snapshot(city, month) for month in months]


def _snapshot(city: Directory, month: int) -> Snapshot:
    day, who = int(city.month_ends[month]), np.flatnonzero(city.hazard[month] > 0)
    started, told = city.truth["started_on"].to_numpy(), city.claims["told"].to_numpy()
    starts, claims = np.zeros(city.count, bool), np.zeros(city.count, bool)
    starts[city.truth["who"].to_numpy()[(started >= day) & (started < day + _TARGET_DAYS)]] = True
    claims[city.claims["who"].to_numpy()[(told >= day) & (told < day + _TARGET_DAYS)]] = True
    return Snapshot(month, day, who, starts[who], claims[who])


def _table(city: Directory, numbers: Check) -> Table:
    snapshots = _snapshots(city, numbers)
    known = [
        {name: _known(bills, one, numbers.history_months) for name, bills in city.bills.items()} for one in snapshots
    ]
    history = [np.concatenate([*(part.reshape(len(part), -1) for part in each.values())], axis=1) for each in known]
    now = [np.stack([part[:, 0] for part in each.values()], axis=1) for each in known]
    has = {
        name: np.concatenate([bills.has_account[one.who] for one in snapshots]) for name, bills in city.bills.items()
    }
    joined = np.concatenate(now)
    return Table(
        starts=np.concatenate([one.starts for one in snapshots]),
        claims=np.concatenate([one.claims for one in snapshots]),
        hazard=np.concatenate([city.hazard[one.month, one.who] for one in snapshots]),
        past_claims=np.concatenate([_past_claims(city, one, numbers) for one in snapshots]),
        months_behind=joined.max(axis=1),
        history=np.concatenate(history),
        singles={name: (joined[:, place], has[name]) for place, name in enumerate(city.bills)},
    )


def _known(bills: Bills, snapshot: Snapshot, months: int) -> Floats:
    """Months behind in the last `months` months that the feed had told of by then, newest first: (who, months)."""
    told = np.zeros((len(snapshot.who), months), np.float32)
    there = np.flatnonzero(bills.arrived[: snapshot.month + 1] < snapshot.day)[::-1][:months]
    for place, month in enumerate(there):
        seen = bills.told[month, snapshot.who] < snapshot.day
        told[:, place] = np.where(seen, bills.months[month, snapshot.who], 0)
    return told


def _past_claims(city: Directory, snapshot: Snapshot, numbers: Check) -> Floats:
    told = city.claims["told"].to_numpy()
    recent = (told < snapshot.day) & (told >= snapshot.day - numbers.claims_months * 30)
    counted = np.bincount(city.claims["who"].to_numpy()[recent], minlength=city.count)
    return np.asarray(counted[snapshot.who], np.float32)


def _foretold(table: Table, numbers: Check) -> dict[str, float]:
    bills = np.concatenate([np.minimum(table.history, 3), table.history > 0], axis=1)
    claims = np.minimum(table.past_claims, 3)[:, None]
    everything = np.concatenate([bills, claims, claims > 0], axis=1)
    singles = {f"{name}_alone": auc(score[has], table.starts[has]) for name, (score, has) in table.singles.items()}
    return {
        "claims_foretell_claims": auc(table.past_claims, table.claims),
        "claims_foretell_arrears": auc(table.past_claims, table.starts),
        "months_behind": auc(table.months_behind, table.starts),
        "six_months_of_bills": _regressed(bills, table.starts, numbers),
        **singles,
        "bills_and_claims": _regressed(everything, table.starts, numbers),
        "oracle_auc": auc(table.hazard, table.starts),
        "oracle_average_precision": average_precision(table.hazard, table.starts),
    }


def _regressed(columns: Floats, happened: Flags, numbers: Check) -> float:
    """AUC of a logistic regression on the half of the rows that it has not seen; the mean over both halves."""
    stream = np.random.default_rng(0)
    half = stream.random(len(happened)) < 0.5
    return float(np.mean([_half(columns, happened, learn, numbers, stream) for learn in (half, ~half)]))


def _half(columns: Floats, happened: Flags, learn: Flags, numbers: Check, stream: np.random.Generator) -> float:
    places, weight = some(happened[learn], numbers.snapshots["others"], stream)
    beta = logistic_fit(columns[learn][places], happened[learn][places], weight)
    return auc(logistic_score(columns[~learn], beta), happened[~learn])


def _rates(city: Directory, numbers: Check) -> dict[str, float]:
    truth, years = city.truth, len(city.month_ends) / 12
    started = truth["started_on"].to_numpy()
    within = started >= 0
    return {
        "yearly_rate": float(within.sum() / years / city.count),
        "workers_a_case": float(truth.select(pl.mean("workers")).item() or 0),
        "amount_a_case": float(truth.select(pl.mean("amount")).item() or 0),
        "discovered_share": 1 - truth["discovered_on"].null_count() / max(truth.height, 1),
        **_before(city, numbers.history_months),
    }


def _before(city: Directory, months: int) -> dict[str, float]:
    """Whose arrears showed in no bill of the months before; and how many fell behind in a year and still paid wages."""
    behind = np.maximum.reduce([bills.months for bills in city.bills.values()]) > 0
    started, who = city.truth["started_on"].to_numpy(), city.truth["who"].to_numpy()
    month = np.searchsorted(city.month_ends, started, side="right")
    late = month > months
    nothing = [not behind[at - months : at, one].any() for at, one in zip(month[late], who[late], strict=True)]
    ratio = []
    for year in range(1, len(city.month_ends) // 12):
        owed = np.zeros(city.count, bool)
        owed[who[(month // 12 == year)]] = True
        paid = behind[year * 12 : year * 12 + 12].any(axis=0) & ~owed
        ratio.append(paid.sum() / max(int((month // 12 == year).sum()), 1))
    return {"nothing_before_share": float(np.mean(nothing)), "behind_but_paid": float(np.mean(ratio))}


def _oracle(city: Directory, numbers: Check) -> dict[str, float]:
    """Whether the hazards add up to the starts, and how often alerts by them would be right within the budget."""
    months = range(len(city.month_ends) - 2)
    shots = [_snapshot(city, month) for month in months]
    hazards = sum(float(np.nansum(city.hazard[one.month])) for one in shots)
    starts = sum(int(one.starts.sum()) for one in shots)
    right, alerts, found = _alerts(city, shots[-12:], numbers)
    also, many, _ = _alerts(city, shots[-12:], numbers, sees_unseen=True)
    return {
        "hazard_over_starts": hazards / max(starts, 1),
        "oracle_precision_at_budget": right / max(alerts, 1),
        "oracle_recall_at_budget": found,
        "all_knowing_precision_at_budget": also / max(many, 1),
    }


def _alerts(
    city: Directory, shots: list[Snapshot], numbers: Check, *, sees_unseen: bool = False
) -> tuple[int, int, float]:
    """Right alerts, alerts, and the share of a year's starts that had one: the highest hazards of each month, nobody
    twice within the cool-down. `sees_unseen`: who owes already and is not discovered comes first, and is right."""
    last, right, alerts = np.full(city.count, -99), 0, 0
    budget = max(round(numbers.budget_year * city.count / 260_000 / 12), 1)
    hit = np.zeros(city.count, bool)
    for one in shots:
        score, is_right = np.nan_to_num(city.hazard[one.month]), np.zeros(city.count, bool)
        is_right[one.who[one.starts]] = True
        if sees_unseen:
            unseen = _unseen(city, one.day)
            score[unseen], is_right[unseen] = 2, True
        rested = np.flatnonzero((score > 0) & (one.month - last >= numbers.cooldown_months))
        chosen = rested[np.argsort(-score[rested], kind="stable")[:budget]]
        last[chosen], right, alerts = one.month, right + int(is_right[chosen].sum()), alerts + len(chosen)
        hit[chosen[is_right[chosen]]] = True
    started = city.truth["started_on"].to_numpy()
    late = (started >= shots[0].day) & (started < shots[-1].day + _TARGET_DAYS)
    return right, alerts, float(hit[city.truth["who"].to_numpy()[late]].mean()) if late.any() else float("nan")


def _unseen(city: Directory, day: int) -> Ints:
    """Who owes wages at the beginning of that day while nobody has found out."""
    owes = city.truth.filter(
        (pl.col("started_on") < day)
        & (pl.col("settled_on") >= day)
        & (pl.col("discovered_on").is_null() | (pl.col("discovered_on") >= day))
    )
    return owes["who"].unique().to_numpy()
