"""What a dead letter tells a person: why it died, what to do, and nothing that is somebody's."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.issuer.schemas.dead_letters import groups_of
from shared import topology
from shared.dead_letters import DeadLetter
from shared.dead_letters.contents import described, masked
from shared.dead_letters.reasons import explained

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
SECRET = "身份证11010519491231002X"


def a_letter(sequence: int, reason: str = "Poison: no", consumer: str = "scoring-records-accepted") -> DeadLetter:
    return DeadLetter(sequence, NOW + timedelta(minutes=sequence), "records.accepted", consumer, reason, None)


@pytest.mark.parametrize(
    ("reason", "replay"),
    [("Poison: the rule says no", "never"), ("OperationalError: gone", "now"), ("DecodeError: x", "after")],
)
def test_a_known_reason_says_what_to_do(reason: str, replay: str) -> None:
    why = explained(a_letter(1, reason).error)
    assert why.replay == replay
    assert why.errors
    assert why.todo_zh.endswith("。")
    assert why.todo_en.endswith(".")


def test_an_unknown_reason_says_where_to_look() -> None:
    assert "log" in explained("NobodyKnowsThis").todo_en


def _texts() -> st.SearchStrategy[Any]:
    leaves = st.one_of(st.just(SECRET), st.just(13811112222), st.just(4213.5), st.booleans(), st.none())
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner))


@given(_texts())
def test_no_text_and_no_number_of_anybody_ever_shows(value: Any) -> None:
    shown = json.dumps(masked(value), ensure_ascii=False)
    for secret in (SECRET, "13811112222", "4213.5"):
        assert secret not in shown


def test_ids_dates_counts_and_words_of_our_own_stay() -> None:
    data = {
        "receipt_id": "019abc00-0000-7000-8000-000000000001",
        "dataset": "tax_arrears",
        "reported_at": "2026-11-25T08:00:00Z",
        "subject_ids": ["91330100799655058B", None],
        "columns": {"taxpayer": ["某"], "balance": ["1.00"]},
        "name": "王某",
    }
    assert masked(data) == {
        **{name: data[name] for name in ("receipt_id", "dataset", "reported_at")},
        "subject_ids": {"count": 2},
        "columns": {"taxpayer": {"count": 1}, "balance": {"count": 1}},
        "name": "***",
    }


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b'{"data_is": "missing"}', b"\xff\xfe", b"[" * 50_000])
def test_what_is_no_event_is_told_by_its_size(body: bytes) -> None:
    assert described(body) == {"is_event": False, "bytes": len(body)}


def test_letters_are_counted_by_who_failed_and_how() -> None:
    found = groups_of([a_letter(1), a_letter(2), a_letter(3, "KeyError: x"), a_letter(4, consumer="alerts-x")])
    assert [(group.consumer, group.error, group.count) for group in found] == [
        ("scoring-records-accepted", "Poison", 2),
        ("scoring-records-accepted", "KeyError", 1),
        ("alerts-x", "Poison", 1),
    ]
    assert (found[0].first_at, found[0].last_at) == (NOW + timedelta(minutes=1), NOW + timedelta(minutes=2))


def test_only_the_operators_desk_reads_dead_letters_and_it_sends_again_only_what_somebody_hears() -> None:
    users = topology.permissions()
    readers = {user for user, may in users.items() if any("DEAD" in subject for subject in may["publish"])}
    assert readers == {topology.DESK}
    heard = {event.subject for events in topology.LISTENERS.values() for event in events}
    said = {subject for subject in users[topology.DESK]["publish"] if subject[0] != "$"}
    assert said - heard == {"identity.>", "dead.issuer.>"}
