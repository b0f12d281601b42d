"""Project features of what the sheets say of single workers: who came and stands on none (P07), who got much (P09).

Pure, over the same facts as `features.py`. The teams of a site hand in their sheets on different days: nobody is said
to be left out by a team whose sheet is still to come, until that month's wages were due.
"""

from datetime import timedelta

import polars as pl

from services.scoring.features import EVIDENCE, Features, Measured
from services.scoring.frames import Facts
from services.scoring.projects import IS_BACK_PAY, LOOKBACK_MONTHS, measured, this_month, workers_among
from services.scoring.rulebook import Rulebook
from services.scoring.values import local_day, month_of
from services.scoring.wages import due_days

_MONTH = ["subject", "month"]
_TEAM = ["corp_uscc", "team_no"]
# A worker's pay is told as long as one of its lines is not older.
_TOLD_DAYS = 60


def build(facts: Facts, book: Rulebook, features: Features) -> None:
    """Add P07's and P09's features to the projects' features."""
    lines = _lines(facts)
    for code, found in (_left_out(facts, book, lines) | _highest(facts, lines)).items():
        features.add(code, found)


def _left_out(facts: Facts, book: Rulebook, lines: pl.DataFrame) -> dict[str, Measured]:
    """P07: of the workers who attended in the last month with a sheet, those without a line for it; managers aside.

    While a team is waited for, the share is the least that it can be; and an older month's stands if that was graver.
    """
    sheets = _whole_sheets(facts, book)
    present = _present(facts, sheets)
    missing = present.join(lines, on=[*_MONTH, "id_no"], how="anti", maintain_order="left")
    waiting = _waiting(facts, present, missing, sheets, lines)
    said = missing.join(waiting, on=[*_MONTH, "id_no"], how="anti", maintain_order="left")
    counts = (
        missing.group_by(_MONTH)
        .agg(pl.len().alias("missing"))
        .join(said.group_by(_MONTH).agg(pl.len().alias("left_out")), on=_MONTH, how="left")
    )
    attended = present.group_by(_MONTH).agg(pl.len().alias("attended"), pl.col("time").max())
    table = _gravest(
        attended.join(counts, on=_MONTH, how="left").with_columns(pl.col("missing", "left_out").fill_null(0))
    )
    of_month = said.join(table, on=_MONTH, how="semi", maintain_order="left")
    headers = facts.frames["hc_payroll"].join(
        sheets.join(table, on=_MONTH, how="semi"), on=["subject", "payroll_no"], how="semi"
    )
    evidence = pl.concat([of_month.select(*EVIDENCE), headers.select(*EVIDENCE)])
    values = {
        "attending_workers": pl.col("attended"),
        "workers_without_wage": pl.col("left_out"),
        # Not rounded: a threshold is met by what is, and only the sentence is short.
        "workers_without_wage_percent": pl.col("left_out") * 100 / pl.col("attended"),
    }
    return _each(facts, table, values, evidence)


def _gravest(months: pl.DataFrame) -> pl.DataFrame:
    """Of each project the month with the largest share, from the last one on in which no team is waited for."""
    whole = (
        months.filter(pl.col("missing") == pl.col("left_out"))
        .group_by("subject")
        .agg(pl.col("month").max().alias("whole"))
    )
    recent = months.join(whole, on="subject", how="left").filter(pl.col("month") >= pl.col("whole").fill_null(0))
    share = pl.col("left_out") / pl.col("attended")
    return recent.sort(share, "month").unique("subject", keep="last", maintain_order=True)


def _whole_sheets(facts: Facts, book: Rulebook) -> pl.DataFrame:
    """(subject, month, payroll_no, *_TEAM, is_over) of sheets whose lines have all come, or have had time to come.

    Of months that are over, from the last one on whose wages were due (`is_over`): the sheet of one who left early says
    nothing of the others. What only pays for an earlier month is no sheet of its own; nor is what has no line at all.
    """
    patience = timedelta(days=book.parameter("payroll_patience_days", facts.today))
    told = facts.frames["hc_payroll_detail"].group_by("subject", "payroll_no")
    lines = told.agg(pl.len().alias("lines"), (~IS_BACK_PAY).any().alias("is_own"))
    headers = facts.frames["hc_payroll"].rename({"pay_month": "month"})
    own = headers.join(lines, on=["subject", "payroll_no"], how="left").filter(pl.col("is_own").fill_null(True))
    complete = (pl.col("lines").fill_null(0) >= pl.col("worker_cnt")).fill_null(False)
    waited = local_day(pl.col("reported")) + patience < facts.today
    # One sheet still on its way makes the whole month unknown: its workers may be on it.
    whole = own.filter((complete | waited).all().over(_MONTH), pl.col("lines").is_not_null())
    now = this_month(facts.today)
    past = whole.filter(pl.col("month") < now, pl.col("month") > now - LOOKBACK_MONTHS)
    is_over = (pl.col("due_on") + patience < facts.today).fill_null(False)
    dated = past.join(due_days(facts.today, book), on="month", how="left").with_columns(is_over.alias("is_over"))
    last_over = pl.col("month").filter(pl.col("is_over")).max().over("subject").fill_null(0)
    return dated.filter(pl.col("month") >= last_over).select(*_MONTH, "payroll_no", *_TEAM, "is_over")


def _present(facts: Facts, sheets: pl.DataFrame) -> pl.DataFrame:
    """A row a worker of each of these months in which he attended."""
    came = facts.frames["hc_attendance"].filter(pl.col("id_no").is_not_null())
    of_months = came.with_columns(month_of(pl.col("time")).alias("month")).join(
        sheets.select(_MONTH).unique(), on=_MONTH, how="semi", maintain_order="left"
    )
    return workers_among(facts, of_months.unique([*_MONTH, "id_no"], keep="last", maintain_order=True))


def _lines(facts: Facts) -> pl.DataFrame:
    """Every line with the month that it pays for (`month`) and whose sheet it stands on (_TEAM)."""
    headers = facts.frames["hc_payroll"].select("subject", "payroll_no", "pay_month", *_TEAM)
    lines = facts.frames["hc_payroll_detail"].join(headers, on=["subject", "payroll_no"], maintain_order="left")
    month = pl.when(IS_BACK_PAY).then("back_month").otherwise("pay_month")
    return lines.filter(pl.col("id_no").is_not_null()).with_columns(month.alias("month"))


def _waiting(
    facts: Facts, present: pl.DataFrame, missing: pl.DataFrame, sheets: pl.DataFrame, lines: pl.DataFrame
) -> pl.DataFrame:
    """(subject, month, id_no) of those missing whose team's sheet is still to come, and whose month was not due yet.

    Of whom neither team nor subcontractor is told, any team may be the one.
    """
    over = sheets.filter("is_over")
    open_ = missing.join(over, on=_MONTH, how="anti").select(*_MONTH, "id_no")
    if open_.is_empty():
        return open_
    whose = _teams(facts, lines)
    there = present.join(open_, on=_MONTH, how="semi").select(*_MONTH, "id_no")
    teams = there.join(whose, on=["subject", "id_no"], how="left").select(*_MONTH, *_TEAM).unique()
    came = _fitting(teams, sheets).select(*_MONTH, *_TEAM).unique()
    to_come = teams.join(came, on=[*_MONTH, *_TEAM], how="anti", nulls_equal=True)
    waits = _fitting(teams, to_come).select(*_MONTH, *_TEAM).unique()
    told = open_.join(whose, on=["subject", "id_no"], how="left")
    return told.join(waits, on=[*_MONTH, *_TEAM], how="semi", nulls_equal=True).select(*_MONTH, "id_no")


def _fitting(teams: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Each team with each of the others that may be the same: what is not told tells nobody apart."""
    pairs = teams.join(others, on=_MONTH, suffix="_other")
    same = [(pl.col(part) == pl.col(f"{part}_other")).fill_null(True) for part in _TEAM]
    return pairs.filter(*same)


def _teams(facts: Facts, lines: pl.DataFrame) -> pl.DataFrame:
    """(subject, id_no, *_TEAM): by the register; of whom it does not tell by the last sheet that named him."""
    whose = ["subject", "id_no"]
    register = facts.frames["hc_worker"].select(*whose, *_TEAM)
    told = register.filter(pl.any_horizontal(pl.col(_TEAM).is_not_null()))
    others = lines.join(told, on=whose, how="anti").sort("month", "payroll_no").select(*whose, *_TEAM)
    return pl.concat([others, told]).unique(whose, keep="last", maintain_order=True)


def _highest(facts: Facts, lines: pl.DataFrame) -> dict[str, Measured]:
    """P09: the most that one worker (no manager) was paid for a month, and for a calendar year; of what is told lately.

    Only what has a day of payment that has come; back pay counts for its month, and for none when it does not tell it.
    """
    was_paid = (pl.col("paid_at") <= facts.today).fill_null(False)
    of_no_month = (pl.col("is_back_pay") & pl.col("back_month").is_null()).fill_null(False)
    paid = workers_among(facts, lines).filter(was_paid, ~of_no_month, pl.col("month").is_not_null())
    paid = paid.with_columns((pl.col("month") // 12).alias("year"))
    told = paid.filter((pl.lit(facts.today) - pl.col("time")).dt.total_days() <= _TOLD_DAYS)
    found: dict[str, Measured] = {}
    for code, term in (("highest_month_wage", "month"), ("highest_year_wage", "year")):
        whose = ["subject", "id_no", term]
        lately = paid.join(told, on=whose, how="semi").group_by(whose)
        sums = lately.agg(pl.col("actual").sum().alias("value"), pl.col("time").max())
        most = sums.sort("value", "time", "id_no", term).unique("subject", keep="last", maintain_order=True)
        behind = paid.join(most, on=whose, how="semi").select(*EVIDENCE)
        found[code] = measured(code, facts, most.select("subject", "value", "time"), behind)
    return found


def _each(facts: Facts, table: pl.DataFrame, values: dict[str, pl.Expr], evidence: pl.DataFrame) -> dict[str, Measured]:
    return {
        code: measured(code, facts, table.select("subject", value.alias("value"), "time"), evidence)
        for code, value in values.items()
    }
