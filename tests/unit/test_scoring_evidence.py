"""What a score stood on is found again, and nothing that came later is among it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring import evidence
from services.scoring.evidence import NAMES
from services.scoring.frames import gather
from services.scoring.judgement import Verdict, judge
from services.scoring.rulebook import shipped
from tests.scoring_facts import AT, USCC, a_receipt, a_version, feeds_of, versions_of

DATASETS = shipped().of_subject("employer")
PLACE = ["dataset", "receipt_id", "row_no"]

fees = st.builds(
    lambda back, arrears, hours: {
        "key": f"{USCC}|2026-{10 - back:02}",
        "items": {"period": f"2026-{10 - back:02}", "arrears": f"{arrears}.00"},
        "_time": AT - timedelta(hours=hours),
    },
    back=st.integers(0, 5),
    arrears=st.integers(0, 3),
    hours=st.integers(0, 500),
)


def told(drawn: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Versions of fees, each with a receipt of its own."""
    return [
        a_version("tax_social_fee", one["key"], _time=one["_time"], _receipt=a_receipt(n), **one["items"])
        for n, one in enumerate(drawn)
    ]


def verdict_of(versions: pl.DataFrame, feeds: pl.DataFrame) -> Verdict:
    return judge(gather([USCC], versions, feeds, DATASETS, AT), shipped(), "employer", {})[0]


def found_again(names: pl.DataFrame, store: pl.DataFrame) -> pl.DataFrame:
    """As store/evidence.py finds them: by where they came from."""
    return store.join(names.select(PLACE), on=PLACE, how="semi")


@settings(max_examples=25)
@given(st.lists(fees, min_size=1, max_size=12), st.lists(fees, max_size=12), st.randoms(use_true_random=False))
def test_later_arrivals_in_any_order_never_change_what_an_earlier_score_comes_out_as(
    first: list[dict[str, Any]], later: list[dict[str, Any]], draw: Any
) -> None:
    rows = told([*first, *later])
    known, feeds = versions_of(rows[: len(first)]), feeds_of(rows[: len(first)])
    kept = evidence.of_each(known, evidence.own("employer", [USCC]), DATASETS)[USCC]
    packed = evidence.packed_feeds(feeds)[1]
    store = versions_of(draw.sample(rows, len(rows)))
    again = found_again(evidence.names_in(kept.names), store)
    assert evidence.digest(again) == kept.sha256
    assert (again.height, kept.versions) == (len(first), len(first))
    assert verdict_of(again, evidence.feeds_in(packed)) == verdict_of(known, feeds)


@settings(max_examples=40)
@given(st.lists(fees, min_size=1, max_size=8), st.data())
def test_a_changed_word_never_goes_unnoticed(first: list[dict[str, Any]], data: st.DataObject) -> None:
    rows = told(first)
    kept = evidence.of_each(versions_of(rows), evidence.own("employer", [USCC]), DATASETS)[USCC]
    which = data.draw(st.integers(0, len(rows) - 1))
    changed = [row | {"body": row["body"].replace(".00", ".01")} if n == which else row for n, row in enumerate(rows)]
    assert evidence.digest(versions_of(changed)) != kept.sha256
    assert evidence.digest(versions_of(rows[:which] + rows[which + 1 :])) != kept.sha256


def test_an_account_is_named_with_its_number_a_folded_month_with_what_was_folded() -> None:
    flow = a_version("bk_account_flow", "f", _kind="account", _subject="acc", amount="1.00")
    month = a_version("hc_attendance", "m", _kind="project", _subject="P", came="3", made="0", id_no="w")
    ended = a_version("hc_project", "P|1", _kind="project", _subject="P", _row=0)
    alias = pl.DataFrame({"subject_kind": ["account"], "subject": ["acc"], "owner": ["P"]})
    owners = pl.concat([evidence.own("project", ["P"]), alias])
    kept = evidence.of_each(versions_of([flow, month, ended]), owners, shipped().of_subject("project"))["P"]
    names = evidence.names_in(kept.names)
    assert names.schema == NAMES
    assert names.sort("dataset").rows() == [
        ("account", "acc", "bk_account_flow", a_receipt(), 1, None, None),
        (None, None, "hc_attendance", a_receipt(), 1, None, '{"came":"3","made":"0"}'),
        (None, None, "hc_project", a_receipt(), 0, "P|1", None),
    ]


def test_who_nothing_is_known_of_stood_on_nothing() -> None:
    kept = evidence.of_each(versions_of([]), evidence.own("employer", [USCC]), DATASETS)[USCC]
    assert (kept.versions, evidence.names_in(kept.names).height) == (0, 0)
    assert kept.sha256 == evidence.digest(versions_of([]))
