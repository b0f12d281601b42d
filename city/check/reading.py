"""A city's directory as arrays: who was behind with which bill, as far as it was reported; who claimed, who owed."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from city.draws import Flags, Floats, Ints

# Where each dataset says how far behind somebody is, in months; tax arrears are only listed, so their run is counted.
_BILLS = {
    "tax_arrears": ("as_of", pl.lit(1)),
    "tax_social_fee": ("period", pl.col("arrears_months")),
    "pw_usage": ("period", (pl.col("arrears_days") / 30).ceil()),
    "ut_water": ("period", (pl.col("arrears_days") / 30).ceil()),
    "ut_gas": ("period", (pl.col("arrears_days") / 30).ceil()),
}
_CLAIMS = {
    "gov_ticket": ("ticket_no", "uscc"),
    "hrss_clue": ("clue_no", "duty_uscc"),
    "hrss_arbitration": ("case_no", "uscc"),
    "ps_wage_incident": ("incident_no", "uscc"),
}
READ = (*_BILLS, *_CLAIMS)
_UNTOLD = np.iinfo(np.int16).max
_Days = npt.NDArray[np.int16]


@dataclass
class Bills:
    """One dataset: months behind and the day of the report since the window began, both (months, employers), and the
    day on which each month of the feed had arrived, shape (months,)."""

    months: npt.NDArray[np.int8]
    told: _Days
    arrived: _Days
    has_account: Flags


@dataclass
class Directory:
    """Everything that the checks need. Days count from the window's first one."""

    folder: Path
    begins_on: date
    month_ends: Ints
    codes: pl.DataFrame
    hazard: Floats
    truth: pl.DataFrame
    bills: dict[str, Bills]
    claims: pl.DataFrame

    @property
    def count(self) -> int:
        """Employers."""
        return self.codes.height


def read(folder: Path) -> Directory:
    """The directory of a city. Raises FileNotFoundError where a file is missing."""
    oracle = pl.scan_parquet(folder / "oracle.parquet")
    months = oracle.select(pl.col("as_of").unique().sort()).collect().to_series()
    begins_on = months[0].replace(day=1)
    codes = oracle.select(pl.col("employer_id").unique().sort()).collect().with_row_index("who")
    return Directory(
        folder=folder,
        begins_on=begins_on,
        month_ends=np.array([(day - begins_on).days + 1 for day in months]),
        codes=codes,
        hazard=_hazard(oracle, codes, months),
        truth=_days(pl.read_parquet(folder / "truth.parquet"), codes, begins_on),
        bills={name: _bills(folder / f"{name}.parquet", name, codes, begins_on, len(months)) for name in _BILLS},
        claims=pl.concat([_claims(folder / f"{name}.parquet", name, codes, begins_on) for name in _CLAIMS]),
    )


def _hazard(oracle: pl.LazyFrame, codes: pl.DataFrame, months: pl.Series) -> Floats:
    """(months, employers); NaN where somebody was not in business."""
    hazard = np.full((len(months), codes.height), np.nan, np.float32)
    for row, day in enumerate(months):
        told = (
            oracle.filter(pl.col("as_of") == day).join(codes.lazy(), on="employer_id").select("who", "hazard").collect()
        )
        hazard[row, told["who"].to_numpy()] = told["hazard"].to_numpy()
    return hazard


def _days(truth: pl.DataFrame, codes: pl.DataFrame, begins_on: date) -> pl.DataFrame:
    dates = pl.col("started_on", "discovered_on", "settled_on")
    return truth.join(codes, on="employer_id").with_columns((dates - begins_on).dt.total_days())


def clean(code: str) -> pl.Expr:
    """A credit code in capitals, with 0 for O; records without one are left out."""
    return pl.col(code).str.to_uppercase().str.replace_all("O", "0")


def told_on(begins_on: date) -> pl.Expr:
    """The day of the report since the window began, counted so that "by the end of day d" is `<= d`."""
    return (pl.col("reported_at").dt.date() - begins_on).dt.total_days().cast(pl.Int16).alias("told")


def _bills(file: Path, name: str, codes: pl.DataFrame, begins_on: date, months: int) -> Bills:
    period, behind = _BILLS[name]
    month = (pl.col(period) + "-01").str.to_date()
    number = ((month.dt.year() - begins_on.year) * 12 + month.dt.month() - begins_on.month).alias("month")
    owed = pl.col("balance" if name == "tax_arrears" else "arrears") > 0
    rows = pl.scan_parquet(file)
    late = rows.filter(owed).select(
        clean("uscc").alias("employer_id"), number, behind.cast(pl.Int8).alias("behind"), told_on(begins_on)
    )
    found = (
        late.join(codes.lazy(), on="employer_id").group_by("who", "month").agg(pl.col("behind", "told").min()).collect()
    )
    arrived = rows.group_by(number).agg(told_on(begins_on).quantile(0.25)).collect()
    accounts = rows.select(clean("uscc").alias("employer_id").unique()).join(codes.lazy(), on="employer_id").collect()
    bills = Bills(
        np.zeros((months, codes.height), np.int8), np.full((months, codes.height), _UNTOLD, np.int16),
        np.full(months, _UNTOLD, np.int16), np.zeros(codes.height, bool),
    )  # fmt: skip
    place = found["month"].to_numpy(), found["who"].to_numpy()
    bills.months[place], bills.told[place] = found["behind"].to_numpy(), found["told"].to_numpy()
    bills.arrived[arrived["month"].to_numpy()] = arrived["told"].to_numpy().astype(np.int16)
    bills.has_account[accounts["who"].to_numpy()] = True
    return bills if name != "tax_arrears" else _runs(bills)


def _runs(bills: Bills) -> Bills:
    for month in range(1, len(bills.months)):
        before = bills.months[month - 1]
        bills.months[month] = np.where(bills.months[month] > 0, np.minimum(before, 100) + 1, 0)
    bills.has_account[:] = True
    return bills


def _claims(file: Path, name: str, codes: pl.DataFrame, begins_on: date) -> pl.DataFrame:
    key, code = _CLAIMS[name]
    rows = pl.scan_parquet(file)
    rows = rows.filter(pl.col("is_wage")) if name == "gov_ticket" else rows
    first = rows.group_by(key).agg(clean(code).first().alias("employer_id"), pl.col("reported_at").min())
    return first.join(codes.lazy(), on="employer_id").select("who", told_on(begins_on)).collect()
