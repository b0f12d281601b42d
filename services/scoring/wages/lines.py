"""A line a project, month and worker: what was owed, what was paid, how often he came, and how that stands. Pure."""

import polars as pl

from services.scoring.flows import MONEY
from services.scoring.frames import Facts
from services.scoring.values import local_day, month_of
from services.scoring.wages.payments import KEY, owed_and_paid, stated
from services.scoring.wages.states import state

_SUMS = (
    *("payable", "deducted", "over_deducted", "due", "paid", "open"),
    *("perhaps_deducted", "back_paid", "undated", "elsewhere"),
)
LINES: dict[str, pl.DataType] = {
    "subject": pl.String(),
    "month": pl.Int32(),
    "worker": pl.String(),
    "state": pl.String(),
    "role": pl.String(),
    "is_registered": pl.Boolean(),
    "team_no": pl.String(),
    "payrolls": pl.UInt32(),
    **dict.fromkeys(_SUMS, MONEY),
    "paid_on": pl.Date(),
    "due_on": pl.Date(),
    "days": pl.Int32(),
    "device_days": pl.Int32(),
    "said_days": pl.Int64(),
}


def lines_of(facts: Facts, attendance: pl.DataFrame, due: pl.DataFrame) -> pl.DataFrame:
    """LINES, in order of project, month and worker.

    `attendance`: subject, month, worker, days, device_days; `due`: month, due_on. `payable` = `due` + `deducted`;
    `open` is what of `due` is not paid, `perhaps_deducted` what of that may have been deducted, for a sheet tells no
    deductions; `over_deducted` what a sheet takes off beyond what it states as payable;
    `said_days` is what the payroll says of his days (null: nothing), `days` what the gate says.
    """
    sheets = owed_and_paid(stated(facts), due)
    came = attendance.join(due, on="month")
    joined = sheets.join(came, on=KEY, how="full", coalesce=True, suffix="_came")
    seen = attendance.select("subject", "month").unique().with_columns(pl.lit(True).alias("attendance_known"))
    table = joined.join(seen, on=["subject", "month"], how="left").join(
        _register(facts), on=["subject", "worker"], how="left"
    )
    return _finished(table, facts).select(LINES.keys()).sort(KEY)


def _register(facts: Facts) -> pl.DataFrame:
    known = facts.frames["hc_worker"].filter(pl.col("id_no").is_not_null())
    of_worker = known.unique(["subject", "id_no"], keep="last", maintain_order=True)
    return of_worker.select(
        "subject",
        pl.col("id_no").alias("worker"),
        pl.col("work_role").alias("role"),
        pl.col("team_no").alias("own_team"),
    ).with_columns(pl.lit(True).alias("is_registered"))


def registered_months(facts: Facts, due: pl.DataFrame) -> pl.DataFrame:
    """subject, month, registered: how many of the register were on site in each month, by entry and exit."""
    spans = facts.frames["hc_worker"].filter(pl.col("id_no").is_not_null(), pl.col("entry_at").is_not_null())
    entry, exit_ = month_of(local_day(pl.col("entry_at"))), month_of(local_day(pl.col("exit_at")))
    on_site = spans.select("subject", "id_no", entry.alias("entry"), exit_.alias("exit")).join(due, how="cross")
    within = pl.col("month").is_between("entry", pl.coalesce("exit", "month"))
    return on_site.filter(within).group_by("subject", "month").agg(pl.col("id_no").n_unique().alias("registered"))


def _finished(table: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    numbers = (
        "due",
        "deducted",
        "over_deducted",
        "perhaps_deducted",
        "paid",
        "paid_by_due",
        "back_paid",
        "undated",
        "elsewhere",
    )
    filled = table.with_columns(
        *(pl.col(name).cast(MONEY).fill_null(0) for name in numbers),
        pl.col("payrolls", "days", "device_days").fill_null(0),
        pl.col("is_registered", "attendance_known").fill_null(False),
        pl.coalesce("due_on", "due_on_came").alias("due_on"),
        pl.coalesce("team_no", "own_team").alias("team_no"),
        (pl.col("role") == "manager").fill_null(False).alias("is_manager"),
    )
    left = pl.max_horizontal(pl.col("due") - pl.col("paid"), pl.lit(0, MONEY))
    return filled.with_columns(
        (pl.col("due") + pl.col("deducted")).alias("payable"),
        left.alias("open"),
        pl.min_horizontal("perhaps_deducted", left).alias("perhaps_deducted"),
        state(pl.lit(facts.today)).alias("state"),
    )
