"""What became of alerts as it was known by a time, and the labels that this makes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.learning.outcomes import ARREARS, NO_ARREARS, labels, standing
from tests.scoring_outcomes import TODAY, an_outcome, days_before, outcomes

LATER = datetime(2027, 1, 1, tzinfo=UTC)
FINDINGS = ("pending", *ARREARS, *NO_ARREARS, "unverifiable", "revoked")


def the_labels(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return labels(standing(outcomes(*rows), LATER), 180).to_dicts()


def test_a_later_finding_corrects_an_earlier_one() -> None:
    first = an_outcome(finding="false", found_on=days_before(20))
    second = an_outcome(finding="confirmed", found_on=days_before(5))
    assert standing(outcomes(second, first), LATER)["finding"].to_list() == ["confirmed"]
    before = second["known_at"] - timedelta(microseconds=1)
    assert standing(outcomes(second, first), before)["finding"].to_list() == ["false"]


def test_an_alert_that_is_told_late_to_be_open_does_not_hide_what_was_found() -> None:
    told_late = an_outcome(finding="pending", known_at=LATER)
    assert standing(outcomes(an_outcome(), told_late), LATER)["finding"].to_list() == ["confirmed"]


def test_an_annulled_order_makes_no_label_even_if_its_issue_is_heard_of_later() -> None:
    annulled = an_outcome("o", matter="order", finding="revoked", found_on=days_before(9))
    issued = an_outcome("o", matter="order", finding="ordered", found_on=days_before(20), known_at=LATER)
    assert the_labels(annulled, issued) == []


def test_an_alert_its_order_and_its_listing_are_one_arrears() -> None:
    alert = an_outcome("a", found_on=days_before(90), months=2, workers=11, amount=127000.0)
    order = an_outcome("o", matter="order", finding="overdue", found_on=days_before(60), workers=12, amount=90000.0)
    listing = an_outcome("l", matter="listing", finding="listed", found_on=days_before(10))
    (label,) = the_labels(listing, order, alert)
    assert (label["discovered_on"], label["workers"], label["amount"]) == (days_before(90), 12, 127000.0)


def test_arrears_a_year_later_are_others() -> None:
    old, new = an_outcome("a", found_on=days_before(400)), an_outcome("b", found_on=days_before(5))
    assert [each["discovered_on"] for each in the_labels(old, new)] == [days_before(400), days_before(5)]


def test_the_start_is_what_a_person_told_else_the_months_owed_before_the_finding() -> None:
    (told,) = the_labels(an_outcome(started_on=days_before(100), months=1))
    assert (told["started_on"], told["is_start_estimated"]) == (days_before(100), False)
    (guessed,) = the_labels(an_outcome(months=2))
    assert (str(guessed["started_on"]), guessed["is_start_estimated"]) == ("2026-09-23", True)


def test_arrears_of_a_project_are_its_contractors() -> None:
    (label,) = the_labels(an_outcome(subject_kind="project", subject_id="P1", uscc="91330110MA2CEABC1B"))
    assert label["employer_id"] == "91330110MA2CEABC1B"
    assert the_labels(an_outcome(subject_kind="project", subject_id="P1", uscc=None)) == []


def test_what_was_selected_first_names_the_selection() -> None:
    random = an_outcome("i", matter="inspection", selection="random", found_on=days_before(30))
    assert the_labels(an_outcome("a"), random)[0]["selection"] == "random"


rows = st.lists(
    st.builds(
        lambda matter, finding, back, lag, employer: an_outcome(
            matter,
            finding=finding,
            found_on=days_before(back),
            known_at=datetime(2026, 11, 23, tzinfo=UTC) - timedelta(days=back - lag),
            employer=f"E{employer}",
            key=f"{matter}{finding}{back}{lag}{employer}",
        ),
        st.sampled_from("abc"),
        st.sampled_from(FINDINGS),
        st.integers(0, 900),
        st.integers(0, 60),
        st.integers(1, 2),
    ),
    max_size=8,
)


@given(rows, st.integers(0, 900), st.randoms())
def test_what_becomes_known_later_never_changes_what_was_known(
    told: list[dict[str, Any]], back: int, order: Any
) -> None:
    by = datetime(2026, 11, 23, tzinfo=UTC) - timedelta(days=back)
    early = [row for row in told if row["known_at"] <= by]
    shuffled = order.sample(told, len(told))
    seen = labels(standing(outcomes(*shuffled), by), 180)
    assert seen.equals(labels(standing(outcomes(*early), by), 180))
    assert (seen["known_at"] <= by).all()


@given(rows)
def test_no_label_begins_after_its_discovery_and_none_lacks_a_finding_of_arrears(
    told: list[dict[str, Any]],
) -> None:
    stands = standing(outcomes(*told), LATER)
    found = labels(stands, 180)
    assert (found["started_on"] <= found["discovered_on"]).all()
    owing = stands.filter(pl.col("finding").is_in(ARREARS))["subject_id"]
    assert set(found["employer_id"]) == set(owing)
    assert (found["discovered_on"].max() or TODAY) <= TODAY  # type: ignore[operator]
