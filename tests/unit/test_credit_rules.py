"""Credit codes, webhook addresses, and when a webhook is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credit.rules import (
    CreditCodeWrong,
    WebhookRefused,
    check_credit_code,
    check_webhook_url,
    next_wait,
)
from services.credit.settings import THREE_DAYS, CreditSettings
from shared.retry_after import LONGEST_WAIT

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
REAL = ["9144030071526726XG", "91330100799655058B", "91440300708461136T"]


@pytest.mark.parametrize("code", REAL)
def test_real_credit_codes_pass_and_lower_case_is_understood(code: str) -> None:
    assert check_credit_code(code.lower()) == code


@given(code=st.sampled_from(REAL), at=st.integers(0, 17), character=st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_character_is_never_taken_for_another_firm(code: str, at: int, character: str) -> None:
    if code[at] == character:
        return
    with pytest.raises(CreditCodeWrong):
        check_credit_code(code[:at] + character + code[at + 1 :])


@pytest.mark.parametrize("code", ["", "9133", "9" * 19, "91330100799655058I", "９１３３０１００７９９６５５０５８Ｂ"])
def test_what_is_no_credit_code_is_refused(code: str) -> None:
    with pytest.raises(CreditCodeWrong):
        check_credit_code(code)


ALLOWED = ("credit.example.gov.cn", "localhost:8445")


@pytest.mark.parametrize("url", ["https://credit.example.gov.cn/hook", "https://localhost:8445/webhook?a=1"])
def test_an_allowed_https_address_is_accepted(url: str) -> None:
    assert check_webhook_url(url, ALLOWED) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://credit.example.gov.cn/hook",
        "https://credit.example.gov.cn:8443/hook",
        "https://localhost/webhook",
        "https://localhost:8445@evil.example/",
        "https://user:secret@localhost:8445/",
        "https://evil.example/?localhost:8445",
        "https://localhost:8445/#x",
        "https://169.254.169.254/latest",
        "https://[::1",
        "https://localhost:99999/",
        "file:///etc/passwd",
        "",
    ],
)
def test_any_other_address_is_refused(url: str) -> None:
    with pytest.raises(WebhookRefused):
        check_webhook_url(url, ALLOWED)


def test_the_schedule_lasts_three_days() -> None:
    assert timedelta(seconds=sum(THREE_DAYS)) >= timedelta(days=3)


@given(attempts=st.integers(1, len(THREE_DAYS)), jitter=st.floats(0, 0.999))
def test_waits_follow_the_schedule_with_a_little_jitter(attempts: int, jitter: float) -> None:
    wait = next_wait(THREE_DAYS, attempts, None, jitter)
    planned = THREE_DAYS[attempts - 1]
    assert wait is not None
    assert planned <= wait.total_seconds() <= planned * 1.1


def test_after_the_last_try_there_is_none() -> None:
    assert next_wait(THREE_DAYS, len(THREE_DAYS) + 1, None, 0) is None


def test_retry_after_lengthens_a_wait_and_never_shortens_it() -> None:
    assert next_wait((5,), 1, timedelta(seconds=60), 0) == timedelta(seconds=60)
    assert next_wait((300,), 1, timedelta(seconds=1), 0) == timedelta(seconds=300)
    assert next_wait((5,), 1, timedelta(days=365), 0) == LONGEST_WAIT


def test_lists_in_settings_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANXIN_DATABASE_URL", "postgresql+psycopg://credit@127.0.0.1/anxin")
    monkeypatch.setenv("ANXIN_WEBHOOK_ALLOWED_HOSTS", "a.example, localhost:8445")
    monkeypatch.setenv("ANXIN_WEBHOOK_RETRY_SECONDS", "1,2.5")
    settings = CreditSettings()
    assert settings.webhook_allowed_hosts == ("a.example", "localhost:8445")
    assert settings.webhook_retry_seconds == (1, 2.5)
