"""The certificate header is read in one place, and nothing a certificate says about itself is read as anything else."""

import pytest

from shared.auth import thumbprint_of
from shared.certificates import certificate_of, thumbprint

DIGEST, OTHER = "ab" * 32, "cd" * 32


def test_what_stands_in_a_subject_is_a_name_and_nothing_more() -> None:
    found = certificate_of(f'Hash={DIGEST};Subject="CN=tax-bureau,O=x;Hash={OTHER};y"')
    assert found is not None
    assert found.thumbprint == thumbprint(DIGEST)
    assert found.subject == f"CN=tax-bureau,O=x;Hash={OTHER};y"


def test_a_subject_may_quote_itself() -> None:
    found = certificate_of(rf'Hash={DIGEST};Subject="CN=a\";Subject=\"CN=b"')
    assert found is not None
    assert found.subject == r"CN=a\";Subject=\"CN=b"


@pytest.mark.parametrize("second", [f"Hash={OTHER}", f"hash={OTHER}", "Hash=", f'By=x;Hash={OTHER};Subject="CN=b"'])
@pytest.mark.parametrize("join", [",", ";"])
def test_who_sees_two_certificates_believes_neither(second: str, join: str) -> None:
    header = f'Hash={DIGEST};Subject="CN=a"{join}{second}'
    assert certificate_of(header) is None
    assert thumbprint_of(header) is None
