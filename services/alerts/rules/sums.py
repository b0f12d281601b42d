"""What an order to pay adds up to. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True)
class Owed:
    """What one worker is owed: amount in CNY, months, and whether a rural resident (农民工, 724 art. 2)."""

    amount: Decimal
    months: int
    is_rural: bool


@dataclass(frozen=True)
class Sums:
    """What the listing rules need of an order, over migrant workers only (Order 45 art. 5; hard rule 1)."""

    amount: Decimal
    workers: int
    migrant_workers: int
    migrant_amount: Decimal
    longest_months: int
    largest_single: Decimal


def sums_of(owed: Sequence[Owed], single_months: int) -> Sums:
    """The sums of an order. `largest_single`: the most that one migrant worker owed >= `single_months` has to get.

    法释〔2013〕3号 art. 3 (1): one worker, three months or more.
    """
    migrants = [one for one in owed if one.is_rural]
    return Sums(
        amount=sum((one.amount for one in owed), Decimal(0)),
        workers=len(owed),
        migrant_workers=len(migrants),
        migrant_amount=sum((one.amount for one in migrants), Decimal(0)),
        longest_months=max((one.months for one in migrants), default=0),
        largest_single=max((one.amount for one in migrants if one.months >= single_months), default=Decimal(0)),
    )


def still_open(owed: Mapping[int, Owed], payments: Sequence[Mapping[int, Decimal]]) -> list[Owed]:
    """What is left of each worker's claim (by number) after the payments; who has everything is not among them.

    The months stay: a part payment says nothing of which month it was for.
    """
    left = balances({number: one.amount for number, one in owed.items()}, payments)
    return [replace(one, amount=left[number]) for number, one in owed.items() if left[number] > 0]


def balances(owed: Mapping[int, Decimal], payments: Sequence[Mapping[int, Decimal]]) -> dict[int, Decimal]:
    """What each worker (by number) is still owed; negative when overpaid."""
    return {
        number: amount - sum((one.get(number, Decimal(0)) for one in payments), Decimal(0))
        for number, amount in owed.items()
    }
