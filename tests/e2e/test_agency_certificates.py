"""An agency's certificate leaks; it is revoked, and comes back with a new one."""

import shutil
from pathlib import Path

import pytest

from local.agency_client import AgencyClient
from local.refusals import Denied
from tests.running import Running


def test_a_leaked_certificate_opens_nothing_when_its_agency_is_back(platform: Running, tmp_path: Path) -> None:
    first = platform.agency("leaky-office", ["ingest:tax_arrears"])
    stolen = tmp_path / "leaky-office"
    shutil.copytree(first.folder, stolen)
    assert first.token()
    platform.anxin("agency", "revoke", "leaky-office")
    platform.anxin("agency", "add", "leaky-office", "--datasets", "tax_arrears")
    thief, back = AgencyClient(platform.ports.agencies_url, stolen), AgencyClient(first.url, first.folder)
    with pytest.raises(Denied):
        thief.token()
    assert back.token()
    thief.close()
    back.close()
