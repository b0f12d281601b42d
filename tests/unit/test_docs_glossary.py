"""One concept, one identifier: the glossary knows every state and role that people meet."""

import re
from collections import Counter

import pytest

from docs.generate.glossary import terms
from docs.generate.roles import roles
from services.alerts.lifecycle import ALERT, ORDER, Machine
from services.credit.listing import lifecycle as listing

BY_SECTION = {(term.section.split()[0], term.identifier): term for term in terms()}


def test_no_identifier_stands_for_two_things_in_one_section() -> None:
    assert [key for key, times in Counter((t.section, t.identifier) for t in terms()).items() if times > 1] == []


def test_no_term_is_explained_twice_in_one_section() -> None:
    assert [key for key, times in Counter((t.section, t.zh) for t in terms()).items() if times > 1] == []


def test_every_term_has_both_languages_and_an_identifier_that_code_could_use() -> None:
    wrong = [t for t in terms() if not (t.zh and t.en and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", t.identifier))]
    assert wrong == []


def test_terms_are_chinese_first() -> None:
    assert [t for t in terms() if not re.search(r"[一-鿿]", t.zh) or re.search(r"[一-鿿]", t.en)] == []


@pytest.mark.parametrize(("machine", "section"), [(ALERT, "预警状态"), (ORDER, "指令状态")])
def test_states_are_called_in_the_glossary_what_the_machine_calls_them(machine: Machine, section: str) -> None:
    called = {name: (about.zh, about.en) for name, about in machine.states.items()}
    assert _of(section) == called


def test_states_of_the_list_are_in_the_glossary() -> None:
    called = {**listing.STATES, **listing.MARKS}
    assert {name: zh for name, (zh, _) in _of("名单状态").items()} == called


def test_roles_are_called_in_the_glossary_what_the_issuer_calls_them() -> None:
    assert _of("角色") == {name: (role["title_zh"], role["title_en"]) for name, role in roles().items()}


def test_every_role_that_a_machine_names_is_one_the_issuer_knows() -> None:
    named = {role for machine in (ALERT, ORDER) for line in machine.transitions for role in line.roles}
    named |= {role for row in listing.TABLE for role in row.roles}
    assert named - set(roles()) == {"system"}


def test_every_scope_that_a_machine_asks_for_is_given_to_each_role_it_names() -> None:
    lines = [line for machine in (ALERT, ORDER) for line in machine.transitions if line.scope]
    asked = {(role, line.scope) for line in lines for role in line.roles if role != "system"}
    assert sorted(pair for pair in asked if pair[1] not in roles()[pair[0]]["scopes"]) == []


def _of(section: str) -> dict[str, tuple[str, str]]:
    return {name: (term.zh, term.en) for (title, name), term in BY_SECTION.items() if title == section}
