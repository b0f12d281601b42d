"""A receiver may ask us to wait; whatever he writes, it is a wait that we can keep, or none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.retry_after import LONGEST_WAIT, asked_wait

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta()),
        ("000120", timedelta(minutes=2)),
        ("9" * 5000, LONGEST_WAIT),
        ("0" * 5000 + "7", timedelta(seconds=7)),
        ("Mon, 23 Nov 2026 09:05:00 GMT", timedelta(minutes=5)),
        ("Mon, 23 Nov 2026 08:00:00 GMT", timedelta()),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("Mon, 23 Nov 2026 09:05:00 +99999999999999", None),
        ("²", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_what_a_receiver_asks_for(header: str | None, wait: timedelta | None) -> None:
    assert asked_wait(header, NOW) == wait


@given(st.text(max_size=60) | st.text("0123456789", max_size=6000))
def test_no_header_breaks_the_worker_nor_lets_it_wait_longer_than_a_day(header: str) -> None:
    wait = asked_wait(header, NOW)
    assert wait is None or timedelta() <= wait <= LONGEST_WAIT
