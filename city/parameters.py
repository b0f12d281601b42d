"""The city's numbers, read from `data/`: each section with its source, none in code."""

from datetime import date
from functools import cache
from pathlib import Path

import msgspec
import yaml

FOLDER = Path(__file__).with_name("data")


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers of one kind and where they come from: a document, or "own"."""

    source: str


class World(Section, frozen=True):
    begins_on: date
    reference_employers: int
    projects: int
    banks: int
    district: str
    town_shares: tuple[float, ...]
    warm_up_months: int


class Sizes(Section, frozen=True):
    individual_share: float
    individual_mu: float
    individual_sigma: float
    enterprise_mu: float
    enterprise_sigma: float
    tail_share: float
    tail_from: float
    tail_exponent: float
    most: float


class Life(Section, frozen=True):
    born_within_share: float
    closing_month: float
    closing_by_stress: float
    closing_most: float
    closed_after_arrears: float
    renamed_year: float


class Owners(Section, frozen=True):
    grouped_share: float
    group_most: int
    shared_temperament: float


class Chains(Section, frozen=True):
    chained_share: float
    buyer_share: float


class Temperament(Section, frozen=True):
    wages_last_share: float
    gap: float
    spread: float


class Stress(Section, frozen=True):
    persistence: float
    reserve: float
    spread: float
    industry_weight: float
    industry_persistence: float
    volatility_sigma: float
    winter: tuple[float, ...]


class Trouble(Section, frozen=True):
    begin_month: float
    by_background: float
    by_size: float
    chain: float
    owner: float
    spreads_from: float
    burn: float
    burn_sigma: float
    noise: float
    rescued_month: float
    less_when_deep: float
    refill: float
    kept_after_settlement: float


class Hazard(Section, frozen=True):
    intercept: float
    most: float
    late_by_days: float
    of_stress: float
    of_temperament: float
    of_size: float
    of_past: float
    winter: tuple[float, ...]
    past_months: int
    nodes: int


class Arrears(Section, frozen=True):
    mean_workers: float
    mean_amount: float
    affected_share: float
    affected_sigma: float
    less_of_large: float
    months_owed: float
    months_owed_sigma: float


class Discovery(Section, frozen=True):
    by_complaint: float
    by_alert: float
    complaint_days: float
    complaint_sigma: float
    alert_days: float
    alert_sigma: float
    verification_days: tuple[int, int]
    settled_days: float
    settled_sigma: float
    quiet_days: tuple[int, int]
    inspected_year: float
    wrong_share: float


class Bill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How easily one kind of bill is left unpaid (log odds a month), and the difference for large employers."""

    start: float
    large: float


class Bills(Section, frozen=True):
    of_stress: float
    of_temperament: float
    of_sloppiness: float
    sloppy_persistence: float
    taxed_share: float
    hidden_share: float
    hidden_shift: float
    large_from: float
    stay: float
    stay_by_stress: float
    most_months: int
    kinds: dict[str, Bill]
    order: dict[str, dict[str, float]]


class Claims(Section, frozen=True):
    month: float
    of_size: float
    of_temperament: float
    of_stress: float
    of_luck: float
    near: float
    per_case: float
    most_per_case: int
    channels: dict[str, float]
    unfounded_cases: float


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every section of `data/parameters.yaml`."""

    world: World
    sizes: Sizes
    life: Life
    owners: Owners
    chains: Chains
    temperament: Temperament
    stress: Stress
    trouble: Trouble
    hazard: Hazard
    arrears: Arrears
    discovery: Discovery
    bills: Bills
    claims: Claims


class Industry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class of GB/T 4754 with its share, size, sensitivity to shocks, risk, wage, and who has meters of his own."""

    code: str
    zh: str
    group: str
    share: float
    size: float
    sensitivity: float
    risk: float
    wage: float
    power: float
    water: float
    gas: float
    season: float


class Slump(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"between": "from"}):
    """A bad time for a group of industries: begins in one of the months `between`, lasts, and presses."""

    group: str
    between: tuple[int, int]
    months: int
    push: float


class Economy(Section, frozen=True):
    industries: tuple[Industry, ...]
    slumps: tuple[Slump, ...]


@cache
def parameters() -> Parameters:
    """The shipped parameters. Raises msgspec.ValidationError that names the wrong word."""
    return msgspec.convert(_read("parameters.yaml"), Parameters, strict=False)


@cache
def economy() -> Economy:
    """The shipped industries."""
    return msgspec.convert(_read("industries.yaml"), Economy, strict=False)


def _read(name: str) -> object:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


class Spell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A share of rows or months, by how many days, and how far off the first figure is."""

    share: float
    days: tuple[int, int] = (0, 1)
    months: tuple[int, int] = (0, 1)
    lost: float = 0.0
    factor: tuple[float, float] = (1.0, 1.0)


class Dirty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of credit codes in lower case, with the letter O for 0, and missing."""

    lower: float
    letter: float
    missing: float


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dataset's usual delay in days, and the items whose first report may be wrong."""

    days: float
    corrected: tuple[str, ...] = ()


class Feeds(Section, frozen=True):
    late_month: Spell
    outage: Spell
    straggler: Spell
    repeated: Spell
    corrected: Spell
    contradiction: float
    dirty: Dirty
    datasets: dict[str, Feed]


@cache
def feeds() -> Feeds:
    """How the feeds behave."""
    return msgspec.convert(_read("feeds.yaml"), Feeds, strict=False)


@cache
def signals() -> dict[str, dict[str, float]]:
    """What the unseen state lets be seen: numbers by group."""
    told = msgspec.convert(_read("signals.yaml"), dict[str, dict[str, float | str]], strict=False)
    return {
        group: {name: float(value) for name, value in numbers.items() if name != "source"}
        for group, numbers in told.items()
    }


class Check(Section, frozen=True):
    """Bounds of `data/check.yaml`."""

    snapshots: dict[str, int]
    ranges: dict[str, tuple[float, float]]
    most_of_one_source: float
    budget_year: int
    cooldown_months: int
    history_months: int
    claims_months: int


@cache
def checks() -> Check:
    """Within which bounds a city must sit."""
    return msgspec.convert(_read("check.yaml"), Check, strict=False)
