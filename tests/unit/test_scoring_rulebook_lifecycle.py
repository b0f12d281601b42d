"""The life of a version of the rules: which counts when, and who may not approve."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.rulebook import lifecycle
from services.scoring.rulebook.lifecycle import RELEASE, Act, Deed, OwnWork

AT = datetime(2026, 11, 26, 4, tzinfo=UTC)
TODAY = date(2026, 11, 26)
TOMORROW = TODAY + timedelta(days=1)


def an_act(number: int, version: str, act: Deed, actor: str = "wang", day: date | None = None) -> Act:
    effective = (day or TODAY) if act in lifecycle.IN_FORCE else None
    return Act(number, version, act, actor, "why", effective, None, AT)


def state_of(version: str, *acts: Act, today: date = TODAY) -> str:
    own = [each for each in acts if each.version == version]
    return lifecycle.state(version, own, [each for each in acts if each.act in lifecycle.IN_FORCE], today)


def test_a_version_goes_from_draft_to_active_and_is_retired_by_the_next() -> None:
    acts = [an_act(1, "a", "drafted")]
    seen = [state_of("a", *acts)]
    for number, act in enumerate(("submitted", "returned", "submitted", "approved", "activated"), 2):
        acts.append(an_act(number, "a", act))  # type: ignore[arg-type]
        seen.append(state_of("a", *acts))
    assert seen == ["draft", "submitted", "draft", "submitted", "approved", "active"]
    acts += [an_act(9, "b", "drafted"), an_act(10, "b", "activated")]
    assert (state_of("a", *acts), state_of("b", *acts)) == ("retired", "active")
    acts.append(an_act(11, "a", "rolled_back"))
    assert (state_of("a", *acts), state_of("b", *acts)) == ("active", "retired")


def test_a_version_that_counts_from_tomorrow_waits_and_a_later_decision_calls_it_off() -> None:
    acts = [an_act(1, "a", "activated"), an_act(2, "b", "activated", day=TOMORROW)]
    assert (state_of("a", *acts), state_of("b", *acts)) == ("active", "scheduled")
    assert (state_of("a", *acts, today=TOMORROW), state_of("b", *acts, today=TOMORROW)) == ("retired", "active")
    acts.append(an_act(3, "a", "rolled_back"))
    assert (state_of("a", *acts, today=TOMORROW), state_of("b", *acts, today=TOMORROW)) == ("active", "retired")


def test_of_two_versions_that_wait_the_first_one_counts_until_the_day_of_the_second() -> None:
    days = [TODAY + timedelta(days=ahead) for ahead in (0, 1, 5)]
    acts = [
        an_act(number, name, "activated", day=day) for number, (name, day) in enumerate(zip("abc", days, strict=True))
    ]
    found = [[state_of(version, *acts, today=day) for version in "abc"] for day in days]
    assert found[0] == ["active", "scheduled", "scheduled"]
    assert found[1:] == [["retired", "active", "scheduled"], ["retired", "retired", "active"]]
    # One that is decided on later and counts sooner leaves nothing to wait for.
    acts.append(an_act(9, "d", "activated", day=TOMORROW))
    assert [state_of(version, *acts) for version in "abcd"] == ["active", "retired", "retired", "scheduled"]


@pytest.mark.parametrize("deeds", [(), ("submitted",)])
def test_who_wrote_or_submitted_a_version_does_not_approve_it(deeds: tuple[Deed, ...]) -> None:
    acts = [an_act(1, "a", "drafted", "li"), *(an_act(2, "a", each, "wang") for each in deeds)]
    for own in ("li", *(each.actor for each in acts)):
        with pytest.raises(OwnWork):
            lifecycle.must_be_second(own, "li", acts)
    lifecycle.must_be_second("zhao", "li", acts)


PEOPLE = st.sampled_from([RELEASE, "wang", "li"])
HISTORY = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), PEOPLE, st.integers(-3, 3)), max_size=8)


@given(HISTORY)
def test_a_release_never_undoes_what_a_person_decided_last(history: list[tuple[str, str, int]]) -> None:
    activations = [
        an_act(number, version, "activated", actor, TODAY + timedelta(days=days))
        for number, (version, actor, days) in enumerate(history)
    ]
    may = lifecycle.release_may_activate(activations, "new")
    assert may == (not history or history[-1][1] == RELEASE)
    by_release = an_act(99, "new", "activated", RELEASE)
    assert not lifecycle.release_may_activate([*activations, by_release], "new")


def test_an_old_process_that_starts_again_during_a_roll_out_brings_no_old_book_back() -> None:
    activations = [an_act(1, "old", "activated", RELEASE), an_act(2, "new", "activated", RELEASE)]
    assert not lifecycle.release_may_activate(activations, "old")
    assert lifecycle.release_may_activate(activations, "newest")


@given(HISTORY, st.integers(-4, 4))
def test_never_do_two_versions_count_on_a_day(history: list[tuple[str, str, int]], days: int) -> None:
    activations = [
        an_act(number, version, "activated", actor, TODAY + timedelta(days=shift))
        for number, (version, actor, shift) in enumerate(history)
    ]
    today = TODAY + timedelta(days=days)
    states = [state_of(version, *activations, today=today) for version in {each.version for each in activations}]
    assert states.count("active") == any(each.effective_from <= today for each in activations if each.effective_from)
