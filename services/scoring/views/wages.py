"""Wages, from columns to what is answered. Pure."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from services.scoring.rulebook import Rulebook
from services.scoring.schemas.wages import ProjectMonthOut, ProjectWagesOut, WageLineOut, WageMonthOut
from services.scoring.views.risk import parameter_view
from services.scoring.wage_reads import ProjectWages
from services.scoring.wages import STATES
from shared.calendar import is_provisional

_PARAMETERS = ("wage_due_days", "bank_silence_days")
# What an inspector takes to the site: Chinese first, English for the machine.
_TITLES = {
    "worker": "人员代号",
    "state": "状态",
    "role": "类型",
    "is_registered": "实名登记",
    "team_no": "班组",
    "payrolls": "工资单数",
    "payable": "应发",
    "deducted": "代扣代缴",
    "over_deducted": "超应发扣除",
    "due": "应付净额",
    "paid": "已付",
    "open": "未付",
    "perhaps_deducted": "未报扣除的差额",
    "back_paid": "补发",
    "undated": "无日期金额",
    "elsewhere": "非专户支付",
    "paid_on": "最近发放日",
    "due_on": "应付日",
    "days": "考勤天数",
    "device_days": "设备考勤天数",
    "said_days": "工资单天数",
}
# A cell that begins so is a formula to a spreadsheet, whatever was meant (OWASP, CSV injection).
_FORMULA = r"^[\s]*[=+\-@\t\r]"


def project_wages_view(known: ProjectWages, book: Rulebook) -> ProjectWagesOut:
    """A project's months, the newest first."""
    newest_first = known.wages.months.sort("month", descending=True)
    return ProjectWagesOut(**_head(known, book), months=[_month(row) for row in newest_first.iter_rows(named=True)])


def project_month_view(known: ProjectWages, book: Rulebook) -> ProjectMonthOut:
    """One month and its workers."""
    lines = known.wages.lines.drop("subject", "month")
    workers = [WageLineOut(**row) for row in lines.iter_rows(named=True)]
    return ProjectMonthOut(**_head(known, book), month=_month(known.wages.months.row(0, named=True)), workers=workers)


def month_csv(known: ProjectWages) -> bytes:
    """The workers of a month as CSV (UTF-8 with BOM): no cell of it is a formula."""
    table = known.wages.lines.select(_TITLES.keys())
    safe = table.with_columns(_harmless(name) for name, kind in table.schema.items() if kind == pl.String)
    titled = safe.rename({name: f"{title} {name}" for name, title in _TITLES.items()})
    return b"\xef\xbb\xbf" + titled.write_csv(line_terminator="\r\n").encode()


def _harmless(name: str) -> pl.Expr:
    text = pl.col(name)
    return pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text).alias(name)


def month_name(month: int) -> str:
    """Months since year 0 as yyyy-MM."""
    return f"{month // 12:04}-{month % 12 + 1:02}"


def _head(known: ProjectWages, book: Rulebook) -> dict[str, Any]:
    project = known.project
    parameters = [parameter_view(each) for each in book.parameters if each.code in _PARAMETERS]
    about = {"project_code": project.subject_id, "name": project.name, "division": project.division}
    return {**about, "as_of": known.at, "parameters": parameters}


def _month(row: Mapping[str, Any]) -> WageMonthOut:
    plain = {name: value for name, value in row.items() if name not in (*STATES, "subject", "month")}
    return WageMonthOut(
        **plain,
        month=month_name(row["month"]),
        states={state: row[state] for state in STATES},
        is_due_provisional=is_provisional(row["due_on"].year),
    )
