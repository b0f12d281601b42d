"""What is answered of wages. Sums are CNY as decimal strings; workers are pseudonyms, never names or numbers."""

from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from services.scoring.schemas.risk import ParameterOut
from services.scoring.wages.states import State


class _SumsOut(BaseModel):
    payable: Decimal = Field(description="应发: what is owed before deductions")
    deducted: Decimal = Field(description="代扣代缴, of what is payable")
    over_deducted: Decimal = Field(
        description="Taken off beyond what is payable: no part of the sums, to be looked into"
    )
    due: Decimal = Field(description="应发 less 代扣代缴")
    paid: Decimal = Field(description="Paid by today, with a date")
    perhaps_deducted: Decimal = Field(
        description="Of what is not paid, between the payable and the actual sum of sheets that tell no deductions: "
        "it may have been deducted (未报扣除的差额)"
    )
    back_paid: Decimal = Field(description="Of it, on sheets of later months (补发)")
    undated: Decimal = Field(description="On a sheet without a date: not counted as paid")
    elsewhere: Decimal = Field(description="Of what was paid, from an account that is no special one of the project")


class WageLineOut(_SumsOut):
    """A worker's month on a project."""

    worker: str = Field(description="Pseudonym; GET /v1/identities/{pseudonym} at ingest gives the masked number")
    state: State
    role: str | None = Field(description="worker or manager, as registered")
    is_registered: bool = Field(description="Whether he is in the real-name register of the project")
    team_no: str | None
    payrolls: int = Field(description="Sheets with a line for him, back pay included")
    open: Decimal = Field(description="Of `due`, not paid")
    paid_on: date | None = Field(description="The last payment")
    due_on: date
    days: int = Field(description="Days with a punch")
    device_days: int = Field(description="Of them, by a device")
    said_days: int | None = Field(description="Days that the payroll says he worked; null: it says nothing")


class WageMonthOut(_SumsOut):
    """A month of a project. The account's figures are of the calendar month; null: its bank was not heard."""

    month: str = Field(examples=["2026-09"])
    due_on: date
    is_due_provisional: bool = Field(description="The State Council has not announced that year's holidays yet")
    registered: int = Field(description="In the real-name register with entry and exit around the month")
    workers: int = Field(description="With a line here: on a payroll, or attended")
    on_payroll: int
    attended: int
    by_hand_only: int = Field(description="Attended, but no punch of theirs came from a device")
    managers: int
    states: dict[State, int] = Field(description="How many workers are in each state; together `workers`")
    overdue: Decimal = Field(description="Not paid, and past the due day")
    open_not_due: Decimal
    fee_in: Decimal | None = Field(description="Labour fee that came into the special account")
    fee_returned: Decimal | None
    fee_gap: Decimal | None = Field(description="`due` less the labour fee that came in and stayed")
    wage_out: Decimal | None = Field(description="Wages that left the special account")
    wage_returned: Decimal | None = Field(description="Of them what came back, in the month of the payment taken back")
    sheets_paid: Decimal | None = Field(description="What the sheets say was paid in the calendar month")
    sheets_gap: Decimal | None = Field(description="`sheets_paid` less the wages that left the account and stayed away")


class _WagesOut(BaseModel):
    project_code: str
    name: str | None
    division: str | None
    as_of: datetime
    parameters: list[ParameterOut] = Field(description="The numbers behind due days; not `verified`: to be confirmed")


class ProjectWagesOut(_WagesOut):
    """A project's months, the newest first; at most 24."""

    months: list[WageMonthOut]


class ProjectMonthOut(_WagesOut):
    """One month, worker by worker, in order of pseudonym."""

    month: WageMonthOut
    workers: list[WageLineOut]
