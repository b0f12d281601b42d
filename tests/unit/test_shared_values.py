"""Small rules of the common room: the vault, the clock, the settings, the topology."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared import clock, events, topology
from shared.crypto import Vault
from shared.settings import Settings

VAULT = Vault(bytes(range(32)))


@given(st.text())
def test_what_was_sealed_opens_to_the_same_text(text: str) -> None:
    assert VAULT.open("account", VAULT.seal("account", text)) == text


def test_a_seal_of_one_purpose_does_not_open_for_another() -> None:
    with pytest.raises(InvalidTag):
        VAULT.open("account", VAULT.seal("citizen-number", "11010519491231002X"))


@given(st.integers(0, 255), st.integers(1, 255))
def test_a_changed_seal_does_not_open(place: int, change: int) -> None:
    version, _, letters = VAULT.seal("account", "6222").partition(".")
    sealed = bytearray(urlsafe_b64decode(letters))
    # Bytes are changed, not letters: the last letter of base64 carries bits that nobody reads.
    sealed[place % len(sealed)] ^= change
    with pytest.raises(InvalidTag):
        VAULT.open("account", f"{version}.{urlsafe_b64encode(sealed).decode()}")


def test_a_pseudonym_joins_within_a_purpose_and_never_across_keys_or_purposes() -> None:
    number = "11010519491231002X"
    assert VAULT.pseudonym("id", number) == VAULT.pseudonym("id", number)
    assert VAULT.pseudonym("id", number) != VAULT.pseudonym("account", number)
    assert VAULT.pseudonym("id", number) != Vault(bytes(32)).pseudonym("id", number)


def test_the_business_clock_is_the_systems_unless_a_development_file_moves_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
    monkeypatch.setenv("ANXIN_CLOCK_FILE", str(tmp_path / "clock"))
    assert clock.offset().total_seconds() == 0
    (tmp_path / "clock").write_text("86400")
    assert 86395 < (clock.now() - datetime.now(UTC)).total_seconds() < 86405


def test_a_clock_that_is_set_again_tells_the_new_time_at_the_next_look(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANXIN_CLOCK_FILE", str(tmp_path / "clock"))
    for seconds in (100, 200, 300, 100):
        (tmp_path / "staged").write_text(str(seconds))
        (tmp_path / "staged").replace(tmp_path / "clock")
        assert clock.offset().total_seconds() == seconds


def test_the_business_date_is_chinas() -> None:
    assert clock.local_date(datetime(2026, 11, 23, 16, 0, tzinfo=UTC)).isoformat() == "2026-11-24"


def test_a_password_never_shows_in_the_settings_or_their_url() -> None:
    settings = Settings.model_validate(
        {"database_url": "postgresql+psycopg://ingest@host/anxin", "database_password": "s3cr3t@/"}
    )
    assert "s3cr3t" not in repr(settings) + settings.model_dump_json()
    assert settings.database_dsn() == "postgresql+psycopg://ingest:s3cr3t%40%2F@host/anxin"


def test_a_wrong_setting_stops_the_start_by_its_name() -> None:
    with pytest.raises(ValidationError, match="listen_port"):
        Settings(database_url="postgresql+psycopg://x@y/z", listen_port=0)


def test_every_event_has_a_stream_a_speaker_and_a_type_of_its_own() -> None:
    assert len(events.BY_TYPE) == len(events.ALL)
    for event in events.ALL:
        assert topology.stream_of(event.subject)
        root = event.subject.split(".")[0] + ".>"
        assert root in topology.SPEAKERS[event.source]


def test_no_service_may_publish_another_services_subject() -> None:
    allowed = {user: set(subjects["publish"]) for user, subjects in topology.permissions().items()}
    assert not {"scores.>", ">", "credit.>"} & allowed["ingest"]
    assert [user for user, publish in allowed.items() if ">" in publish] == [topology.OPERATOR]
    assert [user for user, publish in allowed.items() if "identity.>" in publish] == ["issuer"]
