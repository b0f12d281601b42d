"""What payroll lines state for each worker and month, and what of it was paid. Pure, on columns.

A line that pays for an earlier month (`is_back_pay`) counts for that month, on its own date. It may restate what was
left open, or the whole month, or add to it: what is owed is the most that any line makes it, given what was paid before
that line. Of two teams each is looked at by itself, as long as a line for an earlier month stands on the sheet of one
of them.
"""

from datetime import date

import polars as pl

from services.scoring.flows import MONEY
from services.scoring.frames import Facts
from services.scoring.projects import IS_BACK_PAY

KEY = ["subject", "month", "worker"]
# Whose sheet a line stands on.
PAYER = ["corp", "team_no"]
_NOTHING = pl.lit(0, MONEY)
# As they were handed in: the month's own lines first.
_ORDER = (*KEY, "is_back", "pay_month", "paid_at", "payroll_no")


def stated(facts: Facts) -> pl.DataFrame:
    """Every payroll line with the month it counts for, what it states, and what it paid by today.

    Columns: KEY, is_back, pay_month, payroll_no, PAYER, said_days, net, deduct, over_deducted, perhaps_deducted,
    paid_at, paid, undated, elsewhere. Nothing is taken off that is not there: `deduct` is at most what is payable, the
    rest `over_deducted`. `perhaps_deducted` lies between the payable and the actual sum of a line that tells no
    deductions: missing is not zero.
    """
    whose = ("subject", "payroll_no", "pay_month", pl.col("corp_uscc").alias("corp"), "team_no")
    headers = facts.frames["hc_payroll"].select(*whose)
    details = facts.frames["hc_payroll_detail"].join(headers, on=["subject", "payroll_no"])
    lines = _with_accounts(details, facts).filter(pl.col("id_no").is_not_null(), pl.col("pay_month").is_not_null())
    actual, told = pl.col("actual").fill_null(0).cast(MONEY), pl.col("deduct").fill_null(0).cast(MONEY)
    # Without a sum payable the sheet states at least what it pays.
    payable = pl.coalesce(pl.col("payable").cast(MONEY), actual + told)
    deduct = pl.min_horizontal(told, payable)
    between = pl.when(pl.col("deduct").is_null() & (actual > 0)).then(payable - actual).otherwise(_NOTHING)
    paid = pl.when(_was_paid(facts.today)).then(actual).otherwise(_NOTHING)
    return lines.select(
        "subject",
        pl.when(IS_BACK_PAY).then("back_month").otherwise("pay_month").alias("month"),
        pl.col("id_no").alias("worker"),
        IS_BACK_PAY.alias("is_back"),
        "pay_month",
        "payroll_no",
        *PAYER,
        pl.col("days").alias("said_days"),
        (payable - deduct).alias("net"),
        deduct.alias("deduct"),
        (told - deduct).alias("over_deducted"),
        pl.max_horizontal(between, _NOTHING).alias("perhaps_deducted"),
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
    """KEY, due, deducted, due_on, payrolls, team_no, said_days, over_deducted, perhaps_deducted, paid, paid_by_due,
    paid_on, back_paid, undated, elsewhere.

    `due` as a column is net of deductions; as an argument it gives each month its due day, other months are left out.
    `said_days` is null where no sheet of the month tells any.
    """
    ordered = lines.join(due, on="month").sort(*_ORDER, nulls_last=True)
    added = _added_up(ordered)
    later = ordered.filter("is_back").select(KEY).unique()
    if later.is_empty():
        return added
    # Few months are paid for later; to look for what such lines restate costs as much as all the rest.
    owed = _owed(ordered.join(later, on=KEY, how="semi", maintain_order="left"))
    both = added.join(owed, on=KEY, how="left", suffix="_owed")
    told = [pl.coalesce(f"{name}_owed", name).alias(name) for name in ("due", "deducted")]
    return both.with_columns(*told).drop("due_owed", "deducted_owed")


def open_by(lines: pl.DataFrame, whose: list[str]) -> pl.DataFrame:
    """whose, open, is_own: what lines of each leave open, back pay restated once, and whether one is of the month."""
    ordered = _with_totals(lines.sort(*_ORDER, nulls_last=True), whose)
    return ordered.group_by(whose).agg(
        (_most("net", "net_total") - pl.col("paid").sum()).alias("open"), (~pl.col("is_back")).any().alias("is_own")
    )


def _added_up(ordered: pl.DataFrame) -> pl.DataFrame:
    on_time, said = pl.col("paid_at") <= pl.col("due_on"), pl.col("said_days").filter(~pl.col("is_back"))
    return ordered.group_by(KEY).agg(
        pl.col("net").sum().alias("due"),
        pl.col("deduct").sum().alias("deducted"),
        pl.col("due_on").first(),
        pl.col("payroll_no").n_unique().alias("payrolls"),
        pl.col("team_no").drop_nulls().first(),
        pl.when(said.count() > 0).then(said.sum()).alias("said_days"),
        *(_most(name, name).alias(name) for name in ("over_deducted", "perhaps_deducted")),
        pl.col("paid").sum(),
        pl.col("paid").filter(on_time).sum().alias("paid_by_due"),
        pl.col("paid_at").filter(pl.col("paid") > 0).max().alias("paid_on"),
        pl.col("paid").filter(pl.col("is_back")).sum().alias("back_paid"),
        pl.col("undated").sum(),
        pl.col("elsewhere").sum(),
    )


def _owed(ordered: pl.DataFrame) -> pl.DataFrame:
    """KEY, due, deducted: the sum of what each payer owes, or what lines that name none of them make it, if more.

    A line for an earlier month is its payer's who had a sheet of that month. Of any other (the general contractor
    clears for all, Decree 724, art. 30; a worker has moved to another team) nobody says whose debt it pays: it is for
    all.
    """
    marked = ordered.with_columns((~pl.col("is_back")).any().over(KEY + PAYER).alias("is_known"))
    own = _with_totals(marked.filter("is_known"), KEY + PAYER).group_by(KEY + PAYER)
    of_payers = own.agg(_most("net", "net_total").alias("due"), _most("deduct", "deduct_total").alias("deducted"))
    known = of_payers.group_by(KEY).agg(pl.col("due", "deducted").sum())
    others = _with_totals(marked, KEY).filter(~pl.col("is_known")).group_by(KEY)
    for_all = others.agg(pl.col("net_total").max().alias("due_all"), pl.col("deduct_total").max().alias("deducted_all"))
    every = known.join(for_all, on=KEY, how="full", coalesce=True)
    return every.select(*KEY, *(pl.max_horizontal(name, f"{name}_all").alias(name) for name in ("due", "deducted")))


def _with_totals(lines: pl.DataFrame, whose: list[str]) -> pl.DataFrame:
    """What each line makes it together with what was paid, and taken off, before it.

    A later line that states the month's own sum to the cent, and pays no more of it than was open, repeats the month.
    """
    settled = pl.when(pl.col("paid") > 0).then(pl.col("deduct")).otherwise(_NOTHING)
    before, own = _before(pl.col("paid"), whose), _own("net", whose)
    repeats = pl.col("is_back") & (pl.col("net") == own) & (before + pl.col("paid") <= own)
    return lines.with_columns(
        pl.when(repeats).then(own).otherwise(before + pl.col("net")).alias("net_total"),
        pl.when(repeats)
        .then(_own("deduct", whose))
        .otherwise(_before(settled, whose) + pl.col("deduct"))
        .alias("deduct_total"),
    )


def _own(column: str, whose: list[str]) -> pl.Expr:
    return pl.when(~pl.col("is_back")).then(pl.col(column)).otherwise(_NOTHING).sum().over(whose)


def _before(amount: pl.Expr, whose: list[str]) -> pl.Expr:
    return amount.cum_sum().over(whose) - amount


def _most(column: str, total: str) -> pl.Expr:
    """The month's own lines add up (two teams, two sheets); a later one makes it more only beyond what is open."""
    own = pl.col(column).filter(~pl.col("is_back")).sum()
    later = pl.col(total).filter(pl.col("is_back")).max().fill_null(0)
    return pl.max_horizontal(own, later.cast(MONEY))
