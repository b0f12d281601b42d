"""The state machine of the list: its table, its guards, and what can never happen."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credit.listing import lifecycle
from services.credit.listing.consequences import consequence
from services.credit.listing.grounds import Ground
from services.credit.listing.guards import GUARDS, DateNotPossible, Facts, GuardFailed
from services.credit.listing.law import ParameterMissing
from services.credit.listing.lifecycle import CaseNotInState, SignatureMissing, advance
from services.credit.listing.signature import Signature
from shared.errors import AnxinError, Forbidden, Unprocessable

TERM_END = date(2026, 11, 30)
SIGNED = Signature("head.payload.seal", "t" * 43)
EVENTS = sorted({row.event for row in lifecycle.TABLE})
ROLES = ["squad_leader", "bureau_head", "credit_officer", "inspector", "system", "analyst", "operator"]


def facts(**changes: object) -> Facts:
    """A case whose notice was served, whose term for objections is over, and which may be decided today."""
    calm = Facts(
        today=date(2026, 12, 15),
        term_ends_on=TERM_END,
        grounds=(Ground.TEN_WORKERS,),
        decision_due_on=date(2026, 12, 28),
        screened_on=date(2026, 12, 2),
        notice_served_on=date(2026, 12, 7),
        objection_ends_on=date(2026, 12, 14),
        reason="a reason",
    )
    return replace(calm, **changes)  # type: ignore[arg-type]


def step(state: str, event: str, role: str, given: Facts, signature: Signature | None = None) -> str:
    return advance(state, event, given, (role,), signature).to or state


def test_a_bureau_heads_signature_lists_once_the_law_allows_it() -> None:
    assert step("prior_notice", "decide", "bureau_head", facts(), SIGNED) == "listed"
    assert step("objection_answered", "decide", "bureau_head", facts(), SIGNED) == "listed"


def test_nothing_is_listed_without_a_signature() -> None:
    with pytest.raises(SignatureMissing):
        step("prior_notice", "decide", "bureau_head", facts())


@pytest.mark.parametrize("role", [role for role in ROLES if role != "bureau_head"])
def test_only_the_bureau_head_decides(role: str) -> None:
    with pytest.raises(Forbidden) as refusal:
        step("prior_notice", "decide", role, facts(), SIGNED)
    assert refusal.value.check == "role"


@pytest.mark.parametrize(
    "change",
    [
        {"today": TERM_END},  # the term runs until 24:00 of its last day
        {"annulled_on": date(2026, 12, 10)},
        {"paid_on": TERM_END},  # paid within the term: never overdue
        {"grounds": ()},
        {"notice_served_on": None},
        {"today": date(2026, 12, 14)},  # the last day of the term for objections
        {"paid_on": date(2026, 12, 10)},  # corrected: art. 7 has to be weighed first
        {"today": date(2026, 12, 29)},  # after the term for the decision
    ],
)
def test_each_condition_of_the_decision_stops_it_alone(change: dict[str, object]) -> None:
    with pytest.raises(GuardFailed):
        step("prior_notice", "decide", "bureau_head", facts(**change), SIGNED)


def test_a_decision_stands_on_the_first_and_on_the_last_possible_day() -> None:
    for today in (date(2026, 12, 15), date(2026, 12, 28)):
        assert step("prior_notice", "decide", "bureau_head", facts(today=today), SIGNED) == "listed"


def test_an_answered_objection_opens_the_way_before_the_window_ends() -> None:
    answered = facts(today=date(2026, 12, 11), objection_answered_on=date(2026, 12, 10))
    assert step("objection_answered", "decide", "bureau_head", answered, SIGNED) == "listed"


def test_an_open_objection_blocks_the_decision() -> None:
    with pytest.raises(CaseNotInState):
        step("objected", "decide", "bureau_head", facts(), SIGNED)


def test_who_paid_late_is_listed_only_after_sparing_was_refused() -> None:
    weighed = facts(paid_on=date(2026, 12, 10), sparing_refused=True)
    assert step("prior_notice", "decide", "bureau_head", weighed, SIGNED) == "listed"


def test_without_the_provinces_amounts_nobody_is_screened_or_listed() -> None:
    with pytest.raises(ParameterMissing):
        step("order_overdue", "screen_met", "squad_leader", facts(grounds=None))
    with pytest.raises(ParameterMissing):
        step("prior_notice", "decide", "bureau_head", facts(grounds=None), SIGNED)


def test_the_squad_confirms_what_the_test_gives_and_nothing_else() -> None:
    assert step("order_overdue", "screen_met", "squad_leader", facts()) == "screened"
    with pytest.raises(GuardFailed):
        step("order_overdue", "screen_met", "squad_leader", facts(grounds=()))
    assert step("order_overdue", "screen_not_met", "squad_leader", facts()) == "not_met"
    with pytest.raises(Unprocessable):
        step("order_overdue", "screen_not_met", "squad_leader", facts(reason=" "))


@pytest.mark.parametrize("served", [None, date(2026, 12, 1), date(2026, 12, 16)])
def test_a_notice_is_served_between_screening_and_today(served: date | None) -> None:
    with pytest.raises(DateNotPossible):
        step("screened", "serve_notice", "bureau_head", facts(happened_on=served))
    assert step("screened", "serve_notice", "bureau_head", facts(happened_on=date(2026, 12, 2))) == "prior_notice"


def test_an_objection_counts_until_the_end_of_its_last_day() -> None:
    assert step("prior_notice", "object", "credit_officer", facts(happened_on=date(2026, 12, 14))) == "objected"
    with pytest.raises(GuardFailed):
        step("prior_notice", "object", "credit_officer", facts(happened_on=date(2026, 12, 15)))


def test_an_objection_is_rejected_or_ends_the_case() -> None:
    assert step("objected", "reject_objection", "bureau_head", facts()) == "objection_answered"
    assert step("objected", "sustain_objection", "bureau_head", facts()) == "not_met"


@pytest.mark.parametrize(
    "change", [{"paid_on": None}, {"promised_on": None}, {"promised_on": date(2026, 12, 16)}, {"reason": ""}]
)
def test_sparing_needs_correction_a_written_promise_and_a_reason(change: dict[str, object]) -> None:
    corrected = facts(paid_on=date(2026, 12, 10), promised_on=date(2026, 12, 11))
    assert step("prior_notice", "spare", "bureau_head", corrected) == "spared"
    with pytest.raises(AnxinError):
        step("prior_notice", "spare", "bureau_head", replace(corrected, **change))  # type: ignore[arg-type]


def test_the_term_for_the_decision_is_extended_once_and_in_time() -> None:
    assert step("prior_notice", "extend", "bureau_head", facts()) == "prior_notice"
    for late in ({"today": date(2026, 12, 29)}, {"extended_on": date(2026, 12, 8)}):
        with pytest.raises(GuardFailed):
            step("prior_notice", "extend", "bureau_head", facts(**late))


def test_an_order_that_falls_takes_its_case_or_its_listing_with_it() -> None:
    annulled = facts(annulled_on=date(2026, 12, 1))
    assert {consequence(state, annulled) for state in lifecycle.BEFORE_DECISION} == {"find_order_annulled"}
    assert consequence("listed", annulled) == "revoke"
    assert consequence("spared", annulled) is None


def test_payment_within_the_term_ends_the_case_and_later_payment_does_not() -> None:
    assert consequence("order_overdue", facts(paid_on=TERM_END)) == "find_paid_in_time"
    assert consequence("order_overdue", facts(paid_on=TERM_END + timedelta(days=1))) is None
    assert consequence("listed", facts(paid_on=TERM_END)) == "revoke_paid_in_time"
    assert consequence("listed", facts(paid_on=TERM_END + timedelta(days=1))) is None


def test_an_illegal_step_names_the_state() -> None:
    with pytest.raises(CaseNotInState) as refusal:
        step("listed", "screen_met", "squad_leader", facts())
    assert refusal.value.status == 409
    assert refusal.value.extra["state"] == "listed"


def test_every_row_has_an_article_known_guards_known_states_and_roles() -> None:
    for row in lifecycle.TABLE:
        assert row.article
        assert set(row.guards) <= set(GUARDS)
        assert set(row.sources) <= {*lifecycle.STATES, lifecycle.NEW}
        assert row.to in lifecycle.STATES or (row.to is None and row.mark in lifecycle.MARKS)
        assert row.roles


def test_every_state_can_be_reached() -> None:
    reached = {row.to for row in lifecycle.TABLE}
    assert reached >= set(lifecycle.STATES)


def test_only_signed_rows_lead_onto_the_list() -> None:
    onto = {row.event for row in lifecycle.TABLE if row.to == "listed" and "removal_applied" not in row.sources}
    assert onto == {"decide", "restore"}
    assert all(row.signed for row in lifecycle.TABLE if row.event in onto)


days = st.one_of(st.none(), st.dates(date(2026, 11, 20), date(2027, 1, 20)))
any_facts = st.builds(
    Facts,
    today=st.dates(date(2026, 11, 20), date(2027, 1, 20)),
    term_ends_on=st.just(TERM_END),
    grounds=st.sampled_from([None, (), (Ground.ONE_WORKER,), (Ground.INCIDENT,)]),
    decision_due_on=days,
    paid_on=days,
    annulled_on=days,
    screened_on=days,
    notice_served_on=days,
    objection_ends_on=days,
    objection_answered_on=days,
    extended_on=days,
    sparing_refused=st.booleans(),
    promised_on=days,
    happened_on=days,
    reason=st.sampled_from(["", "because"]),
)
moves = st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from(ROLES), any_facts), max_size=60)


@given(moves=moves)
def test_no_sequence_of_events_lists_anybody_without_a_signature(moves: list[tuple[str, str, Facts]]) -> None:
    state = lifecycle.NEW
    for event, role, given_facts in moves:
        try:
            state = step(state, event, role, given_facts)
        except AnxinError:
            continue
        assert state not in ("listed", "removal_applied", "expired", "revoked", "removed_early")


@given(facts=any_facts, role=st.sampled_from(ROLES), state=st.sampled_from(sorted(lifecycle.STATES)))
def test_a_signature_lists_only_when_every_condition_holds(facts: Facts, role: str, state: str) -> None:
    try:
        listed = step(state, "decide", role, facts, SIGNED) == "listed"
    except AnxinError:
        return
    assert listed
    assert role == "bureau_head"
    assert facts.grounds
    assert facts.annulled_on is None
    assert facts.today > facts.term_ends_on
    assert facts.paid_on is None or (facts.paid_on > facts.term_ends_on and facts.sparing_refused)
    assert facts.notice_served_on is not None
    assert facts.decision_due_on is not None
    assert facts.today <= facts.decision_due_on


def test_the_system_alone_can_never_reach_the_list() -> None:
    for state, event in product(lifecycle.STATES, EVENTS):
        try:
            after = step(state, event, "system", facts(), SIGNED)
        except AnxinError:
            continue
        assert after != "listed" or state == "listed"
