"""A full disk as the supervisor's own files meet it: said once, endured, said when it is over; no half a file."""

import errno
from pathlib import Path

import pytest

from local import files, state
from local.disk import Disk
from local.layout import Home


def no_space() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_said_once_and_its_end_once() -> None:
    said: list[str] = []
    disk = Disk(lambda _zh, en: said.append(en))
    for _ in range(3):
        with disk.endured():
            raise no_space()
    disk.recover()
    disk.recover()
    assert [sentence.partition(".")[0] for sentence in said] == [
        "The disk is full",
        "There is space on the disk again; the platform is well",
    ]


def test_another_error_stays_an_error() -> None:
    disk = Disk(lambda _zh, _en: None)
    with pytest.raises(PermissionError), disk.endured():
        raise PermissionError(errno.EACCES, "no")
    assert not disk.is_full


def test_what_could_not_be_said_is_said_when_there_is_space() -> None:
    said: list[str] = []
    full = [True]

    def say(_zh: str, en: str) -> None:
        if full[0]:
            raise no_space()
        said.append(en)

    disk = Disk(say)
    disk.tell("甲", "first")
    full[0] = False
    disk.recover()
    assert [sentence.split()[0] for sentence in said] == ["first", "The", "There"]


def test_a_file_that_cannot_be_written_leaves_the_earlier_one_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        files.write(tmp_path / "folder", b"a file cannot replace a folder")
    files.write(tmp_path / "whole", b"1")
    files.write(tmp_path / "whole", b"2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "whole"]
    assert (tmp_path / "whole").read_bytes() == b"2"


def test_an_empty_state_file_is_no_state(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.run.mkdir()
    home.state.touch()
    assert state.current(home) is None
