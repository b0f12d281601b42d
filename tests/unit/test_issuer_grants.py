"""Who may have which data: what a request must say, who decides it, and what a token carries by it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.issuer import parameters
from gateway.issuer.rules import grants
from gateway.issuer.rules.grants import FourEyes, GrantNotOpen, NotShared, State, Validity
from shared.auth import authenticate
from shared.errors import Forbidden, Unprocessable
from shared.events import GrantEnded
from tests.unit.test_shared_auth import SETTINGS, claims, headers, identities

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
YEAR = timedelta(days=366)
STATES: tuple[State, ...] = ("requested", "approved", "refused", "revoked", "expired")
NAMES = st.sampled_from(["person:li", "person:wang", "person:zhao"])


@given(state=st.sampled_from(STATES), asker=NAMES, decider=NAMES)
def test_nobody_ever_decides_what_he_asked_for_himself_nor_twice(state: State, asker: str, decider: str) -> None:
    allowed = state == "requested" and asker != decider
    try:
        grants.must_be_decidable(state, asker, decider)
    except (GrantNotOpen, FourEyes):
        assert not allowed
    else:
        assert allowed


@pytest.mark.parametrize("state", STATES)
def test_only_an_approved_grant_is_taken_back(state: State) -> None:
    if state == "approved":
        grants.must_be_revocable(state)
        return
    with pytest.raises(GrantNotOpen):
        grants.must_be_revocable(state)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [(NOW, None), (NOW, NOW), (NOW + YEAR, NOW), (NOW - YEAR, NOW - timedelta(days=1)), (NOW, NOW + 2 * YEAR)],
    ids=["no end", "no length", "backwards", "over already", "too long"],
)
def test_a_grant_has_an_end_that_is_ahead_and_not_too_far(begins: datetime, ends: datetime | None) -> None:
    with pytest.raises(Unprocessable):
        grants.must_be_sensible(Validity(begins, ends), NOW, YEAR)


def test_a_year_is_good() -> None:
    grants.must_be_sensible(Validity(NOW, NOW + YEAR), NOW, YEAR)
    grants.must_be_approvable(Validity(NOW, NOW + YEAR), NOW)
    with pytest.raises(GrantNotOpen):
        grants.must_be_approvable(Validity(NOW, NOW + YEAR), NOW + YEAR)


def test_what_is_not_shared_is_handed_in_and_never_used() -> None:
    grants.must_be_shared("N", "provide")
    grants.must_be_shared("C", "use")
    with pytest.raises(NotShared):
        grants.must_be_shared("N", "use")


def test_the_clock_of_the_answer_depends_on_the_class() -> None:
    day = date(2026, 11, 25)
    waits = [parameters.value(grants.reply_parameter(each), day) for each in ("U", "C", "N")]
    assert waits == [1, 10, 10]
    with pytest.raises(KeyError):
        parameters.value("grant.deliver_wd", date(2025, 7, 31))


def test_the_scopes_of_a_grant() -> None:
    assert grants.scopes_of("tax_arrears", "provide") == ("ingest:tax_arrears",)
    assert grants.scopes_of("tax_arrears", "use") == ("use:tax_arrears",)
    assert grants.scopes_of("hrss_arrears_list", "use") == ("credit:check", "credit:read")


SCOPES = st.sets(st.sampled_from(["ingest:a", "ingest:b", "use:a", "credit:read"]))


@given(standing=SCOPES, granted=st.lists(SCOPES))
def test_a_token_never_carries_a_dataset_without_a_grant(standing: set[str], granted: list[set[str]]) -> None:
    carried = grants.effective(standing, granted)
    for scope in carried:
        assert any(scope in one for one in granted) or (scope in standing and not grants.is_data_scope(scope))
    assert {scope for scope in standing if not grants.is_data_scope(scope)} <= carried


def _refused(issued_s: int, ended_s: int, scope: str = "ingest:tax_arrears") -> str | None:
    """The check with which a scope is refused, both times in seconds from now; None when it is not."""
    known = identities()
    at = datetime.now(UTC).replace(microsecond=0)
    ended = at + timedelta(seconds=ended_s)
    known.apply(GrantEnded(agency="tax-bureau", scope="ingest:tax_arrears", reason="expired", ended_at=ended))
    token = claims(iat=int(at.timestamp()) + issued_s)
    try:
        authenticate(headers(token), known, SETTINGS).must_have(scope)
    except Forbidden as refusal:
        return refusal.check
    return None


def test_a_token_of_before_the_end_carries_the_scope_no_more_and_says_why() -> None:
    assert _refused(issued_s=-20, ended_s=-10) == "grant_expired"
    assert _refused(issued_s=-10, ended_s=-10) == "grant_expired"
    assert _refused(issued_s=-20, ended_s=-10, scope="ingest:tax_status") is None


def test_a_token_of_after_the_end_was_granted_again() -> None:
    assert _refused(issued_s=-10, ended_s=-20) is None


def test_a_token_that_lacks_the_scope_says_that_it_was_granted_once() -> None:
    known = identities()
    known.apply(GrantEnded(agency="tax-bureau", scope="ingest:ut_gas", reason="revoked", ended_at=NOW))
    known.apply(GrantEnded(agency="other", scope="ingest:ut_water", reason="revoked", ended_at=NOW))
    caller = authenticate(headers(claims()), known, SETTINGS)
    for scope, check in (("ingest:ut_gas", "grant_revoked"), ("ingest:ut_water", "scope_missing")):
        with pytest.raises(Forbidden) as refusal:
            caller.must_have(scope)
        assert refusal.value.check == check
