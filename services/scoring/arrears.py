"""What a project's workers are owed: near the amounts of the crime of refusing to pay (E34), and after they left (P10).

Pure, over the same facts as `features.py`. Owed is what payroll lines leave open after the last lawful pay day, read as
`wages/` reads them; of it counts what the special account bears out: lines without a day of payment may have been paid
all the same, and then the money has left the account. A bank that was not heard makes it unknown.
"""

from dataclasses import replace
from datetime import date

import polars as pl

from services.scoring.features import EVIDENCE, Features
from services.scoring.flows import wages_that_stayed
from services.scoring.frames import Facts, first_day
from services.scoring.projects import LOOKBACK_MONTHS, bank_horizon, measured, this_month
from services.scoring.rulebook import Rulebook
from services.scoring.values import local_day, month_of
from services.scoring.wages import due_days, open_by, owed_and_paid, stated

_WORKER = ["subject", "worker"]
_LINE = ["subject", "month", "worker"]
_FEATURES = (
    *("workers_near_line", "near_line_workers", "near_line_amount", "near_line_percent"),
    *("left_unpaid_workers", "left_unpaid_amount"),
)


def build(facts: Facts, book: Rulebook, features: Features) -> None:
    """Add E34's and P10's features to the projects' features."""
    banks = bank_horizon(facts, book.parameter("bank_silence_days", facts.today), facts.today)
    lines = _settled(facts, book, banks)
    heard = lines.group_by("subject").agg(pl.col("heard_until").first().alias("time"))
    owed = lines.filter(pl.col("open") > 0)
    # Most sites owe nobody, and then nothing is left to look for.
    table = _figures(facts, heard, owed, _short(facts, lines), book) if owed.height else heard
    behind = _lines_behind(facts, owed)
    for code in _FEATURES:
        value = pl.col(code).fill_null(0) if code in table.columns else pl.lit(0, pl.Int64)
        features.add(code, measured(code, facts, table.select("subject", value.alias("value"), "time"), behind))


def build_grace(facts: Facts, book: Rulebook, features: Features) -> None:
    """Add to the employers' features by how much later than the first of the month owed E33 begins to count."""
    try:
        days = book.parameter("wage_overdue_grace_days", facts.today)
    except KeyError:  # a book of before there was such a choice
        days = 0
    # It speaks of no day: what it is taken from does.
    table = facts.subjects.select("subject", pl.lit(days).alias("value"), pl.lit(None, pl.Date).alias("time"))
    features.add("wage_overdue_grace", measured("wage_overdue_grace", facts, table, pl.DataFrame(schema=EVIDENCE)))


def _figures(
    facts: Facts, heard: pl.DataFrame, owed: pl.DataFrame, short: pl.DataFrame, book: Rulebook
) -> pl.DataFrame:
    """(subject, time, *_FEATURES), null where there is nothing to say."""
    parts = (_near(owed, short, book, facts.today), _together(facts, owed, short, book), _left(facts, owed, short))
    for part in parts:
        heard = heard.join(part, on="subject", how="left")
    return heard


def _settled(facts: Facts, book: Rulebook, banks: pl.DataFrame) -> pl.DataFrame:
    """(subject, month, worker, due, open, heard_until) of the last months whose pay day the bank was heard until."""
    recent = pl.col("month") > this_month(facts.today) - LOOKBACK_MONTHS
    due = due_days(facts.today, book).filter(recent, pl.col("due_on") < facts.today)
    lines = owed_and_paid(stated(_with_deductions(facts)), due).join(banks, on="subject")
    settled = lines.filter(pl.col("month") >= month_of(pl.col("heard_from")), pl.col("due_on") <= pl.col("heard_until"))
    left = pl.max_horizontal(pl.col("due") - pl.col("paid"), pl.lit(0))
    return settled.select("subject", "month", "worker", "due", left.alias("open"), "heard_until")


def _with_deductions(facts: Facts) -> Facts:
    """Lines that tell a net sum and no deductions, as if what lies between were deducted.

    Tax and insurance that a source leaves out are nobody's arrears; else every worker would be owed them.
    """
    lines = facts.frames["hc_payroll_detail"]
    between = pl.max_horizontal(pl.col("payable") - pl.col("actual"), pl.lit(0))
    told = lines.with_columns(pl.coalesce("deduct", pl.when(pl.col("actual") > 0).then(between)).alias("deduct"))
    return replace(facts, frames={**facts.frames, "hc_payroll_detail": told})


def _short(facts: Facts, lines: pl.DataFrame) -> pl.DataFrame:
    """(subject, short): by how much less left the account as wages than was due in the same months and since.

    What came back did not stay paid, and what dated lines say was paid for other months paid none of these.
    """
    due = lines.group_by("subject").agg(pl.col("due").sum(), pl.col("month").min())
    out = wages_that_stayed(facts).select("subject", "time", pl.col("stayed").alias("amount"))
    moved = pl.concat([out, _wages_of_others(facts, lines)])
    since = moved.join(due, on="subject").filter(pl.col("time") >= first_day(pl.col("month")))
    went = since.group_by("subject").agg(pl.col("amount").sum().clip(0).alias("went"))
    left = pl.col("due") - pl.col("went").fill_null(0)
    return due.join(went, on="subject", how="left").select("subject", left.cast(pl.Float64).alias("short"))


def _wages_of_others(facts: Facts, lines: pl.DataFrame) -> pl.DataFrame:
    """(subject, time, amount): what was paid out of the account for months that are not these, taken off."""
    paid = stated(facts).filter(pl.col("paid") > pl.col("elsewhere"))
    others = paid.join(lines.select("subject", "month").unique(), on=["subject", "month"], how="anti")
    return others.select(
        "subject", pl.col("paid_at").alias("time"), (pl.col("elsewhere") - pl.col("paid")).alias("amount")
    )


def _near(owed: pl.DataFrame, short: pl.DataFrame, book: Rulebook, today: date) -> pl.DataFrame:
    """(subject, workers_near_line): who is owed some months' wages that come near the amount for one worker."""
    months, amount = (book.parameter(f"criminal_{name}", today) for name in ("months", "worker_amount"))
    workers = owed.group_by(_WORKER).agg(pl.col("month").n_unique(), _sum("open"))
    percent = pl.col("open") * 100 / amount
    near = workers.filter(pl.col("month") >= months, percent >= book.parameter("criminal_near_percent", today))
    summed = near.group_by("subject").agg(pl.len().cast(pl.Int64).alias("workers_near_line"), pl.col("open").sum())
    borne_out = summed.join(short, on="subject").filter(pl.col("open") <= pl.col("short"))
    return borne_out.select("subject", "workers_near_line")


def _together(facts: Facts, owed: pl.DataFrame, short: pl.DataFrame, book: Rulebook) -> pl.DataFrame:
    """(subject, near_line_workers, near_line_amount, near_line_percent): of who owes enough workers most."""
    least, amount = (book.parameter(f"criminal_{name}", facts.today) for name in ("workers", "total_amount"))
    of_employer = owed.join(_employers(facts, owed), on=_LINE, how="left").group_by("subject", "employer")
    sums = of_employer.agg(pl.col("worker").n_unique().cast(pl.Int64).alias("near_line_workers"), _sum("open"))
    many = sums.filter(pl.col("near_line_workers") >= least).join(short, on="subject")
    borne_out = many.with_columns(pl.min_horizontal("open", pl.col("short").clip(0)).alias("near_line_amount"))
    order = ["near_line_amount", "near_line_workers", "employer"]
    most = borne_out.sort(order, nulls_last=False).unique("subject", keep="last", maintain_order=True)
    percent = (pl.col("near_line_amount") * 100 / amount).alias("near_line_percent")
    return most.select("subject", "near_line_workers", "near_line_amount", percent)


def _left(facts: Facts, owed: pl.DataFrame, short: pl.DataFrame) -> pl.DataFrame:
    """(subject, left_unpaid_workers, left_unpaid_amount): who has left the site, by its register, and is owed wages."""
    gone = facts.frames["hc_worker"].filter(local_day(pl.col("exit_at")) < facts.today)
    leavers = gone.select("subject", pl.col("id_no").alias("worker")).unique()
    sums = (
        owed.join(leavers, on=_WORKER, how="semi")
        .group_by("subject")
        .agg(
            pl.col("worker").n_unique().cast(pl.Int64).alias("left_unpaid_workers"),
            _sum("open").alias("left_unpaid_amount"),
        )
    )
    borne_out = sums.join(short, on="subject").filter(pl.col("left_unpaid_amount") <= pl.col("short"))
    return borne_out.drop("short")


def _employers(facts: Facts, owed: pl.DataFrame) -> pl.DataFrame:
    """(subject, month, worker, employer): whose sheets leave most of the month open.

    Of equal ones whoever has a sheet of the month itself (back pay may restate another's debt), then the first.
    """
    lines = stated(_with_deductions(facts)).join(owed, on=_LINE, how="semi").drop_nulls("corp")
    order = {"open": False, "is_own": False, "corp": True}
    left = open_by(lines, [*_LINE, "corp"]).sort(list(order), descending=list(order.values()))
    most = left.unique(_LINE, keep="last", maintain_order=True)
    return most.select(*_LINE, pl.col("corp").alias("employer"))


def _lines_behind(facts: Facts, owed: pl.DataFrame) -> pl.DataFrame:
    workers = owed.select("subject", pl.col("worker").alias("id_no")).unique()
    return facts.frames["hc_payroll_detail"].join(workers, on=["subject", "id_no"], how="semi").select(*EVIDENCE)


def _sum(column: str) -> pl.Expr:
    return pl.col(column).sum().cast(pl.Float64)
