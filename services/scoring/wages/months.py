"""A line a project and month: workers and sums by state, and beside them what the special account shows. Pure."""

from datetime import date

import polars as pl

from services.scoring.flows import moved, wages_returned
from services.scoring.frames import Facts
from services.scoring.projects import bank_horizon
from services.scoring.values import month_of
from services.scoring.wages.lines import registered_months
from services.scoring.wages.payments import stated
from services.scoring.wages.states import STATES

MONTH = ["subject", "month"]
SUMS = (
    *("payable", "deducted", "over_deducted", "due", "paid"),
    *("perhaps_deducted", "back_paid", "undated", "elsewhere"),
)
FLOWS = ("fee_in", "wage_out", "wage_returned", "fee_returned", "sheets_paid")


def months_of(facts: Facts, lines: pl.DataFrame, due: pl.DataFrame, silence_days: int) -> pl.DataFrame:
    """A row a project and month with a worker's line or a flow of the account, in order.

    Numbers of workers: registered, workers, on_payroll, attended, by_hand_only, managers, one a state. Sums of the
    lines: SUMS, overdue (open and past its day), open_not_due. Of the calendar month, null while the bank is not heard:
    FLOWS, sheets_gap (what sheets say was paid in it, less what left the account in it and stayed away), fee_gap (`due`
    less the fee).
    """
    flows = _flows(facts, silence_days).join(due.select("month"), on="month", how="semi")
    every = _summed(lines, facts.today).join(flows, on=MONTH, how="full", coalesce=True).join(due, on="month")
    joined = every.join(registered_months(facts, due), on=MONTH, how="left")
    counts = ("registered", "workers", "on_payroll", "attended", "by_hand_only", "managers", *STATES)
    money = (*SUMS, "overdue", "open_not_due")
    told = joined.filter((pl.col("workers") > 0) | pl.any_horizontal(pl.col(FLOWS) != 0))
    filled = told.with_columns(pl.col(counts).fill_null(0), pl.col(money).fill_null(0))
    return filled.with_columns(
        (pl.col("sheets_paid") - pl.col("wage_out") + pl.col("wage_returned")).alias("sheets_gap"),
        (pl.col("due") - pl.col("fee_in") + pl.col("fee_returned")).alias("fee_gap"),
    ).sort(MONTH)


def _summed(lines: pl.DataFrame, today: date) -> pl.DataFrame:
    is_due = pl.col("due_on") < today
    return lines.group_by(MONTH).agg(
        pl.len().alias("workers"),
        (pl.col("payrolls") > 0).sum().alias("on_payroll"),
        (pl.col("days") > 0).sum().alias("attended"),
        ((pl.col("days") > 0) & (pl.col("device_days") == 0)).sum().alias("by_hand_only"),
        (pl.col("role") == "manager").sum().alias("managers"),
        *((pl.col("state") == each).sum().alias(each) for each in STATES),
        pl.col(SUMS).sum(),
        pl.col("open").filter(is_due).sum().alias("overdue"),
        pl.col("open").filter(~is_due).sum().alias("open_not_due"),
    )


def _flows(facts: Facts, silence_days: int) -> pl.DataFrame:
    """MONTH and FLOWS of each month in which the project's bank was heard; a month without a movement is zero."""
    heard = bank_horizon(facts, silence_days, facts.today).with_columns(
        pl.int_ranges(month_of(pl.col("heard_from")), month_of(pl.col("heard_until")) + 1, dtype=pl.Int32).alias(
            "month"
        )
    )
    months = heard.select(MONTH).explode("month").drop_nulls()
    of_month = month_of(pl.col("time")).alias("month")
    flows = facts.frames["bk_account_flow"].select("subject", of_month, *moved()).drop("wage_returned")
    returned = wages_returned(facts).select("subject", of_month, pl.col("returned").alias("wage_returned"))
    paid = (
        stated(facts)
        .filter(pl.col("paid") > 0)
        .select("subject", month_of(pl.col("paid_at")).alias("month"), pl.col("paid").alias("sheets_paid"))
    )
    told = months
    for moves in (flows, returned, paid):
        told = told.join(moves.group_by(MONTH).agg(pl.all().sum()), on=MONTH, how="left")
    return told.with_columns(pl.col(FLOWS).fill_null(0))
