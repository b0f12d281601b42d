"""The numbers of law: effective-dated parameters with their source. No number of law lives in code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.errors import Conflict

NATION = "00"

# 法释〔2013〕3号 art. 3: how many months and workers, and the amounts that the province fixes (T1 and T2).
SINGLE_MONTHS = "refusal_single_months"
SINGLE_AMOUNT = "refusal_single_amount"
GROUP_WORKERS = "refusal_group_workers"
GROUP_AMOUNT = "refusal_group_amount"
# Order 45: art. 6 (objection, answer), art. 8 (decision, extension), art. 11 (period); screening, notice: our pace.
OBJECTION_DAYS = "objection_working_days"
ANSWER_DAYS = "objection_answer_working_days"
DECISION_DAYS = "decision_working_days"
EXTENSION_DAYS = "decision_extension_working_days"
# ZJ Public Credit Reg. art. 31: the answer to an objection against what is on the list.
DISPUTE_DAYS = "dispute_working_days"
LISTING_YEARS = "listing_years"
SCREENING_DAYS = "screening_working_days"
NOTICE_DAYS = "notice_working_days"

AMOUNT_TEST = (SINGLE_MONTHS, SINGLE_AMOUNT, GROUP_WORKERS, GROUP_AMOUNT)
# 法释〔2013〕3号 art. 3: the corridor inside which a province fixes its amount, in CNY.
CORRIDORS: Mapping[str, tuple[str, str]] = {
    SINGLE_AMOUNT: ("refusal_single_amount_min", "refusal_single_amount_max"),
    GROUP_AMOUNT: ("refusal_group_amount_min", "refusal_group_amount_max"),
}

BANNER_ZH = "提示：以下法律参数尚未经核对，使用前须由法制部门确认：{codes}"
BANNER_EN = "Notice: these legal parameters are not yet verified and need the legal officer's confirmation: {codes}"


class ParameterMissing(Conflict):
    """A number of law is not configured for this region and day; nothing is decided by guessing it."""

    slug = "legal-parameter-missing"
    title = "A legal parameter is not configured"
    title_zh = "缺少法律参数"


class ParameterOutsideCorridor(Conflict):
    """A provincial amount lies outside what the judicial interpretation allows."""

    slug = "legal-parameter-outside-corridor"
    title = "A legal parameter lies outside its legal corridor"
    title_zh = "法律参数超出法定幅度"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One number of law: valid in a region (division prefix; "00" is the nation) from a day on, or between two days."""

    code: str
    region: str
    valid_from: date
    valid_to: date | None
    value: Decimal
    source: str
    verified: bool

    def is_valid(self, division: str, day: date) -> bool:
        """Whether it holds in the division on the day (both ends included)."""
        near = self.region == NATION or division.startswith(self.region)
        return near and self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Law:
    """The parameters that hold in one division on one day."""

    parameters: Mapping[str, Parameter]

    def amount(self, code: str) -> Decimal:
        """The value; ParameterMissing if there is none, ParameterOutsideCorridor if the law forbids it."""
        parameter = self.parameters.get(code)
        if parameter is None:
            raise ParameterMissing(
                f"No value of {code} is configured for this region and day.",
                detail_zh=f"该地区该日没有配置参数 {code}。",
            )
        self._check_corridor(parameter)
        return parameter.value

    def number(self, code: str) -> int:
        """The value as a whole number (days, months, workers, years)."""
        return int(self.amount(code))

    def used(self, *codes: str) -> list[Parameter]:
        """The parameters behind a finding, to be shown beside it."""
        return [self.parameters[code] for code in codes if code in self.parameters]

    def _check_corridor(self, parameter: Parameter) -> None:
        if parameter.code not in CORRIDORS:
            return
        low, high = (self.amount(code) for code in CORRIDORS[parameter.code])
        if not low <= parameter.value <= high:
            raise ParameterOutsideCorridor(
                f"{parameter.code} = {parameter.value} is not within {low} and {high}.",
                detail_zh=f"参数 {parameter.code} = {parameter.value} 不在 {low} 与 {high} 之间。",
            )


def law_at(parameters: Iterable[Parameter], division: str, day: date) -> Law:
    """The law of a division on a day: the nearest region wins, then the latest beginning."""
    valid = [each for each in parameters if each.is_valid(division, day)]
    valid.sort(key=lambda each: (each.region != NATION, len(each.region), each.valid_from))
    return Law({each.code: each for each in valid})


def banner(parameters: Iterable[Parameter]) -> tuple[str, str] | None:
    """The warning (Chinese, English) that unverified numbers are in use, or None."""
    codes = "、".join(sorted({each.code for each in parameters if not each.verified}))
    return (BANNER_ZH.format(codes=codes), BANNER_EN.format(codes=codes)) if codes else None
