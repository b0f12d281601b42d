"""Cases that agencies report as outcomes: an amount is arrears, closed without one is none, open is not known yet."""

import json
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from services.scoring.learning.complaints import outcomes_of
from services.scoring.learning.outcomes import OUTCOMES, labels, standing
from services.scoring.learning.policy import shipped

AT = datetime(2026, 11, 1, tzinfo=UTC)
INSPECTION = shipped().complaints[0]


def the_case(**items: str) -> dict[str, Any]:
    body = {"filing_date": "2026-10-08", "accept_date": "2026-10-07", "case_source": "complaint"} | items
    row = {"subject_id": "E1", "key": "2026-001", "reported_at": AT, "body": json.dumps(body)}
    told = outcomes_of(pl.DataFrame([row]).cast({"reported_at": OUTCOMES["known_at"]}), INSPECTION)
    assert dict(told.schema) == OUTCOMES
    return told.to_dicts()[0] if told.height else {}


@pytest.mark.parametrize(
    ("items", "finding"),
    [
        ({"arrears_amount": "127000.00"}, "confirmed"),
        ({"arrears_amount": "0.00", "close_date": "2026-10-20"}, "nothing"),
        ({"close_date": "2026-10-20"}, "nothing"),
        ({"arrears_amount": "0.00"}, "pending"),
        ({}, "pending"),
    ],
    ids=["amount", "closed-at-zero", "closed", "open-at-zero", "open"],
)
def test_an_amount_is_arrears_closed_without_one_is_none_and_open_is_not_known(
    items: dict[str, str], finding: str
) -> None:
    assert the_case(**items)["finding"] == finding


def test_a_case_says_how_it_began_and_since_when_wages_are_unpaid() -> None:
    case = the_case(arrears_amount="1.00", arrears_from="2026-07", worker_count="3")
    assert (case["selection"], str(case["started_on"]), str(case["found_on"])) == (
        "complaint",
        "2026-07-01",
        "2026-10-08",
    )
    assert the_case(case_source="alert")["selection"] == "alert"


def test_a_case_without_a_day_is_no_outcome_and_one_with_is_a_label() -> None:
    assert the_case(filing_date="", accept_date="?") == {}
    told = pl.DataFrame([the_case(arrears_amount="9.00")], schema=OUTCOMES)
    assert labels(standing(told, AT), 180)["employer_id"].to_list() == ["E1"]
