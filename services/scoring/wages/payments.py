"""What payroll lines state for each worker and month, and what of it was paid. Pure, on columns.

A line that pays for an earlier month (`is_back_pay`) counts for that month, on its own date. It may restate what was
left open or add to it: what is owed is the most that any line makes it, given what was paid before that line.
"""

from datetime import date

import polars as pl

from services.scoring.frames import Facts
from services.scoring.projects import IS_BACK_PAY

KEY = ["subject", "month", "worker"]
MONEY = pl.Decimal(38, 2)
_NOTHING = pl.lit(0, MONEY)


def stated(facts: Facts) -> pl.DataFrame:
    """Every payroll line with the month it counts for, what it states, and what it paid by today.

    Columns: KEY, is_back, pay_month, payroll_no, team_no, said_days, net, deduct, paid_at, paid, undated, elsewhere.
    """
    headers = facts.frames["hc_payroll"].select("subject", "payroll_no", "pay_month", "team_no")
    details = facts.frames["hc_payroll_detail"].join(headers, on=["subject", "payroll_no"])
    lines = _with_accounts(details, facts).filter(pl.col("id_no").is_not_null(), pl.col("pay_month").is_not_null())
    actual, deduct = pl.col("actual").fill_null(0).cast(MONEY), pl.col("deduct").fill_null(0).cast(MONEY)
    # Without a sum payable the sheet states at least what it pays.
    payable = pl.coalesce(pl.col("payable").cast(MONEY), actual + deduct)
    paid = pl.when(_was_paid(facts.today)).then(actual).otherwise(_NOTHING)
    return lines.select(
        "subject",
        pl.when(IS_BACK_PAY).then("back_month").otherwise("pay_month").alias("month"),
        pl.col("id_no").alias("worker"),
        IS_BACK_PAY.alias("is_back"),
        "pay_month",
        "payroll_no",
        "team_no",
        pl.col("days").alias("said_days"),
        pl.max_horizontal(payable - deduct, _NOTHING).alias("net"),
        deduct.alias("deduct"),
        "paid_at",
        paid.alias("paid"),
        pl.when(pl.col("paid_at").is_null()).then(actual).otherwise(_NOTHING).alias("undated"),
        pl.when(pl.col("is_other")).then(paid).otherwise(_NOTHING).alias("elsewhere"),
    )


def _was_paid(today: date) -> pl.Expr:
    # A sum without a date is a plan, and no proof of payment (Decree 724, art. 15 and 50).
    return (pl.col("paid_at") <= today).fill_null(False)


def _with_accounts(details: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """`is_other`: paid from an account that is none of the project's special ones; no where those are not known."""
    accounts = facts.frames["bk_special_account"].select("subject", pl.col("account_no").alias("payer_account"))
    own = accounts.unique().with_columns(pl.lit(True).alias("is_own"))
    known = accounts.select("subject").unique().with_columns(pl.lit(True).alias("is_known"))
    joined = details.join(own, on=["subject", "payer_account"], how="left").join(known, on="subject", how="left")
    is_other = pl.col("payer_account").is_not_null() & pl.col("is_known") & pl.col("is_own").is_null()
    return joined.with_columns(is_other.fill_null(False).alias("is_other"))


def owed_and_paid(lines: pl.DataFrame, due: pl.DataFrame) -> pl.DataFrame:
    """KEY, due_on, payrolls, team_no, said_days, due, deducted, paid, paid_by_due, paid_on, back_paid, undated,
    elsewhere.

    `due` as a column is net of deductions; as an argument it gives each month its due day, other months are left out.
    """
    ordered = lines.join(due, on="month").sort(*KEY, "is_back", "pay_month", "paid_at", "payroll_no", nulls_last=True)
    on_time = pl.col("paid_at") <= pl.col("due_on")
    return (
        ordered.with_columns(
            (_before("paid") + pl.col("net")).alias("net_total"),
            (_before_deduct() + pl.col("deduct")).alias("deduct_total"),
        )
        .group_by(KEY)
        .agg(
            pl.col("due_on").first(),
            pl.col("payroll_no").n_unique().alias("payrolls"),
            pl.col("team_no").drop_nulls().first(),
            pl.col("said_days").filter(~pl.col("is_back")).sum(),
            _most("net", "net_total").alias("due"),
            _most("deduct", "deduct_total").alias("deducted"),
            pl.col("paid").sum(),
            pl.col("paid").filter(on_time).sum().alias("paid_by_due"),
            pl.col("paid_at").filter(pl.col("paid") > 0).max().alias("paid_on"),
            pl.col("paid").filter(pl.col("is_back")).sum().alias("back_paid"),
            pl.col("undated").sum(),
            pl.col("elsewhere").sum(),
        )
    )


def _before(column: str) -> pl.Expr:
    """What the lines before this one make together."""
    return pl.col(column).cum_sum().over(KEY) - pl.col(column)


def _before_deduct() -> pl.Expr:
    settled = pl.when(pl.col("paid") > 0).then(pl.col("deduct")).otherwise(_NOTHING)
    return settled.cum_sum().over(KEY) - settled


def _most(column: str, total: str) -> pl.Expr:
    """The month's own lines add up (two teams, two sheets); a later one makes it more only beyond what is open."""
    own = pl.col(column).filter(~pl.col("is_back")).sum()
    later = pl.col(total).filter(pl.col("is_back")).max().fill_null(0)
    return pl.max_horizontal(own, later.cast(MONEY))
