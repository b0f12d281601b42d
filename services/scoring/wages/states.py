"""How a worker's wage for a month stands: exactly one state. docs/wages.md says each in words, with its article."""

from typing import Literal, get_args

import polars as pl

State = Literal[
    "paid_in_full_on_time",
    "paid_late",
    "paid_short",
    "not_paid",
    "not_yet_due",
    "paid_without_attendance",
    "attended_without_payroll",
    "no_claim",
]
STATES: tuple[State, ...] = get_args(State)


def state(today: pl.Expr) -> pl.Expr:
    """The state of a line (lines._finished): the first that matches.

    Nobody is said never to have come where nobody's attendance of that month was reported: missing is not zero.
    Managers are named in the register; what they are paid outside the project's sheets is no worker's wage.
    """
    is_claim, came = pl.col("due") > 0, pl.col("days") > 0
    never_came = pl.col("attendance_known") & ~came & ~pl.col("is_manager")
    # A sheet that states a sum of which nothing is left (an advance was taken off) is no missing sheet.
    states_nothing = (pl.col("deducted") == 0) & (pl.col("over_deducted") == 0)
    works_unlisted = came & ~pl.col("is_manager") & states_nothing
    return (
        pl.when((pl.col("paid") > 0) & never_came)
        .then(pl.lit("paid_without_attendance"))  # 53号 art. 8; Decree 724, art. 28, 31
        .when(is_claim & (pl.col("paid_by_due") >= pl.col("due")))
        .then(pl.lit("paid_in_full_on_time"))  # Decree 724, art. 11-14
        .when((is_claim | works_unlisted) & (today <= pl.col("due_on")))
        .then(pl.lit("not_yet_due"))  # art. 13-14
        .when(is_claim & (pl.col("paid") >= pl.col("due")))
        .then(pl.lit("paid_late"))  # art. 13
        .when(is_claim & (pl.col("paid") > 0))
        .then(pl.lit("paid_short"))  # art. 11, 30
        .when(is_claim)
        .then(pl.lit("not_paid"))  # art. 11, 30
        .when(works_unlisted)
        .then(pl.lit("attended_without_payroll"))  # art. 28, 31
        .otherwise(pl.lit("no_claim"))
    )
