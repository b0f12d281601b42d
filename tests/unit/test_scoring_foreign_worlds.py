"""Worlds that are not the city: whatever comes, a backtest answers, ships nothing worse, and says how sure it is."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from local import modelling
from services.scoring.backtest import Ask, learn, past
from services.scoring.evaluation import Ranking
from services.scoring.training.inspections import hidden
from services.scoring.training.rows import month_ends
from services.scoring.worlds import read_world
from tests import foreign_worlds
from tests.foreign_worlds import Kind
from tests.small_city import quick, quiet

ASK = Ask(date(2022, 9, 30), date(2023, 6, 30), budget=25)
WORLDS = {
    "one in a thousand": Kind(employers=500, months=30, base=-8.6, slope=2.0),
    "one in ten": Kind(employers=250, months=30, base=-3.0, slope=1.5),
    "another season": Kind(employers=250, months=30, season=2.0, worst_month=8),
    "dirty": Kind(employers=200, months=30, is_dirty=True),
    "clues alone": Kind(employers=300, months=30, datasets=("hrss_clue",)),
    "discovered a year later": Kind(employers=300, months=30, base=-5.0, delay_days=(250, 400)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("foreign")


def figures(told: Any) -> Iterator[dict[str, float]]:
    """Every figure with an interval, wherever it stands."""
    if isinstance(told, dict) and told.keys() == {"value", "low", "high"}:
        yield told
    elif isinstance(told, dict | list):
        for each in told.values() if isinstance(told, dict) else told:
            yield from figures(each)


@pytest.mark.parametrize("name", WORLDS)
def test_a_foreign_world_is_answered_and_what_ships_is_not_beaten_by_anything_simpler(name: str, folder: Path) -> None:
    data = foreign_worlds.write(folder / name, WORLDS[name])
    (data / "payments_of_another_kind.parquet").write_bytes(b"nothing that anyone can read")
    with (data / "labels.csv").open("a", encoding="utf-8") as file:
        file.write("Nobody-ever-heard-of,2022-03-05,2022-04-01,3,1000\n")
    told = modelling.backtest(data, ASK, None, say=quiet, numbers=quick())
    assert told["alerts"] <= 25
    simpler = ("single_signal", "indicators", "scorecard")
    others = [told["contenders"][each]["pr_auc"]["low"] for each in simpler]
    assert told["pr_auc"]["high"] >= max(others)
    for each in figures(told):
        assert each["value"] is None or each["low"] is None or each["low"] <= each["high"]
    # One season's rate is not the next one's: of 250 employers a third more or fewer fail for reasons of their own.
    chance = told["test"]["rows_positive"] / told["test"]["rows_at_risk"]
    assert told["ece"]["low"] <= max(0.02, chance / 3)


def test_a_world_is_the_same_however_its_files_are_written(folder: Path) -> None:
    kind = Kind(employers=40, months=30, base=-3.5, seed=8)
    plain = foreign_worlds.with_oracle(foreign_worlds.write(folder / "forty", kind), kind)
    other = foreign_worlds.as_written_in_europe(folder / "forty in Europe", plain)
    one, same = (modelling.backtest(each, ASK, None, say=quiet, numbers=quick()) for each in (plain, other))
    assert one.pop("data") != same.pop("data")
    assert one == same
    assert one["contenders"]["oracle"]["roc_auc"]["value"] > 0.7


def test_a_season_that_was_seen_once_is_not_learned(folder: Path) -> None:
    data = foreign_worlds.write(folder / "once", Kind(employers=150, months=20, base=-4.5, season=2.0))
    learned = learn(past.Past(read_world(data)), date(2022, 8, 31), quick(), 1, quiet)
    for judged in learned.contest.judged.values():
        assert not set(judged.model.columns) & {"calendar.month", "calendar.days_to_spring_festival"}


@pytest.mark.parametrize("dataset", ["pw_usage", "tax_social_fee"])
def test_a_payment_history_is_read_as_well_as_its_months_of_delay_allow(dataset: str, folder: Path) -> None:
    """Who pays late, how late and how much, of one half of the clients, tells who of the other half will default."""
    data = foreign_worlds.payment_history(folder / dataset, 3000, dataset=dataset)
    source = past.Past(read_world(data))
    contest = learn(source, date(2023, 12, 31), quick(), 1, quiet).contest
    asked = pl.Series("subject", [f"ID{number}" for number in range(1, 3000, 2)])
    table = source.table(date(2024, 9, 30), asked)
    fails = asked.is_in(source.labels["employer_id"].implode()).to_numpy()
    ones = np.ones(len(fails), np.float32)
    area = {name: Ranking(judged.model.margin(table), fails).areas(ones)[1] for name, judged in contest.judged.items()}
    assert area[contest.ships] >= max(area["single_signal"] + 0.02, 0.63)
    assert contest.champion.predict(table).mean() == pytest.approx(fails.mean(), abs=0.03)


def test_who_is_billed_for_the_fifth_time_is_told_from_who_is_new(folder: Path) -> None:
    """Each client defaults in the seventh month or never: after two bills he cannot yet, within sixty days."""
    data = foreign_worlds.payment_history(folder / "cohorts", 3000, dataset="tax_social_fee", cohorts=3, apart=8)
    source = past.Past(read_world(data))
    contest = learn(source, date(2024, 7, 31), quick(), 1, quiet).contest
    asked = pl.Series("subject", [f"ID{number}" for number in range(3000)])
    failing = source.labels.filter(pl.col("started_on") > date(2024, 8, 1))["employer_id"]
    days = month_ends(date(2024, 8, 31), date(2025, 1, 31))  # they fail on 15 February
    fails = np.concatenate([asked.is_in(failing.implode()).to_numpy() & (day.month in (12, 1)) for day in days])
    margin = np.concatenate([contest.champion.margin(source.table(day, asked)) for day in days])
    assert Ranking(margin, fails).areas(np.ones(len(fails), np.float32))[0] >= 0.27  # not knowing it: 0.17 to 0.2


def counts_months(data: Path, until: date) -> bool:
    """Whether the trees of a world read how many months are told."""
    contest = learn(past.Past(read_world(data)), until, quick(), 1, quiet).contest
    return any(name.endswith(".told_12") for name in contest.judged["model"].model.columns)


def test_how_many_months_are_told_is_not_learned_where_all_are_told_of_since_one_day(folder: Path) -> None:
    """It would be the calendar by another name."""
    data = foreign_worlds.write(folder / "since", Kind(employers=150, months=20, base=-4.0))
    assert not counts_months(data, date(2022, 8, 31))


@pytest.mark.parametrize("apart", [0, 8])
def test_how_many_months_are_told_is_learned_where_histories_differ_or_have_ended(apart: int, folder: Path) -> None:
    """Who was billed six times stays one who was billed six times."""
    data = foreign_worlds.payment_history(folder / f"since-{apart}", 900, cohorts=3, apart=apart)
    assert counts_months(data, date(2024, 7, 31))


def test_who_ended_his_history_is_told_from_who_is_in_the_midst_of_his(folder: Path) -> None:
    """Of the first clients the last bill came a year ago; it was told a week after its month, like the others."""
    data = foreign_worlds.payment_history(folder / "ended", 3000, dataset="tax_social_fee")
    bills = pl.read_csv(data / "tax_social_fee.csv", try_parse_dates=True)
    bills.with_columns(pl.col("reported_at").dt.offset_by("9d")).write_csv(data / "tax_social_fee.csv")
    source = past.Past(read_world(data))
    model = learn(source, date(2023, 12, 31), quick(), 1, quiet).contest.champion
    ended, amidst = (pl.Series("subject", [f"ID{number}" for number in range(first, 3000, 2)]) for first in (0, 1))
    assert model.predict(source.table(date(2024, 8, 31), ended)).mean() < 0.02
    assert model.predict(source.table(date(2024, 8, 31), amidst)).mean() == pytest.approx(0.2, abs=0.04)


def test_random_inspections_tell_how_many_arrears_nobody_reports() -> None:
    """Half are never reported: inspections meet twice as many as the labels account for."""
    random = np.random.default_rng(4)
    employers, first, until = 4000, np.datetime64("2022-01-01"), date(2024, 12, 31)
    started = first + random.integers(0, 1000, employers).astype("timedelta64[D]")
    names = np.array([f"E{number}" for number in range(employers)])
    labels = pl.DataFrame({"employer_id": names, "started_on": started, "discovered_on": started + 100})[::2]
    visits = pl.DataFrame(
        {"employer_id": names, "inspected_on": first + random.integers(0, 1090, employers).astype("timedelta64[D]")}
    )
    age = (visits["inspected_on"].to_numpy() - started).astype(int)
    seen = hidden(labels, visits.with_columns(found=pl.Series((age >= 0) & (age < 100))), employers, until)
    assert seen is not None
    assert seen.share.value == pytest.approx(0.5, abs=0.08)
    assert 0.3 < seen.proven <= 0.5
    assert hidden(labels, visits.clear().with_columns(found=pl.lit(True)), employers, until) is None
