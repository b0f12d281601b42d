"""Wages that left the special account and stayed paid: which payment each refund takes back."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.flows import wages_that_stayed
from tests.scoring_wages import a_flow, an_account, facts_of

# (purpose, direction, sum) of one flow a minute.
Flow = tuple[str, str, int | None]
WAGE, OTHER, BACK = ("wage out", "out"), ("other", "out"), ("refund", "in")


def stayed(*flows: Flow, accounts: list[str] | None = None, days: list[str] | None = None) -> list[int]:
    """What stayed of each wage, in order."""
    rows: list[dict[str, Any]] = [an_account(), an_account("second")]
    for minute, (purpose, direction, amount) in enumerate(flows):
        account = accounts[minute] if accounts else "acc"
        day = days[minute] if days else "2026-09-01"
        moment = {"txn_at": f"{day}T10:{minute:02}:00+08:00", "account_no": account, "_subject": account}
        yuan: Any = None if amount is None else f"{amount}.00"
        flow = a_flow(day, purpose, yuan, direction, **moment)
        rows.append(flow | {"key": f"{minute:02}"})
    return [int(Decimal(value)) for value in wages_that_stayed(facts_of(rows))["stayed"]]


def test_a_refund_takes_back_the_latest_payment_before_it_of_the_same_sum() -> None:
    assert stayed((*WAGE, 5), (*WAGE, 7), (*BACK, 5)) == [0, 7]
    assert stayed((*WAGE, 5), (*WAGE, 5), (*BACK, 5)) == [5, 0]
    assert stayed((*WAGE, 5), (*OTHER, 5), (*BACK, 5)) == [5]
    assert stayed((*BACK, 5), (*WAGE, 5)) == [5]


def test_a_payment_is_taken_back_once() -> None:
    assert stayed((*WAGE, 5), (*WAGE, 5), (*WAGE, 5), (*BACK, 5), (*BACK, 5)) == [5, 0, 0]
    assert stayed((*WAGE, 5), (*BACK, 5), (*BACK, 5), (*WAGE, 5)) == [0, 5]
    assert stayed((*WAGE, 9), (*WAGE, 5), (*BACK, 5), (*BACK, 5)) == [4, 0]


def test_a_refund_of_another_sum_is_of_the_latest_payment_if_it_fits_in_it() -> None:
    assert stayed((*WAGE, 9), (*WAGE, 8), (*BACK, 3)) == [9, 5]
    assert stayed((*WAGE, 8), (*BACK, 3), (*BACK, 5)) == [0]
    assert stayed((*WAGE, 8), (*BACK, 3), (*BACK, 6)) == [5]
    assert stayed((*WAGE, 8), (*BACK, 9)) == [8]
    assert stayed((*WAGE, 8), (*OTHER, 9), (*BACK, 3)) == [8]
    assert stayed((*WAGE, None), (*BACK, 3)) == [0]


def test_a_batch_that_comes_back_as_one_sum_takes_back_each_of_its_payments() -> None:
    assert stayed((*WAGE, 9), (*WAGE, 7), (*WAGE, 5), (*BACK, 12)) == [9, 0, 0]
    assert stayed((*WAGE, 9), (*OTHER, 7), (*WAGE, 5), (*BACK, 21)) == [0, 0]
    # Of the same sums again, each comes back to its own; and one that has come back already is no part of a batch.
    assert stayed((*WAGE, 7), (*WAGE, 5), (*BACK, 12), (*WAGE, 7), (*WAGE, 5), (*BACK, 12)) == [0, 0, 0, 0]
    assert stayed((*WAGE, 7), (*WAGE, 9), (*BACK, 9), (*WAGE, 5), (*BACK, 12)) == [0, 0, 0]


def test_a_sum_that_is_no_batchs_to_the_cent_takes_back_nothing() -> None:
    assert stayed((*WAGE, 9), (*WAGE, 7), (*WAGE, 5), (*BACK, 13)) == [9, 7, 5]
    assert stayed((*WAGE, 9), (*WAGE, 7), (*WAGE, 5), (*BACK, 14)) == [9, 7, 5]
    assert stayed((*WAGE, 7), (*WAGE, 5), (*BACK, 12), (*BACK, 12)) == [0, 0]
    assert stayed((*BACK, 12), (*WAGE, 7), (*WAGE, 5)) == [7, 5]
    assert stayed((*WAGE, 7), (*WAGE, 5), (*BACK, 12), accounts=["acc", "second", "acc"]) == [7, 5]


def test_payments_of_two_days_are_no_batch() -> None:
    assert stayed((*WAGE, 7), (*WAGE, 5), (*BACK, 12), days=["2026-09-01", "2026-09-02", "2026-09-03"]) == [7, 5]
    assert stayed((*WAGE, 7), (*WAGE, 5), (*BACK, 12), days=["2026-09-02", "2026-09-02", "2026-09-30"]) == [0, 0]


def test_a_refund_comes_back_to_the_account_that_paid() -> None:
    assert stayed((*WAGE, 5), (*BACK, 5), accounts=["acc", "second"]) == [5]
    assert stayed((*WAGE, 5), (*WAGE, 5), (*BACK, 5), accounts=["second", "acc", "second"]) == [5, 0]


@given(st.lists(st.tuples(st.sampled_from([WAGE, OTHER, BACK]), st.integers(1, 4)), max_size=12))
@settings(max_examples=200, deadline=None)
def test_it_agrees_with_looking_for_each_payment_by_hand(told: list[tuple[tuple[str, str], int]]) -> None:
    flows: list[Flow] = [(*kind, amount) for kind, amount in told]
    assert sorted(stayed(*flows)) == sorted(_by_hand(flows))


def _by_hand(flows: list[Flow]) -> list[int]:
    left = {n: amount or 0 for n, (purpose, _, amount) in enumerate(flows) if purpose != "refund"}
    whole: set[int] = set()
    rest = []
    for n, (purpose, _, amount) in enumerate(flows):
        if purpose != "refund":
            continue
        same = [paid for paid in left if paid < n and flows[paid][2] == amount and paid not in whole]
        whole |= set(same[-1:])
        rest += [] if same else [n]
    said = dict.fromkeys(left, 0)
    unfit, touched = [], set(whole)
    for n in rest:
        before = [paid for paid in left if paid < n and paid not in whole]
        if not before:
            continue
        said[before[-1]] += flows[n][2] or 0
        if said[before[-1]] <= (flows[before[-1]][2] or 0):
            left[before[-1]] = (flows[before[-1]][2] or 0) - said[before[-1]]
            touched.add(before[-1])
        else:
            unfit.append(n)
    claimed: set[int] = set()
    for n in unfit:
        batch = _batch(flows, [paid for paid in left if paid < n and paid not in touched], flows[n][2] or 0)
        if not claimed & set(batch):
            left |= dict.fromkeys(batch, 0)
        claimed |= set(batch)
    return [0 if n in whole else amount for n, amount in left.items() if flows[n][0] == "wage out"]


def _batch(flows: list[Flow], before: list[int], amount: int) -> list[int]:
    """The last of some payments that come to a sum; none where they do not."""
    for size in range(1, len(before) + 1):
        if sum(flows[n][2] or 0 for n in before[-size:]) == amount:
            return before[-size:]
    return []
