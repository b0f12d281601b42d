"""Foreign worlds: directories that the synthetic district never made, for tests of training and backtests.

Other base rates, seasons, feeds and dirt. Nothing here knows of the platform's features or of the city.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """How a world is: employers, months, the log odds of a month's start, how late starts are discovered, ...

    `calm_months`: no employer fails twice within; without them and without a slope nothing foretells who will.
    """

    employers: int = 400
    months: int = 36
    base: float = -6.0
    slope: float = 1.5
    season: float = 0.0
    worst_month: int = 7
    delay_days: tuple[int, int] = (10, 80)
    calm_months: int = 6
    datasets: tuple[str, ...] = ("pw_usage", "tax_social_fee", "hrss_clue")
    is_dirty: bool = False
    seed: int = 1
    first: date = date(2021, 1, 1)


def write(folder: Path, kind: Kind) -> Path:
    """Make the world in a folder: CSV when it is dirty, else Parquet; and its labels."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(kind.seed)
    stress = _stress(random, kind)
    for name in kind.datasets:
        _save(folder, name, _MADE[name](random, kind, stress), kind.is_dirty)
    labels(random, kind, stress).write_csv(folder / "labels.csv")
    return folder


def with_oracle(folder: Path, kind: Kind) -> Path:
    """The same world with an oracle's file: who knows the odds of a month's start, at the end of the one before."""
    stress = _stress(np.random.default_rng(kind.seed), kind)
    hazard = 1 / (1 + np.exp(-kind.base - kind.slope * stress))
    days = [day_of(kind, month) - timedelta(days=1) for month in range(kind.months)]
    told = {
        "employer_id": np.repeat([name_of(who) for who in range(kind.employers)], kind.months),
        "as_of": np.tile(np.array(days, dtype="datetime64[D]"), kind.employers),
        "hazard": hazard.ravel().round(3),
    }
    pl.DataFrame(told).write_parquet(folder / "oracle.parquet")
    return folder


def day_of(kind: Kind, month: int) -> date:
    """The first day of the world's n-th month."""
    count = kind.first.year * 12 + kind.first.month - 1 + month
    return date(count // 12, count % 12 + 1, 1)


def _stress(random: np.random.Generator, kind: Kind) -> Array:
    """(employers, months): a slow walk that comes back, of mean 0 and deviation about 1."""
    stress = np.empty((kind.employers, kind.months))
    stress[:, 0] = random.normal(0, 1, kind.employers)
    for month in range(1, kind.months):
        stress[:, month] = 0.9 * stress[:, month - 1] + random.normal(0, 0.44, kind.employers)
    return stress


def labels(random: np.random.Generator, kind: Kind, stress: Array) -> pl.DataFrame:
    """Who came into arrears, and when it was discovered; never twice within the calm months."""
    months = np.array([day_of(kind, month).month for month in range(kind.months)])
    odds = kind.base + kind.slope * stress + kind.season * np.cos(2 * np.pi * (months - kind.worst_month) / 12)
    hits = random.random(stress.shape) < 1 / (1 + np.exp(-odds))
    told, last = [], dict[int, int]()
    for who, month in zip(*(each.tolist() for each in np.nonzero(hits)), strict=True):
        if month - last.get(who, -kind.months) < kind.calm_months:
            continue
        last[who] = month
        started = day_of(kind, month) + timedelta(days=int(random.integers(0, 28)))
        found = started + timedelta(days=int(random.integers(*kind.delay_days)))
        told.append((name_of(who), started, found, int(random.integers(1, 30)), 10_000.0))
    columns = {"employer_id": pl.String, "started_on": pl.Date, "discovered_on": pl.Date}
    return pl.DataFrame(told, schema=columns | {"workers": pl.Int64, "amount": pl.Float64}, orient="row")


def name_of(number: int) -> str:
    """Not a credit code: a world may name its employers as it likes."""
    return f"Firma-{number:06d}"


def _monthly(random: np.random.Generator, kind: Kind) -> dict[str, object]:
    """uscc, period and reported_at of every employer's every month."""
    days = [day_of(kind, month) for month in range(kind.months)]
    told = np.array([day_of(kind, month + 1) for month in range(kind.months)], dtype="datetime64[us]")
    late = random.integers(3, 25, kind.employers * kind.months).astype("timedelta64[D]")
    return {
        "uscc": np.repeat([name_of(who) for who in range(kind.employers)], kind.months),
        "period": np.tile([f"{day:%Y-%m}" for day in days], kind.employers),
        "reported_at": np.tile(told, kind.employers) + late,
    }


def _behind(random: np.random.Generator, stress: Array, ease: float) -> Array:
    """(employers, months): how many months in a row a bill has not been paid."""
    unpaid = random.random(stress.shape) < 1 / (1 + np.exp(ease - 1.2 * stress))
    run = np.zeros(stress.shape)
    for month in range(stress.shape[1]):
        run[:, month] = np.where(unpaid[:, month], (run[:, month - 1] if month else 0) + 1, 0)
    return run


def _power(random: np.random.Generator, kind: Kind, stress: Array) -> pl.DataFrame:
    size = np.exp(random.normal(4, 1, (kind.employers, 1)))
    use = size * np.exp(-0.15 * stress + random.normal(0, 0.25, stress.shape))
    behind = _behind(random, stress, 3.0)
    return pl.DataFrame(
        {
            **_monthly(random, kind),
            "account_no": np.repeat([f"K{who}" for who in range(kind.employers)], kind.months),
            "kwh": use.ravel().round(1),
            "amount_due": (0.6 * use).ravel().round(2),
            "arrears": (0.6 * size * behind).ravel().round(2),
            "arrears_days": (behind * 30).ravel().astype(np.int64),
        }
    )


def _fees(random: np.random.Generator, kind: Kind, stress: Array) -> pl.DataFrame:
    behind = _behind(random, stress, 4.0)
    due = np.exp(random.normal(8, 1, (kind.employers, 1))) * np.ones(stress.shape)
    return pl.DataFrame(
        {
            **_monthly(random, kind),
            "payable": due.ravel().round(2),
            "paid": (due * (behind == 0)).ravel().round(2),
            "arrears": (due * behind).ravel().round(2),
            "arrears_months": behind.ravel().astype(np.int64),
        }
    )


def _clues(random: np.random.Generator, kind: Kind, stress: Array) -> pl.DataFrame:
    """Told day by day, not month by month."""
    count = random.poisson(np.exp(-4.5 + 0.9 * stress))
    who, month = (np.repeat(place, count[count > 0]) for place in np.nonzero(count))
    day = np.array([day_of(kind, each) for each in range(kind.months)], dtype="datetime64[us]")[month]
    day = day + random.integers(0, 27 * 86_400, len(who)).astype("timedelta64[s]")
    return pl.DataFrame(
        {
            "clue_no": [f"C{number}" for number in range(len(who))],
            "duty_uscc": [name_of(each) for each in who.tolist()],
            "registered_at": day,
            "arrears_people": random.integers(1, 20, len(who)),
            "reported_at": day + random.integers(0, 5, len(who)).astype("timedelta64[D]"),
        }
    )


def _save(folder: Path, name: str, rows: pl.DataFrame, is_dirty: bool) -> None:
    if is_dirty:
        _spoilt(rows).write_csv(folder / f"{name}.csv", include_bom=True)
    else:
        rows.write_parquet(folder / f"{name}.parquet")


def _spoilt(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines in any order, some twice, amounts with commas and signs, words for nothing, and a column lost."""
    texts = rows.with_columns(pl.all().cast(pl.String))
    lost = [name for name in ("arrears_days", "payable", "arrears_people") if name in texts.columns]
    texts = texts.drop(lost).with_row_index("at")
    money = [name for name in ("arrears", "kwh", "paid") if name in texts.columns]
    spoilt = texts.with_columns(
        *(pl.when(pl.col("at") % 7 == 0).then(pl.lit("¥") + pl.col(name)).otherwise(name).alias(name) for name in money)
    ).with_columns(
        *(pl.when(pl.col("at") % 53 == 0).then(pl.lit("不详")).otherwise(name).alias(name) for name in money)
    )
    again = pl.concat([spoilt, spoilt.filter(pl.col("at") % 11 == 0)])
    return again.sample(fraction=1.0, shuffle=True, seed=1).drop("at")


_MADE = {"pw_usage": _power, "tax_social_fee": _fees, "hrss_clue": _clues}


def payment_history(
    folder: Path, clients: int = 6000, seed: int = 1, dataset: str = "pw_usage", *, cohorts: int = 2, apart: int = 12
) -> Path:
    """Cohorts of six monthly bills each, so many months apart, each followed by one month in which some default.

    Shaped like the credit-card defaults of Taiwan (Yeh and Lien 2009): 22 % default, status in months of delay, the
    amount of the bill and of the payment. The best one can know of it is about ROC-AUC 0.78.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    trouble = random.normal(0, 1, (clients, 1)) + np.cumsum(random.normal(0, 0.35, (clients, 6)), axis=1)
    status = np.clip(np.round(0.2 + 1.1 * (trouble + random.normal(0, 0.8, trouble.shape)) - 1.2), 0, 8)
    limit = np.exp(random.normal(11.5, 0.9, (clients, 1)) - 0.25 * trouble[:, :1])
    bill = limit * random.beta(1, 2, (clients, 1)) * np.exp(random.normal(0, 0.3, trouble.shape))
    paid = bill * np.where(status > 0, 0.02, random.beta(1, 6, trouble.shape))
    odds = -1.75 + 0.85 * trouble[:, -1] + random.normal(0, 0.9, clients)
    fails = random.random(clients) < 1 / (1 + np.exp(-odds))
    begins = 2023 * 12 + 3 + apart * (np.arange(clients) % cohorts)
    first = begins[:, None] + np.arange(6)
    told = pl.DataFrame(
        {
            "uscc": np.repeat([f"ID{number}" for number in range(clients)], 6),
            "account_no": np.repeat([f"ID{number}" for number in range(clients)], 6),
            "period": [f"{month // 12:04}-{month % 12 + 1:02}" for month in first.ravel().tolist()],
            "bill": bill.ravel().round(),
            "paid": paid.ravel().round(),
            "arrears": np.where(status > 0, bill - paid, 0).ravel().round(),
            "status": status.ravel().astype(np.int64),
        }
    ).with_columns(reported_at=pl.col("period") + "-28T00:00:00Z")
    names = {
        "pw_usage": {"bill": "amount_due", "status": "arrears_days"},
        "tax_social_fee": {"bill": "payable", "status": "arrears_months"},
    }[dataset]
    if dataset == "pw_usage":
        told = told.with_columns(pl.col("status") * 30)
    told.rename(names).write_csv(folder / f"{dataset}.csv")
    due = [date(month // 12, month % 12 + 1, 15) for month in (begins + 6)[fails].tolist()]
    pl.DataFrame(
        {
            "employer_id": [f"ID{number}" for number in np.flatnonzero(fails)],
            "started_on": due,
            "discovered_on": [day + timedelta(days=36) for day in due],
        }
    ).write_csv(folder / "labels.csv")
    return folder


def as_written_in_europe(folder: Path, plain: Path) -> Path:
    """The same world with semicolons, 31.12.2024, 40,5, codes of labels in capitals, and every label twice."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in plain.iterdir():
        rows = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, try_parse_dates=True)
        written = rows.with_columns(
            pl.col(pl.Float64).cast(pl.String).str.replace(".", ",", literal=True),
            pl.col(pl.Date).dt.to_string("%d.%m.%Y"),
            pl.col(pl.Datetime).dt.to_string("%d.%m.%Y %H:%M:%S"),
        )
        if path.stem == "labels":
            written = pl.concat([written, written]).with_columns(pl.col("employer_id").str.to_uppercase())
        written.write_csv(folder / f"{path.stem}.csv", separator=";")
    return folder
