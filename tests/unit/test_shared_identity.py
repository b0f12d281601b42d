"""What a service knows of keys and revocations, and what it must not yet believe."""

from datetime import UTC, datetime, timedelta

import pytest
from joserfc.jwk import ECKey, KeySet

from shared.errors import Overloaded
from shared.events import IdentityRevoked, SigningKeysPublished
from shared.identity import Identities

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def keys() -> SigningKeysPublished:
    return SigningKeysPublished(jwks=dict(KeySet([ECKey.generate_key("P-256")]).as_dict(private=False)))


def revoked(until: datetime | None) -> IdentityRevoked:
    return IdentityRevoked(kind="token", value="t-1", revoked_at=NOW, until=until)


def test_nobody_is_let_in_while_the_revocations_of_the_past_are_still_being_read() -> None:
    known = Identities()
    known.is_behind = True
    known.apply(keys())
    assert not known.known
    with pytest.raises(Overloaded):
        _ = known.keys
    known.is_behind = False
    assert known.known
    assert len(known.keys.keys) == 1


@pytest.mark.parametrize(
    ("until", "later", "is_kept"),
    [(None, 3650, True), (NOW + timedelta(hours=1), 0, True), (NOW + timedelta(hours=1), 1, False)],
    ids=["for ever", "not over", "over"],
)
def test_a_revocation_is_forgotten_only_when_it_can_matter_no_more(
    until: datetime | None, later: int, is_kept: bool
) -> None:
    known = Identities()
    known.apply(revoked(until))
    known.forget(NOW + timedelta(days=later))
    assert known.is_revoked("token", "t-1", issued_at=NOW) is is_kept
