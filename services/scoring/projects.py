"""Project features that join several feeds: labour fee by cycle, and months without wages.

Pure, over the same facts as `features.py`. A bank that is silent altogether is "not known", not "nothing paid".
"""

from datetime import date, timedelta

import polars as pl

from services.scoring.features import EVIDENCE, REVIEW, Features, Measured
from services.scoring.flows import FEE, wages_that_stayed
from services.scoring.frames import Facts, first_day
from services.scoring.rulebook import Rulebook
from services.scoring.values import local_day, month_of

_DONE = ("完工", "004", "complete", "completed")
# How far back these features look. The horizons of attendance and flows in datasets.yaml lie beyond it.
LOOKBACK_MONTHS = 12
# A payroll line that pays for an earlier month: it says nothing of the month that its payroll is for.
IS_BACK_PAY = (pl.col("is_back_pay") & pl.col("back_month").is_not_null()).fill_null(False)
_NEVER = pl.lit(date.min)
# As long as a payroll line counts in the features of P08.
_LINE_DAYS = 62


def build(facts: Facts, book: Rulebook, features: Features) -> None:
    """Add whether a project runs, the least wage, and P04's and P06's features, to the projects' features."""
    today = facts.today
    running = watched(facts, today)
    banks = bank_horizon(facts, book.parameter("bank_silence_days", today), today)
    grace_days = book.parameter("labour_fee_grace_days", today)
    features.add("site_running", _is_running(facts, running))
    features.add("minimum_hourly_wage", _minimum_hourly_wage(facts, book))
    features.add("fee_cycles_missed", _fee_cycles(facts, running, banks, grace_days))
    for code, measured in _unpaid_months(facts, banks, today).items():
        features.add(code, measured)
    # Cycles and months pass without any report: every project is looked at again the next day.
    features.review = facts.subjects.with_columns(pl.lit(today + timedelta(days=1)).alias("ends"))


def watched(facts: Facts, today: date) -> pl.DataFrame:
    """(subject, started, fee_day) of the projects under way: known, and neither completed nor stopped for good."""
    columns = ("subject", "state", "start_date", "labour_fee_day")
    frames = [facts.frames[code].select(columns) for code in ("tr_project", "wr_project")]
    homes = facts.frames["hc_project"].filter(pl.col("complete_date").is_null() | (pl.col("complete_date") > today))
    # Housing reports no agreed day.
    every = pl.concat([homes.with_columns(pl.lit(None, pl.Int64).alias("labour_fee_day")).select(columns), *frames])
    running = every.filter(pl.col("state").is_in(_DONE).not_().fill_null(True))
    fee_day = pl.col("labour_fee_day").filter(pl.col("labour_fee_day").is_between(1, 31)).min()
    return running.group_by("subject").agg(pl.col("start_date").min().alias("started"), fee_day.alias("fee_day"))


def _is_running(facts: Facts, running: pl.DataFrame) -> Measured:
    """1 of a project under way, 0 of one that is not; of one that stands in no register it is not known."""
    rows = pl.concat([_origin(facts.frames[code]) for code in ("hc_project", "tr_project", "wr_project")])
    known = rows.select("subject", pl.lit(None, pl.Date).alias("time")).unique()
    is_running = pl.col("subject").is_in(running.get_column("subject").implode()).cast(pl.Int64)
    return measured("site_running", facts, known.select("subject", is_running.alias("value"), "time"), rows)


def _minimum_hourly_wage(facts: Facts, book: Rulebook) -> Measured:
    """P08: the least wage of a full month by the hour, as it was when the oldest line that counts was reported."""
    try:
        month = book.parameter("minimum_wage_month", facts.today - timedelta(days=_LINE_DAYS))
    except KeyError:  # a book that tells of today's alone
        month = book.parameter("minimum_wage_month", facts.today)
    least = pl.lit(month / book.parameter("paid_hours_month", facts.today))
    # It speaks of no day: what is compared with it does.
    table = facts.subjects.select("subject", least.alias("value"), pl.lit(None, pl.Date).alias("time"))
    return measured("minimum_hourly_wage", facts, table, pl.DataFrame(schema=EVIDENCE))


def bank_horizon(facts: Facts, silence_days: int, today: date) -> pl.DataFrame:
    """(subject, heard_from, heard_until): between which days the project's banks would have told of a movement.

    Of several open accounts the bank of each has to be heard: what another does not show, a silent one may have paid;
    also before its feed began, unless the account was opened later than that or was closed by then. Of one whose bank
    has never told of any account nothing is known while it is open.
    """
    accounts = facts.frames["bk_special_account"]
    named = ("subject", "account_no", "agency")
    banks = pl.concat([accounts.select(named), facts.frames["bk_account_flow"].select(named)]).unique()
    spoke = facts.feeds.filter(pl.col("dataset") == "bk_account_flow").join(banks, on="agency")
    heard = local_day(pl.col("reported_at")) + timedelta(days=silence_days)
    # A bank whose feed has stopped would not have told of anything since: no cycle is missed by its silence.
    last = pl.coalesce(local_day(pl.col("stopped_at")), heard)
    of_account = spoke.group_by("subject", "account_no").agg(
        local_day(pl.col("oldest")).min().alias("heard_from"),
        pl.min_horizontal(last.max(), pl.lit(today)).alias("until"),
    )
    opened = accounts.group_by("subject", "account_no").agg(pl.col("opened_at").min())
    closed = (
        accounts.filter(pl.col("closed_at") <= today).group_by("subject", "account_no").agg(pl.col("closed_at").max())
    )
    every = opened.join(of_account, on=["subject", "account_no"], how="full", coalesce=True, nulls_equal=True)
    known = every.join(closed, on=["subject", "account_no"], how="left", nulls_equal=True)
    marked = known.with_columns(pl.coalesce("until", pl.col("opened_at") - timedelta(days=1), _NEVER).alias("until"))
    of_open = pl.col("until").filter(pl.col("closed_at").is_null()).min()
    was_heard_of = pl.col("opened_at") >= pl.col("heard_from")
    unheard_until = pl.when(~was_heard_of.fill_null(False)).then(pl.min_horizontal("heard_from", "closed_at")).max()
    spans = marked.group_by("subject").agg(
        pl.coalesce(unheard_until, pl.col("heard_from").min()).alias("heard_from"),
        pl.coalesce(of_open, pl.col("until").max()).alias("heard_until"),
        pl.col("heard_from").is_not_null().any().alias("is_heard"),
    )
    return spans.filter("is_heard", pl.col("heard_from") <= pl.col("heard_until")).drop("is_heard")


def _fee_cycles(facts: Facts, running: pl.DataFrame, banks: pl.DataFrame, grace_days: int) -> Measured:
    """P04: cycles since the last labour fee came in: whole months or agreed days, whichever are more.

    Decree 724, art. 24: the fee is paid as agreed, and the cycle is at most one month.
    """
    lookback = first_day(pl.lit(this_month(facts.today) - LOOKBACK_MONTHS))
    incoming = facts.frames["bk_account_flow"].filter(
        pl.col("direction") == "in",
        pl.col("purpose").is_in(FEE) | pl.col("purpose").is_null(),
        pl.col("time") >= lookback,
    )
    open_accounts = facts.frames["bk_special_account"].filter(pl.col("closed_at").is_null())
    opened = open_accounts.group_by("subject").agg(pl.col("opened_at").min().alias("opened"))
    last_in = incoming.group_by("subject").agg(pl.col("time").max().alias("last_in"))
    table = running.join(opened, on="subject").join(banks, on="subject").join(last_in, on="subject", how="left")
    begun = pl.coalesce("opened", "started")
    # Before the bank's feed spoke for the first time, its silence says nothing; nor does anyone look back for ever.
    heard = pl.when(begun.is_not_null()).then(pl.max_horizontal(begun, "heard_from", lookback))
    table = table.with_columns(pl.coalesce("last_in", heard).alias("since")).filter(pl.col("since").is_not_null())
    # More cycles missed is the earlier of the two triggers. Without an agreed day only the months count.
    # What came in after the last day on which every bank was heard leaves none missed.
    cycles = pl.max_horizontal(_whole_months("since", "heard_until"), _agreed_days_missed(grace_days), pl.lit(0))
    missed = table.select("subject", cycles.alias("value"), pl.col("heard_until").alias("time"))
    newest_in = incoming.filter(pl.col("time") == pl.col("time").max().over("subject"))
    evidence = pl.concat([_origin(newest_in), _origin(open_accounts)])
    return measured("fee_cycles_missed", facts, missed, evidence)


def _whole_months(since: str, until: str) -> pl.Expr:
    """Months that have passed entirely: one more only on the day after the month is full ("> 1 month")."""
    months = month_of(pl.col(until)) - month_of(pl.col(since))
    not_full = pl.col(until).dt.day() <= pl.col(since).dt.day()
    return pl.max_horizontal(months - not_full.cast(pl.Int32), pl.lit(0))


def _agreed_days_missed(grace_days: int) -> pl.Expr:
    """Agreed days that are more than the grace past, after the one that the last fee was for: the nearest to it."""
    last_due = pl.col("heard_until") - pl.duration(days=grace_days + 1)
    # In a month that is too short for it, the agreed day is the last one.
    not_yet = (pl.col("fee_day") > last_due.dt.day()) & (last_due != last_due.dt.month_end())
    # Moved so that agreed days fall on the first of a month, half a month later is in the month of the nearest one.
    paid_for = month_of(pl.col("since") - pl.duration(days=pl.col("fee_day") - 1) + pl.duration(days=15))
    return pl.max_horizontal(month_of(last_due) - not_yet.cast(pl.Int32) - paid_for, pl.lit(0))


def _unpaid_months(facts: Facts, banks: pl.DataFrame, today: date) -> dict[str, Measured]:
    """P06: months in which workers came, and in and after which no wage left the account for good; managers aside.

    With them how many workers came in them, and what their payrolls state (null where there are none).
    """
    now = this_month(today)
    came = facts.frames["hc_attendance"].filter(pl.col("id_no").is_not_null())
    attendance = workers_among(facts, came).with_columns(month_of(pl.col("time")).alias("month"))
    settled = attendance.join(banks, on="subject").filter(
        pl.col("month") > now - LOOKBACK_MONTHS,
        pl.col("month") >= month_of(pl.col("heard_from")),
        # The third month has begun, and the banks would have told of a payment until then.
        month_of(pl.col("heard_until")) >= pl.col("month") + 2,
    )
    paid = _paid_months(facts)
    unpaid = settled.join(paid, on=["subject", "month"], how="anti")
    known = settled.group_by("subject").agg(pl.col("time").max())
    counts = unpaid.group_by("subject").agg(pl.col("month").n_unique(), pl.col("id_no").n_unique().alias("workers"))
    counted = known.join(counts, on="subject", how="left").join(_stated(facts, unpaid), on="subject", how="left")
    first_of_month = unpaid.unique(["subject", "month", "id_no"], keep="last", maintain_order=True)
    values = {
        "unpaid_attendance_months": pl.col("month").fill_null(0),
        "unpaid_attendance_workers": pl.col("workers").fill_null(0),
        "unpaid_attendance_payable": pl.col("payable"),
    }
    return {
        code: measured(code, facts, counted.select("subject", value.alias("value"), "time"), _origin(first_of_month))
        for code, value in values.items()
    }


def _stated(facts: Facts, months: pl.DataFrame) -> pl.DataFrame:
    """(subject, payable): what the payroll lines of some months come to."""
    lines = facts.frames["hc_payroll_detail"].join(
        facts.frames["hc_payroll"].select("subject", "payroll_no", pl.col("pay_month").alias("month")),
        on=["subject", "payroll_no"],
    )
    of_months = lines.join(months.select("subject", "month").unique(), on=["subject", "month"], how="semi")
    return of_months.drop_nulls("payable").group_by("subject").agg(pl.col("payable").sum())


def _paid_months(facts: Facts) -> pl.DataFrame:
    """(subject, month) in which, or in the month after which, wages left the account and did not all come back.

    A wage of an untold sum was one all the same.
    """
    wages = wages_that_stayed(facts).with_columns(month_of(pl.col("time")).alias("month"))
    both = pl.concat([wages, wages.with_columns(pl.col("month") - 1)]).group_by("subject", "month")
    sums = both.agg(pl.col("stayed").sum(), pl.col("is_untold").any())
    return sums.filter((pl.col("stayed") > 0) | pl.col("is_untold")).select("subject", "month")


def workers_among(facts: Facts, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of (subject, id_no) without managers by the register: they are paid outside the project's sheets."""
    managers = facts.frames["hc_worker"].filter(pl.col("work_role") == "manager")
    return rows.join(managers, on=["subject", "id_no"], how="anti", maintain_order="left")


def this_month(today: date) -> int:
    """The month of a day as a count since year 0."""
    return today.year * 12 + today.month - 1


def _origin(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(*EVIDENCE)


def measured(code: str, facts: Facts, table: pl.DataFrame, evidence: pl.DataFrame) -> Measured:
    """A feature of every subject, from (subject, value, time) of those of whom it is known."""
    values = facts.subjects.join(table, on="subject", how="left", maintain_order="left")
    named = values.select(pl.col("value").alias(code), pl.col("time").alias(f"{code}@"))
    return Measured(named, evidence, pl.DataFrame(schema=REVIEW))
