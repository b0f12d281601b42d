"""A full disk: said once, endured for as long as it lasts, and said again when it is over."""

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

Say = Callable[[str, str], None]

FULL = (errno.ENOSPC, errno.EDQUOT)
# What could not be said on a full disk (its log is a file, too) is kept, but not without end.
MOST_UNSAID = 100

HARDLY_ANY_BYTES = 1024**2


def hardly_any_left(folder: Path) -> bool:
    """Whether nothing can be expected to be written below `folder`; False when that cannot be known."""
    try:
        return shutil.disk_usage(folder).free < HARDLY_ANY_BYTES
    except OSError:
        return False


@dataclass
class Disk:
    """Whether the disk was full when something was last written. `say` tells a person, and may itself need the disk."""

    say: Say
    is_full: bool = False
    _unsaid: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def endured(self) -> Iterator[None]:
        """Do what writes; a full disk is said once and is no error. Any other error stays one."""
        try:
            yield
        except OSError as error:
            if error.errno not in FULL:
                raise
            self.notice()

    def notice(self) -> None:
        """The disk is full: say so, unless we have."""
        if not self.is_full:
            self.is_full = True
            self.tell(
                "磁盘已满。平台继续运行，有空间后自动恢复。",
                "The disk is full. The platform goes on, and recovers by itself when there is space.",
            )

    def recover(self) -> None:
        """What had to be written was written, and all is well: say so, if we said otherwise."""
        if self.is_full:
            self.is_full = False
            self.tell("磁盘已有空间，平台恢复正常。", "There is space on the disk again; the platform is well.")

    def tell(self, zh: str, en: str) -> None:
        """Say a sentence, after those that could not be said; now, or when there is space."""
        self._unsaid = [*self._unsaid, (zh, en)][-MOST_UNSAID:]
        with self.endured():
            while self._unsaid:
                self.say(*self._unsaid[0])
                del self._unsaid[0]
