"""A role never sees further than its level, whoever holds it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.issuer.roles import roles
from gateway.issuer.rules.jurisdictions import DIGITS, BeyondTheRole, must_fit
from local.story.cast import PEOPLE, Person

DIVISIONS = st.none() | st.text("0123456789", min_size=1, max_size=12)


@given(DIVISIONS, st.lists(st.sampled_from(sorted(DIGITS)), min_size=1))
def test_nobody_ever_sees_further_than_the_narrowest_of_his_roles(division: str | None, levels: list[str]) -> None:
    try:
        must_fit(division, levels)
    except BeyondTheRole:
        return
    assert division is None or all(len(division) >= DIGITS[level] for level in levels)


@pytest.mark.parametrize(
    ("division", "levels", "fits"),
    [
        ("330110", ["district"], True),
        ("330110005", ["district"], True),
        ("330110005", ["town"], True),
        ("330110", ["town"], False),
        ("330110", ["district", "town"], False),
        ("3301", ["district"], False),
        ("33011000", ["district"], False),
        (None, ["district"], True),
        (None, ["town"], False),
    ],
)
def test_a_division_fits_a_role_of_its_size_or_larger(division: str | None, levels: list[str], fits: bool) -> None:
    if fits:
        must_fit(division, levels)
    else:
        with pytest.raises(BeyondTheRole):
            must_fit(division, levels)


def test_every_role_has_a_level_that_can_be_checked() -> None:
    assert {role.jurisdiction for role in roles().values()} <= set(DIGITS)


@pytest.mark.parametrize("person", PEOPLE, ids=[person.login for person in PEOPLE])
def test_everybody_of_the_story_fits_the_roles_they_play(person: Person) -> None:
    must_fit(person.division, (roles()[role].jurisdiction for role in person.roles))
