"""Whether an unpaid order reaches the list: amount test on migrant workers, or serious incident (Order 45, art. 5)."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.credit.listing import law as codes
from services.credit.listing.law import Law, ParameterMissing


class Ground(StrEnum):
    """Why an employer may be listed."""

    ONE_WORKER = "one_worker"  # 法释〔2013〕3号 art. 3 (1)
    TEN_WORKERS = "ten_workers"  # 法释〔2013〕3号 art. 3 (2)
    INCIDENT = "incident"  # Order 45 art. 5 (2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrears:
    """What migrant workers are owed. Urban workers' arrears never count here (Order 45, art. 5).

    `largest_single` is the most that one worker is owed among those unpaid for the statutory months, in CNY;
    `longest_months` is the longest time one worker is unpaid.
    """

    migrant_workers: int
    migrant_amount: Decimal
    longest_months: int
    largest_single: Decimal
    incident_serious: bool = False


def grounds(arrears: Arrears, law: Law) -> tuple[Ground, ...]:
    """The grounds that are met; empty means none.

    Raises ParameterMissing where the province's amount is not configured and no incident decides it alone.
    """
    incident = (Ground.INCIDENT,) if arrears.incident_serious else ()
    try:
        return _amount_test(arrears, law) + incident
    except ParameterMissing:
        if incident:
            return incident
        raise


def _amount_test(arrears: Arrears, law: Law) -> tuple[Ground, ...]:
    # Two tests joined by "or"; a case may reach both.
    tests = ((Ground.ONE_WORKER, _one_worker), (Ground.TEN_WORKERS, _ten_workers))
    return tuple(ground for ground, is_met in tests if is_met(arrears, law))


def _one_worker(arrears: Arrears, law: Law) -> bool:
    # 以上 includes the number itself: 法释〔2013〕3号 art. 3, read with 民法典 art. 1259.
    return arrears.longest_months >= law.number(codes.SINGLE_MONTHS) and arrears.largest_single >= law.amount(
        codes.SINGLE_AMOUNT
    )


def _ten_workers(arrears: Arrears, law: Law) -> bool:
    return arrears.migrant_workers >= law.number(codes.GROUP_WORKERS) and arrears.migrant_amount >= law.amount(
        codes.GROUP_AMOUNT
    )
