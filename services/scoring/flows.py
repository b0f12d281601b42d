"""What the flows of a special account are: fee, wages, returns; and which wages stayed paid. Pure, on columns."""

import polars as pl

from services.scoring.frames import Facts

FEE = ("labour fee in", "labour fee")
_WAGE = ("wage out", "wage")
MONEY = pl.Decimal(38, 2)
_ACCOUNT = ["subject", "account_no"]


def moved() -> list[pl.Expr]:
    """Of each flow of the special account its amount under what it is, and nothing under the others.

    A flow that does not tell its purpose is taken for what the account is for: labour fee in, wages out (53号 art. 8);
    but no wage goes to whom the bank knows to be no worker (P11).
    """
    came_in, went_out = pl.col("direction") == "in", pl.col("direction") == "out"
    is_refund, is_untold = pl.col("purpose") == "refund", pl.col("purpose").is_null()
    amount, nothing = pl.col("amount").fill_null(0).cast(MONEY), pl.lit(0, MONEY)
    kinds = {
        "fee_in": came_in & (pl.col("purpose").is_in(FEE) | is_untold),
        "wage_out": _leaves_as_wage(),
        "wage_returned": came_in & is_refund,
        "fee_returned": went_out & is_refund,
    }
    return [
        pl.when(which.fill_null(False)).then(amount).otherwise(nothing).alias(name) for name, which in kinds.items()
    ]


def _leaves_as_wage() -> pl.Expr:
    may_be_wage = pl.col("purpose").is_null() & pl.col("payee_is_worker").fill_null(True)
    is_wage = pl.col("purpose").is_in(_WAGE).fill_null(False) | may_be_wage
    return ((pl.col("direction") == "out") & is_wage).fill_null(False)


def wages_that_stayed(facts: Facts) -> pl.DataFrame:
    """(subject, time, stayed, is_untold): wages that left the account, by their own day, less what of them came back.

    Of an untold sum nothing is known to have stayed, but it was a wage all the same (`is_untold`).
    """
    flows = facts.frames["bk_account_flow"].with_row_index("flow").with_columns(*moved())
    wages = flows.filter(_leaves_as_wage()).join(_taken_back(flows), on="flow", how="left", maintain_order="left")
    back = pl.min_horizontal(pl.col("back").fill_null(0), pl.col("wage_out").clip(0))
    stayed, is_untold = pl.col("wage_out") - back, pl.col("amount").is_null()
    return wages.select("subject", "time", stayed.alias("stayed"), is_untold.alias("is_untold"))


def wages_returned(facts: Facts) -> pl.DataFrame:
    """(subject, time, returned): wages that came back, by the day of the payment that is taken back.

    A refund that fits no payment counts on its own day; one of a payment that was no wage is no wage that came back.
    """
    flows = facts.frames["bk_account_flow"].with_row_index("flow").with_columns(*moved())
    refunds = _refunds(flows)
    wages = flows.filter(_leaves_as_wage()).join(refunds.drop("flow"), left_on="flow", right_on="out")
    others = flows.filter(pl.col("wage_returned") > 0).join(refunds, on="flow", how="anti")
    amounts = (wages, pl.col("amount_right")), (others, pl.col("wage_returned"))
    return pl.concat(rows.select("subject", "time", amount.alias("returned")) for rows, amount in amounts)


def _taken_back(flows: pl.DataFrame) -> pl.DataFrame:
    """(flow, back): of payments of any purpose, what refunds took back of them."""
    return _refunds(flows).group_by(pl.col("out").alias("flow")).agg(pl.col("amount").sum().alias("back"))


def _refunds(flows: pl.DataFrame) -> pl.DataFrame:
    """(flow, out, amount): of each refund that fits what it took back of which payments, of any purpose.

    A refund takes back the latest payment before it of the same sum that no other took back; else the latest of those
    before it that are left, if it fits in it, or a batch: the last ones of one day, if it is their sum to the cent. One
    that fits nothing takes back nothing: arrears need proof.
    """
    is_back = (pl.col("wage_returned") > 0).alias("is_back")
    known = flows.filter(pl.col("txn_at").is_not_null(), pl.col("amount") > 0).with_columns(is_back)
    both = known.filter(is_back | (pl.col("direction") == "out"))
    touched = both.join(both.filter("is_back"), on=_ACCOUNT, how="semi")
    # Of one moment the payment comes first.
    ordered = touched.sort("txn_at", "is_back", "flow").select(
        *_ACCOUNT, "time", "flow", "is_back", pl.col("amount").cast(MONEY)
    )
    same = _of_the_same_sum(ordered)
    left = _not_in(ordered, same)
    rest = _of_the_last_before(left)
    batches = _of_batches(_not_in(left, rest))
    return pl.concat([same, rest, batches])


def _of_the_same_sum(ordered: pl.DataFrame) -> pl.DataFrame:
    """(flow, out, amount): refunds with the payments that they take back whole, the last one first, as brackets close.

    `height` is how many payments of the sum are open after each flow; what opens and what closes a height take turns.
    """
    whose = [*_ACCOUNT, "amount"]
    paired = ordered.join(ordered.filter("is_back"), on=whose, how="semi", maintain_order="left")
    step = pl.when("is_back").then(-1).otherwise(1)
    heights = (
        paired.with_columns(step.cum_sum().over(whose).alias("height"))
        .with_columns((pl.col("height") - pl.col("height").cum_min().clip(upper_bound=0).over(whose)).alias("height"))
        .with_columns(pl.col("height") + pl.col("is_back").cast(pl.Int32))
    )
    before = pl.when(~pl.col("is_back")).then("flow").shift(1).over([*whose, "height"])
    return heights.with_columns(before.alias("out")).filter("is_back").drop_nulls("out").select("flow", "out", "amount")


def _of_the_last_before(ordered: pl.DataFrame) -> pl.DataFrame:
    """(flow, out, amount): refunds with the last payment before them, as far as they fit in it together."""
    payment = pl.when(~pl.col("is_back"))
    last = (payment.then(name).forward_fill().over(_ACCOUNT) for name in ("flow", "amount"))
    told = ordered.with_columns(*(value.alias(name) for value, name in zip(last, ("out", "paid"), strict=True)))
    refunds = told.filter("is_back").drop_nulls("out")
    return refunds.filter(pl.col("amount").cum_sum().over("out") <= pl.col("paid")).select("flow", "out", "amount")


def _of_batches(ordered: pl.DataFrame) -> pl.DataFrame:
    """(flow, out, amount): refunds with the payments of a batch that came back as one sum, each payment whole.

    Payments only grow the sum of all before, so the batch begins where that was the refund's amount less than it is.
    """
    paid = pl.when("is_back").then(pl.lit(0, MONEY)).otherwise("amount")
    summed = ordered.with_row_index("place").with_columns(
        paid.cum_sum().over(_ACCOUNT).cast(MONEY).alias("until"),
        pl.when(~pl.col("is_back")).then("time").forward_fill().over(_ACCOUNT).alias("paid_on"),
    )
    since = (pl.col("until") - pl.col("amount")).cast(MONEY).alias("since")
    refunds = summed.filter("is_back").select(*_ACCOUNT, "place", "flow", "until", since, "paid_on")
    payments = summed.filter(~pl.col("is_back")).select(
        *_ACCOUNT, "amount", "paid_on", "until", since, pl.col("flow").alias("out")
    )
    of_batch = refunds.join(payments, on=[*_ACCOUNT, "since", "paid_on"], how="semi")
    members = payments.join(of_batch, on=_ACCOUNT, suffix="_back").filter(
        pl.col("since") >= pl.col("since_back"), pl.col("until") <= pl.col("until_back")
    )
    # Of two refunds that would take back the same payment the first one does, and the other takes back nothing.
    is_first = pl.col("place") == pl.col("place").min().over("out")
    return members.filter(is_first.all().over("flow")).select("flow", "out", "amount")


def _not_in(flows: pl.DataFrame, matched: pl.DataFrame) -> pl.DataFrame:
    """The flows that are neither a refund nor a payment of these."""
    known = pl.concat([matched.select("flow"), matched.select(pl.col("out").alias("flow"))])
    return flows.join(known, on="flow", how="anti", maintain_order="left")
