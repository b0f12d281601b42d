"""The issuer's rules, by value."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.issuer.roles import roles, scopes_by_role
from gateway.issuer.rules import authorizations, logins, scopes
from gateway.issuer.rules.certificates import Certificate, belongs, certificate_of, is_same_subject
from gateway.issuer.rules.keys import Rotation, Schedule, is_published, next_key, signs

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROTATION = Rotation(period=timedelta(days=30), lead=timedelta(days=1), grace=timedelta(minutes=20))


@dataclass(frozen=True)
class AKey:
    signs_from: datetime
    signs_until: datetime
    published_until: datetime


def a_key(times: Schedule | None) -> AKey:
    assert times is not None
    return AKey(times.signs_from, times.signs_until, times.published_until)


def test_the_first_key_signs_at_once() -> None:
    assert signs(a_key(next_key([], NOW, ROTATION)), NOW)


def test_a_successor_is_made_a_day_ahead_and_starts_where_the_first_one_ends() -> None:
    first = a_key(next_key([], NOW, ROTATION))
    assert next_key([first], NOW + timedelta(days=28, hours=23), ROTATION) is None
    second = a_key(next_key([first], NOW + timedelta(days=29), ROTATION))
    assert second.signs_from == first.signs_until


@given(st.lists(st.integers(min_value=1, max_value=600), min_size=1, max_size=400))
def test_at_every_moment_exactly_one_key_signs_and_it_was_known_before(steps: list[int]) -> None:
    rotation = Rotation(period=timedelta(minutes=60), lead=timedelta(minutes=20), grace=timedelta(minutes=5))
    now, keys, made = NOW, [a_key(next_key([], NOW, rotation))], {NOW: NOW}
    for step in steps:
        now += timedelta(seconds=step)
        if due := next_key(keys, now, rotation):
            keys.append(a_key(due))
            made[due.signs_from] = now
        signing = [key for key in keys if signs(key, now)]
        assert len(signing) == 1
        assert is_published(signing[0], now)
        if signing[0].signs_from != NOW:
            assert signing[0].signs_from - made[signing[0].signs_from] >= timedelta(minutes=9)


def test_an_old_key_stays_published_until_its_last_token_has_ended() -> None:
    key = a_key(next_key([], NOW, ROTATION))
    assert is_published(key, key.signs_until + timedelta(minutes=19))
    assert not is_published(key, key.signs_until + timedelta(minutes=20))


def test_without_a_wish_a_client_gets_everything_it_was_granted() -> None:
    assert scopes.granted("", ["b", "a"]) == ("a", "b")


def test_identity_scopes_are_no_grants() -> None:
    assert scopes.granted("openid profile", ["a"]) == ("a",)


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_a_token_never_carries_a_scope_that_was_not_granted(requested: set[str], grants: set[str]) -> None:
    try:
        given_scopes = scopes.granted(" ".join(requested), grants)
    except scopes.ScopeNotGranted:
        assert requested - grants
    else:
        assert set(given_scopes) <= grants


def test_several_roles_add_up_and_an_unknown_one_adds_nothing() -> None:
    table = {"a": ("x",), "b": ("y",)}
    assert scopes.of_roles(["a", "b", "c"], table) == {"x", "y"}


def test_only_the_bureau_decides_a_listing() -> None:
    assert [name for name, granted in scopes_by_role().items() if "credit:decide" in granted] == ["bureau_head"]


def test_a_grid_worker_states_facts_and_never_law() -> None:
    assert set(scopes_by_role()["grid_worker"]) == {"alerts:read", "alerts:verify"}


def test_every_role_of_the_platform_is_there_with_a_chinese_title() -> None:
    assert set(roles()) == {
        "analyst", "dispatcher", "inspector", "squad_leader", "bureau_head", "grid_worker", "credit_officer",
        "auditor", "operator",
    }  # fmt: skip
    assert all(role.title_zh for role in roles().values())


HEADER = f'Hash={"ab" * 32};Subject="CN=tax-bureau,O=Tax Bureau\\, Yuhang"'


def test_the_gateways_header_gives_thumbprint_and_subject() -> None:
    found = certificate_of(HEADER)
    assert found is not None
    assert base64.urlsafe_b64decode(found.thumbprint + "=") == bytes.fromhex("ab" * 32)
    assert is_same_subject("CN=tax-bureau,O=Tax Bureau\\, Yuhang", found.subject)
    assert not is_same_subject("CN=tax-bureau,O=Tax Bureau,Yuhang", found.subject)


@pytest.mark.parametrize("header", ["", "Hash=zz", f"{HEADER},{HEADER}", f"By=x;Hash={'ab' * 31}"])
def test_a_header_that_does_not_name_one_certificate_proves_nothing(header: str) -> None:
    assert certificate_of(header) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("CN=tax-bureau", "cn=tax-bureau", True),
        ("CN=tax-bureau, O=x", "CN=tax-bureau,O=x", True),
        ("CN=tax-bureau", "CN=tax-bureau,O=x", False),
        ("CN=tax-bureau", "O=x,CN=tax-bureau", False),
        ("CN=tax-bureau", "CN=Tax-Bureau", False),
        ("CN=a\\,CN=b", "CN=a,CN=b", False),
        ("", "", False),
    ],
)
def test_two_subjects_are_one_only_if_every_part_agrees(one: str, other: str, same: bool) -> None:
    assert is_same_subject(one, other) is same


def test_a_pinned_thumbprint_outweighs_the_right_name() -> None:
    certificate = Certificate("thumb", "CN=tax-bureau")
    assert belongs(certificate, "CN=tax-bureau", ())
    assert belongs(certificate, "CN=tax-bureau", ("thumb",))
    assert not belongs(certificate, "CN=tax-bureau", ("another",))
    assert not belongs(certificate, None, ())


def test_the_first_wrong_passwords_cost_nothing_and_then_ever_more() -> None:
    waits = [logins.wait(failures) for failures in range(30)]
    assert waits[4] == timedelta(0)
    assert waits[5] == timedelta(seconds=2)
    assert waits == sorted(waits)
    assert waits[-1] == logins.LONGEST_WAIT


def test_failures_of_yesterday_are_forgotten() -> None:
    assert logins.failures_after(9, NOW - timedelta(days=1), NOW) == 1
    assert logins.failures_after(9, NOW - timedelta(minutes=1), NOW) == 10


REGISTERED = ["http://127.0.0.1/callback", "https://console.example/callback"]


@pytest.mark.parametrize(
    ("uri", "known"),
    [
        ("http://127.0.0.1:7777/callback", True),
        ("https://console.example/callback", True),
        ("https://console.example:444/callback", False),
        ("https://console.example/callback/", False),
        ("http://127.0.0.1:7777/callback#x", False),
        ("http://127.0.0.1:7777/callback?x", False),
        ("http://a@127.0.0.1:7777/callback", False),
        ("http://127.0.0.1:notaport/callback", False),
        ("http://localhost:7777/callback", False),
        ("https://127.0.0.1:7777/callback", False),
    ],
)
def test_an_answer_goes_only_where_it_was_registered(uri: str, known: bool) -> None:
    assert authorizations.is_registered(uri, REGISTERED) is known
