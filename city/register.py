"""Names, credit codes and numbers of everybody: the register that the other datasets refer to."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import yaml

from city.draws import Draws, Ints, uniform, whole
from city.ground import Ground
from city.parameters import Economy
from city.population import Population, towns

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I, O, S, V, Z
_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_STEP = 618_033_989  # spreads serial numbers over 31**6 codes; prime to 31
_Letters = npt.NDArray[np.uint8]


@cache
def words() -> dict[str, Any]:
    """What names are made of."""
    text = Path(__file__).with_name("data").joinpath("words.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def credit_codes(serial: Ints, is_individual: npt.NDArray[np.bool_], district: str) -> pl.Series:
    """Unified social credit codes with both check characters right (GB 32100, GB 11714), one a serial number."""
    stem = np.empty((len(serial), 17), np.uint8)
    stem[:, 0], stem[:, 1] = 9, np.where(is_individual, 2, 1)
    stem[:, 2:8] = [int(digit) for digit in district]
    stem[:, 8:17] = _organisation(serial)
    last = (31 - (stem * _WEIGHTS).sum(axis=1) % 31) % 31
    letters = np.frombuffer(_ALPHABET.encode(), np.uint8)[np.column_stack([stem, last])]
    return pl.Series("uscc", np.ascontiguousarray(letters).view("S18").ravel().astype("U18").tolist(), pl.String)


def _organisation(serial: Ints) -> _Letters:
    """The organisation code as places in the alphabet, shape (n, 9): "MA", six characters, and its check character."""
    code = np.empty((len(serial), 9), np.uint8)
    code[:, 0], code[:, 1] = _ALPHABET.index("M"), _ALPHABET.index("A")
    rest = (serial * _STEP) % 31**6
    for place in range(7, 1, -1):
        code[:, place], rest = rest % 31, rest // 31
    values = np.array([int(letter, 36) for letter in _ALPHABET])[code[:, :8]]
    check = 11 - (values * _ORGANISATION_WEIGHTS).sum(axis=1) % 11
    code[:, 8] = np.where(check == 10, _ALPHABET.index("X"), check % 11)
    return code


def register(ground: Ground) -> pl.DataFrame:
    """One row an employer, in order: uscc, entity_id, reg_no, ent_name, former (null unless renamed in the window),
    renamed_on, legal_rep, phone, street, industry (class of GB/T 4754), address."""
    draws, calendar, people = ground.draws, ground.calendar, ground.people
    numbers, economy, count = ground.numbers, ground.economy, ground.count
    serial = np.arange(count) + int(draws.of("serial").integers(31**5)) * 31
    renamed = uniform(draws.of("renamed"), count) < numbers.life.renamed_year * calendar.months / 12
    month = whole(draws.of("renamed on"), 1, max(calendar.months, 2), count)
    renamed &= people.born < month
    day = np.array([calendar.first_day(one) for one in range(calendar.months + 1)])[month] + whole(
        draws.of("renamed day"), 0, 28, count)  # fmt: skip
    legal_rep, phone = _persons(draws, people)
    return pl.DataFrame({
        "uscc": credit_codes(serial, people.is_individual, numbers.world.district),
        "entity_id": _numbered("3301", serial, 12),
        "reg_no": _numbered("330184", serial, 9),
        "ent_name": _names(draws, people, economy, 0),
        "former": pl.Series(_names(draws, people, economy, 1)),
        "renamed_on": pl.Series(day.astype("datetime64[D]")),
        "legal_rep": legal_rep,
        "phone": phone,
        "street": pl.Series(towns(numbers.world.district)).gather(people.town),
        "industry": pl.Series([one.code for one in economy.industries]).gather(people.industry),
    }).with_columns(pl.when(pl.Series(renamed)).then(pl.col("former", "renamed_on")))  # fmt: skip


def _numbered(prefix: str, serial: Ints, width: int) -> pl.Series:
    return pl.select(pl.lit(prefix) + pl.Series(serial).cast(pl.String).str.zfill(width)).to_series()


def _letters(text: str, places: Ints) -> pl.Series:
    return pl.Series(list(text)).gather(places % len(text))


def _names(draws: Draws, people: Population, economy: Economy, round_: int) -> pl.Series:
    """Names, each one borne once: the brand counts through a shuffled order."""
    said, count = words(), people.count
    brands, regions = said["brands"], said["regions"]
    number = draws.of("names").permutation(2 * count)[round_ * count : (round_ + 1) * count].astype(np.int64)
    many = len(brands)
    parts = [_letters(brands, number // many**place) for place in range(3)]
    parts += [_letters(brands, number // (many**3 * len(regions)))] if 2 * count > many**3 * len(regions) else []
    region = pl.Series(regions).gather(number // many**3 % len(regions))
    trade = pl.Series([one.zh for one in economy.industries]).gather(people.industry)
    form = pl.Series([*said["forms"]["enterprise"], *said["forms"]["individual"]]).gather(
        whole(draws.of("form", round_), 0, 4, count) + 4 * people.is_individual)  # fmt: skip
    return pl.select(pl.concat_str(region, *parts, trade, form)).to_series()


def _persons(draws: Draws, people: Population) -> tuple[pl.Series, pl.Series]:
    """Legal representative and telephone; the same for all firms of an owner."""
    alone = np.arange(people.count) + int(people.owner.max(initial=0)) + 1
    person = np.where(people.owner >= 0, people.owner, alone)
    many, said = int(person.max()) + 1, words()
    surname, first, second = (whole(draws.of(f"person {part}"), 0, 1 << 30, many)[person] for part in "abc")
    name = pl.select(
        pl.concat_str(
            _letters(said["surnames"], surname), _letters(said["given"], first), _letters(said["given"], second)
        )
    ).to_series()
    number = whole(draws.of("phone"), 10**8, 10**9, many)[person]
    return name, _numbered("13", number, 9)
