"""Why a command could not do its work: one sentence in Chinese and English, and an exit status that scripts can read.

Refusal
├── Unusable        2  the call itself makes no sense
├── NotRunning      3  no platform runs with this home
├── PortTaken       4
├── DiskFull        5
├── HomeUnusable    6  not writable, or another platform already runs with it
├── PartFailed      7  a part of the platform did not start
├── Denied          8  the platform refused the request (problem+json)
└── RowsRejected    9  the file was taken, some of its rows were not
"""


class Refusal(Exception):
    """Base of all. `zh` and `en` say the same thing; `exit_status` is the command's."""

    exit_status = 1

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en


class Unusable(Refusal):
    exit_status = 2


class NotRunning(Refusal):
    exit_status = 3


class PortTaken(Refusal):
    exit_status = 4


class DiskFull(Refusal):
    exit_status = 5


class HomeUnusable(Refusal):
    exit_status = 6


class PartFailed(Refusal):
    exit_status = 7


class Denied(Refusal):
    exit_status = 8


class RowsRejected(Refusal):
    exit_status = 9
