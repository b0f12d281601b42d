"""What each dataset measures, as data: `data/measures.yaml`, read and checked whole.

A measure (arrears, headcount, usage, event, registration, ...) has a shape, and a shape has its features, so that a new
dataset becomes features by an entry in the YAML alone.
"""

from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from services.scoring.rulebook import Dataset, ItemType, Where

Kind = Literal["arrears", "flag", "headcount", "usage", "payroll", "account_flow", "event", "registration"]
Shape = Literal["debt", "flow", "event", "record"]
Group = Literal["utilities", "tax_si", "court", "market", "complaints", "project_pay", "related", "own_past", "breadth"]
Sign = Literal[-1, 0, 1]


class FeatureInfo(msgspec.Struct, frozen=True):
    """What a column is: its family, whether more of it is worse (1), better (-1) or neither (0), and its labels."""

    family: Group
    monotone: Sign
    zh: str
    en: str


class Meaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature of a shape; `sign` holds where more of the measure is worse."""

    sign: Sign
    zh: str
    en: str


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One measure of a dataset: which items it is read from. See the head of measures.yaml."""

    code: str
    kind: Kind
    zh: str
    en: str
    amount: str | None = None
    less: str | None = None
    base: str | None = None
    days: str | None = None
    people: str | None = None
    until: str | None = None
    since: str | None = None
    where: tuple[Where, ...] = ()
    risk: Sign = 1
    peers: str | None = None

    @property
    def items(self) -> set[str]:
        """The items that it reads."""
        named = (self.amount, self.less, self.base, self.days, self.people, self.until, self.since)
        return {item for item in named if item} | {where.item for where in self.where}


class Via(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The dataset whose rows tell whose the value of `item` is."""

    dataset: str
    item: str


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A dataset as it is measured. See the head of measures.yaml."""

    dataset: str
    family: Group
    zh: str
    en: str
    cycle_days: int
    key: tuple[str, ...]
    items: dict[str, ItemType]
    measures: tuple[Measure, ...]
    about: Literal["employer", "project"] = "employer"
    file: str | None = None
    reported: str = "reported_at"
    source_time: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    account: str | None = None
    name: str | None = None
    via: Via | None = None
    period: str | None = None
    time: tuple[str, ...] = ()
    gaps: Literal["missing", "zero", "since_first"] = "missing"
    counted: str | None = None

    def as_stored(self) -> Dataset:
        """The same for `frames.gather`, which reads stored versions."""
        own = {item: kind for item, kind in self.items.items() if item != "reported_at"}
        own |= {self.counted: "int"} if self.counted else {}
        times = tuple(item for item in self.time if item in own)
        return Dataset(
            dataset=self.dataset, title_zh=self.zh, title_en=self.en, kind="state", cycle_days=self.cycle_days,
            items=own, period=self.period, time=times,
        )  # fmt: skip


class Party(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows of a dataset that name the same value of an item are of related employers."""

    dataset: str
    item: str


class Tie(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of relation; a value that more than `most` employers share is none."""

    code: str
    most: int
    zh: str
    en: str
    of: tuple[Party, ...]


class Relative(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column whose worst and mean among the relatives is a feature."""

    code: str
    column: str
    zh: str
    en: str


class Breadth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Families whose bad datasets are counted together."""

    code: str
    family: Group
    of: tuple[Group, ...]
    zh: str
    en: str


class Windows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far series look back; what "never" is in days; after how many days of silence zero is no longer believed.

    A month of a list of debtors has been told when it has `told_share` of the usual number of rows.
    """

    months: int
    cap_days: int
    silent_days: int
    told_share: float


class Peers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fewest that are a group, and about how many stand for a large population."""

    least: int
    sample: int


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an employer's town, industry and number of people are told."""

    town: Party
    industry: Party
    heads: Party


class Measurebook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All measures, and what is made of them. ValueError or msgspec.ValidationError when it contradicts itself."""

    kinds: dict[Kind, Shape]
    shapes: dict[Shape, dict[str, Meaning]]
    feed: dict[str, Meaning]
    windows: Windows
    datasets: tuple[Measured, ...]
    ties: tuple[Tie, ...]
    relatives: tuple[Relative, ...]
    breadth: tuple[Breadth, ...]
    breadth_features: dict[str, Meaning]
    peers: Peers
    profile: Profile
    sizes: dict[str, int]
    sections: dict[str, int]

    def __post_init__(self) -> None:
        for each in self.datasets:
            _must_be_whole(each, self)

    @property
    def by_code(self) -> dict[str, Measured]:
        """The datasets by their code."""
        return {each.dataset: each for each in self.datasets}

    def shape(self, measure: Measure) -> Shape:
        """The shape of a measure."""
        return self.kinds[measure.kind]


def parse(page: bytes) -> Measurebook:
    """The book of a page of YAML."""
    return msgspec.yaml.decode(page, type=Measurebook)


@cache
def shipped() -> Measurebook:
    """The book in the package."""
    return parse((resources.files("services.scoring") / "data" / "measures.yaml").read_bytes())


def _must_be_whole(dataset: Measured, book: Measurebook) -> None:
    wanted = {*dataset.key, *dataset.source_time, *dataset.code, *dataset.time}
    wanted |= {item for item in (dataset.account, dataset.period) if item}
    for measure in dataset.measures:
        wanted |= measure.items
        if measure.peers and measure.peers not in book.shapes[book.shape(measure)]:
            raise ValueError(f"{dataset.dataset}.{measure.code}: there is no feature {measure.peers}")
        if book.shape(measure) == "event" and not (dataset.time or dataset.source_time):
            raise ValueError(f"{dataset.dataset}.{measure.code}: an event needs a time")
        if dataset.counted and (book.shape(measure) != "flow" or measure.amount):
            raise ValueError(f"{dataset.dataset}.{measure.code}: of counted rows only their number is measured")
    if missing := wanted - set(dataset.items):
        raise ValueError(f"{dataset.dataset}: nothing is called {', '.join(sorted(missing))}")
    if dataset.via and dataset.via.dataset not in book.by_code:
        raise ValueError(f"{dataset.dataset}: there is no dataset {dataset.via.dataset}")
