"""Files that are missing, empty, broken or not ours: each is named in one sentence, and none is left half written."""

import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local import agency_client, cli, diagnosis, files, pki, refusals, registry
from local.layout import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    pki.ensure(tmp_path / "pki")
    return Home(tmp_path)


@pytest.mark.parametrize("broken", [b"", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", b"\xff"])
def test_doctor_names_a_broken_certificate_and_looks_at_the_others(home: Home, broken: bytes) -> None:
    folder = pki.issue_agency(home.pki, "tax-bureau")
    (folder / "client.crt").write_bytes(broken)
    findings = list(diagnosis.certificates(home, datetime.now(UTC)))
    assert [found.en for found in findings if found.grade == "failure" and "client.crt" in found.en] == [
        f"{folder / 'client.crt'} is empty or broken."
    ]
    assert any("certificates looked at" in found.en for found in findings)


def test_a_broken_certificate_has_no_thumbprint_but_a_sentence(home: Home) -> None:
    folder = pki.issue_agency(home.pki, "tax-bureau")
    (folder / "client.crt").write_bytes(b"")
    with pytest.raises(refusals.HomeUnusable, match="empty or broken"):
        registry.thumbprint_in(folder)


@pytest.mark.parametrize("name", ["ca.crt", "ca.key"])
def test_a_broken_authority_is_named(home: Home, name: str) -> None:
    (home.pki.directory / name).write_bytes(b"")
    with pytest.raises(refusals.HomeUnusable, match=name):
        pki.ensure(home.pki.directory)


@pytest.mark.parametrize("name", ["ca.crt", "client.crt", "client.key"])
def test_a_client_without_its_files_says_which(home: Home, name: str) -> None:
    folder = pki.issue_agency(home.pki, "tax-bureau")
    (folder / name).write_bytes(b"")
    with pytest.raises(refusals.Refusal, match=name):
        agency_client.AgencyClient("https://localhost:1", folder)
    (folder / name).unlink()
    with pytest.raises(refusals.Unusable, match=name):
        agency_client.AgencyClient("https://localhost:1", folder)


def test_files_that_belong_together_are_replaced_together_or_not_at_all(tmp_path: Path) -> None:
    first, second = tmp_path / "client.crt", tmp_path / "absent" / "client.key"
    first.write_bytes(b"before")
    with pytest.raises(FileNotFoundError):
        files.write_together((first, b"after", files.PUBLIC), (second, b"key", files.PRIVATE))
    assert first.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["client.crt"]


def test_an_agencys_key_is_its_owners_only(home: Home) -> None:
    folder = pki.issue_agency(home.pki, "tax-bureau")
    assert (folder / "client.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 5), (errno.EDQUOT, 5), (errno.EACCES, 6)])
def test_a_full_disk_and_a_closed_folder_have_an_exit_status(number: int, status: int) -> None:
    refusal = cli.foreseen(OSError(number, "no", "/root/x"))
    assert refusal is not None
    assert refusal.exit_status == status


def test_another_error_is_not_hidden() -> None:
    assert cli.foreseen(OSError(errno.EIO, "no", "/root/x")) is None
