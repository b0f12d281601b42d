"""One employer whose code is written in several ways is one; employers whose ids differ by case alone are two."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from local import modelling
from services.scoring.worlds import World, read_world
from tests.scoring_worlds import on

Spoil = Callable[[str, int], str]
EMPLOYERS, MONTHS = 60, 12
BILL = "account_no,period,uscc,arrears,amount_due,kwh,reported_at\n"
CLUE = "clue_no,duty_uscc,registered_at,arrears_people,reported_at\n"


def a_panel(folder: Path, codes: list[str], spoil: Spoil = lambda code, _row: code, months: int = MONTHS) -> World:
    """A bill a month of each code, and a label of every third; `spoil` says how a code is written in a row."""
    rows = [(code, month) for code in codes for month in range(months)]
    told = [
        f"p-{code},2025-{month + 1:02},{spoil(code, row)},{month},100,5,2025-{month + 1:02}-28"
        for row, (code, month) in enumerate(rows)
    ]
    (folder / "pw_usage.csv").write_text(BILL + "\n".join(told) + "\n", encoding="utf-8")
    labels = "".join(f"{spoil(code, row * 7)},2025-05-01,2025-06-01\n" for row, code in enumerate(codes[::3]))
    (folder / "labels.csv").write_text("employer_id,started_on,discovered_on\n" + labels, encoding="utf-8")
    return read_world(folder)


def everyone(world: World) -> list[str]:
    return world.subjects(on("2026-01-31")).to_list()


def one_in_ten(other: Callable[[str], str]) -> Spoil:
    drawn = np.random.default_rng(5).random(100_000)
    return lambda code, row: other(code) if drawn[row] < 0.1 else code


def wide(code: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) for sign in code)


SLIPS: dict[str, Callable[[str], str]] = {
    "lower case": str.lower,
    "full width": wide,
    "a stray blank": lambda code: code[:4] + " " + code[4:],
    "O for 0": lambda code: code.replace("0", "O"),
    "one O for 0": lambda code: code.replace("0", "O", 1),
    "now so, now so": lambda code: [str.lower, wide, str.upper, str.rstrip][int(code[-3:-1]) % 4](code) + " ",
    "noughts lost": lambda code: code.lstrip("0"),
}


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("pattern", ["ENT{:06d}", "Firm-A{:04d}", "co{:05d}X", "{:08d}"])
def test_an_employer_whose_code_is_written_otherwise_in_one_row_of_ten_is_one(
    tmp_path: Path, pattern: str, slip: str
) -> None:
    codes = [pattern.format(number * 7) for number in range(1, EMPLOYERS + 1)]
    world = a_panel(tmp_path, codes, one_in_ten(SLIPS[slip]))
    assert everyone(world) == sorted(codes)
    assert world.labels["employer_id"].sort().to_list() == sorted(codes[::3])
    asked = pl.Series([SLIPS[slip](code) for code in codes])
    assert world.spelled(asked).to_list() == codes
    asked.to_frame("employer_id").with_columns(as_of=pl.lit("2025-09-30"), hazard=0.2).write_csv(
        tmp_path / "oracle.csv"
    )
    oracle = modelling.read_oracle(tmp_path, world.spelled)
    assert oracle is not None
    assert oracle["employer_id"].to_list() == codes
    assert world.table("pw_usage").tally(
        np.arange(EMPLOYERS * MONTHS), world.table("pw_usage").subject, 0
    ).tolist() == ([MONTHS] * EMPLOYERS)


def ids(count: int, length: int, seed: int = 3) -> list[str]:
    """Drawn of sixty-two signs."""
    signs = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
    drawn = np.random.default_rng(seed).choice(signs, (4 * count, length))
    return list(dict.fromkeys(map("".join, drawn.tolist())))[:count]


@pytest.mark.parametrize(("count", "length"), [(300, 6), (300, 3), (1500, 2), (50, 1)])
def test_ids_of_which_the_case_counts_stay_as_many_employers_as_they_are(
    tmp_path: Path, count: int, length: int
) -> None:
    codes = ids(count, length)
    world = a_panel(tmp_path, codes, months=4)
    assert everyone(world) == sorted(codes)
    assert world.labels["employer_id"].sort().to_list() == sorted(codes[::3])


def test_ids_of_which_the_case_counts_are_one_however_one_row_of_ten_was_written_small(tmp_path: Path) -> None:
    codes = [code for code in ids(120, 6) if code.lower() != code != code.upper()]
    assert everyone(a_panel(tmp_path, codes, one_in_ten(str.lower))) == sorted(codes)


@pytest.mark.parametrize("few", [1, 3])
def test_two_employers_that_are_told_of_in_the_same_months_are_two(tmp_path: Path, few: int) -> None:
    big = [f"P{number:03d}" for number in range(EMPLOYERS)]
    codes = big + [code.lower() for code in big[::few]]
    assert everyone(a_panel(tmp_path, codes)) == sorted(codes)


def test_a_file_that_is_all_in_small_letters_is_of_the_same_employers(tmp_path: Path) -> None:
    codes = [f"ENT{number:06d}" for number in range(EMPLOYERS)]
    fees = [f"{code.lower()},2025-{month:02},9,9,0,0,2025-{month:02}-28" for code in codes for month in range(1, 13)]
    head = "uscc,period,payable,paid,arrears,arrears_months,reported_at\n"
    (tmp_path / "tax_social_fee.csv").write_text(head + "\n".join(fees) + "\n", encoding="utf-8")
    assert len(everyone(a_panel(tmp_path, codes))) == EMPLOYERS


@pytest.mark.parametrize(("share", "expected"), [(0.1, 200), (0.5, 400)])
def test_of_events_without_months_slips_are_told_by_being_few(tmp_path: Path, share: float, expected: int) -> None:
    names = [f"ENT{number:06d}" for number in range(200)]
    drawn = np.random.default_rng(1).random(len(names) * 10)
    who = [name.lower() if drawn[row] < share else name for row, name in enumerate(names * 10)]
    rows = "".join(f"C{row},{name},2025-{row % 12 + 1:02}-05,3,2025-12-09\n" for row, name in enumerate(who))
    (tmp_path / "hrss_clue.csv").write_text(CLUE + rows, encoding="utf-8")
    (tmp_path / "labels.csv").write_text(
        f"employer_id,started_on,discovered_on\n{who[0]},2025-05-01,2025-06-01\n", "utf-8"
    )
    assert len(everyone(read_world(tmp_path))) == expected
