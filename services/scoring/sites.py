"""Project features of who comes to a site: real names, contracts, a collapse, silence, and punches made by hand.

Pure, over the same facts as `features.py`. A row of attendance is a punch, or (folded) a worker's month: then `came`
and `made` tell its days, bit 0 being the first; of a punch they are its own day. What a site has not told is unknown.
"""

from datetime import date, timedelta

import polars as pl

from services.scoring.features import EVIDENCE, Features, Measured
from services.scoring.frames import Facts, first_day
from services.scoring.projects import measured, this_month, watched
from services.scoring.rulebook import Rulebook
from services.scoring.values import month_of
from shared.calendar import is_working_day, working_days_between

_DAY = timedelta(days=1)
_BY_HAND = (pl.col("origin") == "generated") | (pl.col("attend_type") == "manual")
_STOPPED = ("停工", "stopped", "suspended")


def build(facts: Facts, book: Rulebook, features: Features) -> None:
    """Add P12, P13, P18 and P20's features to the projects' features."""
    months = worker_months(facts)
    by_code = _without_real_name(facts, months, book.parameter("real_name_patience_days", facts.today))
    by_code |= _collapse(facts, months, book) | _silence(facts, months) | _by_hand(facts, months, book)
    for code, found in by_code.items():
        features.add(code, found)


def worker_months(facts: Facts) -> pl.DataFrame:
    """A line a project, month and worker: `came` and `made` by hand as days' bits, and the last punch's origin."""
    frame = facts.frames["hc_attendance"].filter(pl.col("id_no").is_not_null())
    own = pl.lit(2).pow(pl.col("time").dt.day().cast(pl.Int64) - 1).cast(pl.Int64)
    rows = frame.with_columns(
        month_of(pl.col("time")).alias("month"),
        pl.coalesce("came", own).alias("came"),
        pl.coalesce("made", pl.when(_BY_HAND.fill_null(False)).then(own).otherwise(0)).alias("made"),
    )
    origin = [pl.col(name).last() for name in EVIDENCE if name != "subject"]
    days = [pl.col(name).bitwise_or() for name in ("came", "made")]
    return rows.group_by("subject", "month", "id_no", maintain_order=True).agg(*days, *origin)


def _without_real_name(facts: Facts, months: pl.DataFrame, patience_days: int) -> dict[str, Measured]:
    """P12: of those who came this month or the last, who stands on no register of the site, or without a contract.

    Decree 724, art. 28. A project without any register is not known, and so are newcomers for some days.
    """
    register = facts.frames["hc_worker"]
    if facts.stopped.get("hc_worker"):  # whom a register that has stopped does not name, it may not know yet
        register = register.clear()
    day = (pl.col("came") & -pl.col("came")).log(2).round().cast(pl.Int64)
    first = first_day(pl.col("month")) + pl.duration(days=day)
    known = months.join(register.select("subject").unique(), on="subject", how="semi")
    recent = known.filter(
        pl.col("month") >= this_month(facts.today) - 1, first <= facts.today - timedelta(days=patience_days)
    )
    present = recent.unique(["subject", "id_no"], keep="last", maintain_order=True)
    named = register.group_by("subject", "id_no").agg(pl.col("has_contract").fill_null(True).any().alias("is_in_order"))
    marked = present.join(named, on=["subject", "id_no"], how="left", maintain_order="left")
    missing = marked.filter(~pl.col("is_in_order").fill_null(False))
    workers = present.group_by("subject").agg(pl.len().alias("workers"), pl.col("time").max())
    lacking = missing.group_by("subject").agg(pl.len().alias("lacking"))
    table = workers.join(lacking, on="subject", how="left").with_columns(pl.col("lacking").fill_null(0))
    values = {
        "workers_seen": pl.col("workers"),
        "workers_without_real_name": pl.col("lacking"),
        # Not rounded: a threshold is met by what is, and only the sentence is short.
        "workers_without_real_name_percent": pl.col("lacking") * 100 / pl.col("workers"),
    }
    return _each(facts, table, values, missing.select(*EVIDENCE))


def _collapse(facts: Facts, months: pl.DataFrame, book: Rulebook) -> dict[str, Measured]:
    """P13: how far below its usual number of workers a site was on every working day of its last days.

    The days end with the last one that the site told of: what it has not told is not an empty site.
    """
    today = facts.today
    window, past = (book.parameter(f"attendance_{name}_days", today) for name in ("window", "past"))
    # The days that are looked at end up to twice the window ago, and reach back from there.
    begin = this_month(today - timedelta(days=3 * window + past))
    days = _workers_a_day(months.filter(pl.col("month") >= begin))
    last = days.filter(pl.col("day") < today).group_by("subject").agg(pl.col("day").max().alias("time"))
    sites = last.join(watched(facts, today), on="subject", how="semi").filter(
        pl.col("time") >= today - timedelta(days=2 * window)
    )
    grid = sites.join(_working_days(today, 3 * window + past), how="cross").filter(
        pl.col("day") <= pl.col("time"), pl.col("day") > pl.col("time") - pl.duration(days=window + past)
    )
    counted = grid.join(days, on=["subject", "day"], how="left").with_columns(pl.col("workers").fill_null(0))
    is_recent = pl.col("day") > pl.col("time") - pl.duration(days=window)
    table = counted.group_by("subject").agg(
        pl.col("time").first(),
        is_recent.sum().alias("told"),
        pl.col("workers").filter(is_recent).max().alias("now"),
        pl.col("workers").filter(~is_recent).median().alias("usual"),
    )
    enough = pl.col("told") >= book.parameter("attendance_least_days", today)
    table = table.filter(enough, pl.col("usual") >= book.parameter("attendance_least_workers", today))
    values = {
        "attendance_now": pl.col("now"),
        "attendance_usual": pl.col("usual"),
        "attendance_fall_percent": (1 - pl.col("now") / pl.col("usual")) * 100,
    }
    newest = months.filter(pl.col("month") == pl.col("month").max().over("subject"))
    return _each(facts, table, values, newest.select(*EVIDENCE))


def _silence(facts: Facts, months: pl.DataFrame) -> dict[str, Measured]:
    """P18: how many working days have passed since an active site last told of anybody; today is not over."""
    frames = [facts.frames[code].select("subject", "state") for code in ("hc_project", "tr_project", "wr_project")]
    stopped = pl.concat(frames).filter(pl.col("state").is_in(_STOPPED))
    last = months.group_by("subject").agg(pl.col("time").max())
    active = last.join(watched(facts, facts.today), on="subject", how="semi").join(stopped, on="subject", how="anti")
    yesterday = facts.today - _DAY
    days = {day: working_days_between(day, yesterday) for day in active.get_column("time").unique()}
    silent = pl.col("time").replace_strict(days, default=None, return_dtype=pl.Int64)
    newest = months.filter(pl.col("time") == pl.col("time").max().over("subject"))
    return _each(facts, active, {"attendance_silent_days": silent}, newest.select(*EVIDENCE))


def _by_hand(facts: Facts, months: pl.DataFrame, book: Rulebook) -> dict[str, Measured]:
    """P20: of the days on which workers came, this month and the last, those with a punch that no device made."""
    recent = months.filter(pl.col("month") >= this_month(facts.today) - 1)
    came, made = (pl.col(name).bitwise_count_ones().sum().cast(pl.Int64).alias(name) for name in ("came", "made"))
    table = recent.group_by("subject").agg(came, made, pl.col("time").max())
    table = table.filter(pl.col("came") >= book.parameter("attendance_made_least", facts.today))
    values = {
        "attendance_days": pl.col("came"),
        "attendance_made_days": pl.col("made"),
        "attendance_made_percent": pl.col("made") * 100 / pl.col("came"),
    }
    return _each(facts, table, values, recent.filter(pl.col("made") > 0).select(*EVIDENCE))


def _workers_a_day(months: pl.DataFrame) -> pl.DataFrame:
    """(subject, day, workers)."""
    every = months.select("subject", "month", "came").join(pl.DataFrame({"bit": range(31)}), how="cross")
    there = every.filter((pl.col("came") & pl.lit(2).pow(pl.col("bit")).cast(pl.Int64)) > 0)
    day = first_day(pl.col("month")) + pl.duration(days=pl.col("bit"))
    return there.group_by("subject", day.alias("day")).agg(pl.len().cast(pl.Int64).alias("workers"))


def _working_days(today: date, back: int) -> pl.DataFrame:
    """The working days before today: a site is empty on a holiday without anything being wrong."""
    days = [today - number * _DAY for number in range(1, back + 1)]
    return pl.DataFrame({"day": [day for day in days if is_working_day(day)]}, schema={"day": pl.Date})


def _each(facts: Facts, table: pl.DataFrame, values: dict[str, pl.Expr], evidence: pl.DataFrame) -> dict[str, Measured]:
    return {
        code: measured(code, facts, table.select("subject", value.alias("value"), "time"), evidence)
        for code, value in values.items()
    }
