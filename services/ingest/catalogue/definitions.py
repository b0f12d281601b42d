"""What a dataset is: plain values, checked for sense when they are made.

A dataset or an item is added by data alone. Whatever is said here is enforced by `validation`, shown by
`GET /v1/datasets/{dataset}`, and nowhere else in the code is a dataset known by its name.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

SubjectKind = Literal["employer", "project", "account", "person"]
Cycle = Literal["realtime", "day", "week", "month", "year"]
# Government data is shared unconditionally, conditionally, or not (Decree 809).
Sharing = Literal["U", "C", "N"]
# P1 may be announced; P2 (names, phones) stays here; P3 (numbers of persons and accounts) is sealed and pseudonymised.
Sensitivity = Literal["P1", "P2", "P3"]
# Whose number a P3 item is: it decides the key, so that the same person has one pseudonym in every dataset.
Seal = Literal["person", "account", "person-or-company"]

_VERSION = re.compile(r"[1-9]\d*\.\d+")
_TYPE = re.compile(
    r"(uscc|idno|money|int|month|date|datetime|bool|enum|set|div9|text|phone|year|url)|(str|char)(\d+)|dec(\d+)\.(\d+)"
)
_ORDERED = frozenset({"int", "month", "date", "datetime", "year", "money", "dec"})


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name people read, in both languages."""

    zh: str
    en: str


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value of an enumeration; `zh` and `also` are accepted for it too."""

    value: str
    zh: str
    also: tuple[str, ...] = ()


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"equals": "is", "differs": "is_not"}):
    """A condition on another item of the record. Neither holds while that item is empty."""

    item: str
    equals: str | None = None
    differs: str | None = None


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose record this is: the kind, the item that names the subject, and the item with its name in words."""

    kind: SubjectKind
    item: str | None = None
    name: str | None = None


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a register's change stands: the item that says what changed, and those with the old and the new content."""

    what: str
    before: str
    after: str


class Traces(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By what else than its code a record's subject is known, and what its records teach about others' subjects.

    `account` numbers the subject, within `numbering` (by default the dataset itself; datasets that share it number
    alike). `codes` may hold the credit code, too. `registers`: the names are official and count from their date.
    `teaches_names` false: the names are not learned, because they are many and the register knows them better.
    `place`: the item that says where the subject itself is (9 digits); it decides who sees rows that name no place.
    """

    account: str | None = None
    numbering: str | None = None
    codes: tuple[str, ...] = ()
    division: str | None = None
    reg_no: str | None = None
    registers: bool = False
    teaches_names: bool = True
    place: str | None = None
    change: Change | None = None


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One data item: its type, and every check that a value must pass.

    `min`, `max` include their bound, `above` does not. `at_most`, `not_before`, `difference` compare with other items
    of the same record and hold while one of them is empty. `expect` is what law or practice expects but must not be
    refused when it is not so: it is what the scoring looks for. `tied`: whoever has the same is tied to each other, and
    so of a name (P2) a pseudonym is announced, not nothing.
    """

    item: str
    label: str
    type: str
    provenance: str = ""
    required: bool = False
    required_when: When | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    above: Decimal | None = None
    at_most: str | None = None
    not_before: str | None = None
    difference: tuple[str, str] | None = None
    values: tuple[Choice, ...] = ()
    open: bool = False
    zero_pad: bool = False
    dirty: bool = False
    sensitivity: Sensitivity = "P1"
    seal: Seal | None = None
    tied: bool = False
    unit: str | None = None
    expect: str | None = None

    def __post_init__(self) -> None:
        if not _TYPE.fullmatch(self.type):
            raise ValueError(f"{self.item}: there is no type {self.type!r}")
        if (self.sensitivity == "P3") != (self.seal is not None):
            raise ValueError(f"{self.item}: an item is P3 if and only if it is sealed")
        if self.tied and self.sensitivity != "P2":
            raise ValueError(f"{self.item}: only of a P2 item a pseudonym is made that nothing leads back from")
        if self.kind in ("enum", "set") and not self.open and not self.values:
            raise ValueError(f"{self.item}: a closed enumeration needs its values")
        if self.bounded and self.kind not in _ORDERED:
            raise ValueError(f"{self.item}: a {self.type} has no order")

    @property
    def kind(self) -> str:
        """The type without its sizes: `str` of `str200`, `dec` of `dec5.4`."""
        return re.sub(r"[\d.]+$", "", self.type) if self.type != "div9" else "div9"

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers in the type: (200,) of `str200`, (5, 4) of `dec5.4`; money is decimal(18,2)."""
        if self.type == "money":
            return (18, 2)
        return tuple(int(number) for number in re.findall(r"\d+", self.type))

    @property
    def bounded(self) -> bool:
        """Whether the item has a check that needs an order of values."""
        return any(
            bound is not None
            for bound in (self.min, self.max, self.above, self.at_most, self.not_before, self.difference)
        )


class Dataset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dataset: what it measures, why it may be shared, whose it is, when it counts, and its items in order.

    `source_time` lists the items of which the latest tells when the fact was true at its source; without one, a record
    counts from the moment it was reported. Where `providers` are many (banks, water companies), each numbers its own:
    the same key of two agencies is two records, and none can overwrite another's.

    Core metadata (domain.md 6.5): `code` is class, item, subject and serial number, ours until the national catalogue
    gives one; `openness` is to the public, closed unless the owner opens it; `listed_on` is the day on which the owner
    published it, where known. `version`, `succeeds`, `until`: see `publication`.
    """

    dataset: str
    label: Label
    measure: str
    cycle: Cycle
    sharing: Sharing
    legal_basis: str
    subject: Subject
    key: tuple[str, ...]
    source_time: tuple[str, ...]
    items: tuple[Item, ...]
    origin: str = ""
    providers: Literal["one", "many"] = "one"
    code: str = ""
    openness: Sharing = "N"
    listed_on: date | None = None
    version: str = "1.0"
    succeeds: str | None = None
    until: date | None = None
    traces: Traces = Traces()

    def __post_init__(self) -> None:
        self._must_be_a_key()
        if not _VERSION.fullmatch(self.version):
            raise ValueError(f"{self.dataset}: a version is major.minor, not {self.version!r}")
        for other, kinds in self._mentioned():
            if other not in self.by_name:
                raise ValueError(f"{self.dataset}: {other} is mentioned and is no item")
            if kinds and self.by_name[other].kind not in kinds:
                raise ValueError(f"{self.dataset}: {other} has the wrong type for its use")

    @property
    def by_name(self) -> dict[str, Item]:
        """The items by name, in order."""
        return {item.item: item for item in self.items}

    @property
    def announced(self) -> list[str]:
        """The items that events hold: no name or phone of a person, unless as a pseudonym."""
        return [item.item for item in self.items if item.sensitivity != "P2" or item.tied]

    def _must_be_a_key(self) -> None:
        if len(self.by_name) != len(self.items):
            raise ValueError(f"{self.dataset}: an item stands there twice")
        if not self.key or not all(self.by_name[name].required for name in self.key if name in self.by_name):
            raise ValueError(f"{self.dataset}: a natural key of required items is needed")

    def _mentioned(self) -> list[tuple[str, frozenset[str]]]:
        anything: frozenset[str] = frozenset()
        found = [(name, anything) for name in (*self.key, self.subject.item, self.subject.name) if name]
        found += [(name, frozenset({"date", "datetime"})) for name in self.source_time]
        found += [(name, anything) for name in self._traced()]
        for item in self.items:
            found += [(other, _ORDERED) for other in (item.at_most, item.not_before, *(item.difference or ())) if other]
            found += [(item.required_when.item, anything)] if item.required_when else []
        return found

    def _traced(self) -> list[str]:
        traces, change = self.traces, self.traces.change
        named = [traces.account, traces.division, traces.reg_no, traces.place, *traces.codes]
        changed = [change.what, change.before, change.after] if change else []
        return [name for name in (*named, *changed) if name]


class Department(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A department and what it gives."""

    department: str
    label: Label
    datasets: tuple[Dataset, ...]
