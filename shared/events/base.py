"""What every event is, and the words that several of them use."""

from typing import ClassVar, Literal

import msgspec

Level = Literal["none", "blue", "yellow", "orange", "red"]
SubjectKind = Literal["employer", "project", "account", "person"]
Finding = Literal["confirmed", "no_arrears", "false", "unverifiable"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact of the past that others may build on."""

    subject: ClassVar[str]
    source: ClassVar[str]

    @classmethod
    def type(cls) -> str:
        """The CloudEvents type."""
        return f"cn.anxin.{cls.subject}.v1"
