"""Labels that stop: what nobody tells of any more is not calm; labels that are merely rare have not stopped."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local import modelling
from services.scoring.backtest import Ask, backtest, learn
from services.scoring.backtest.replay import replay_days, told_days
from services.scoring.model.policy import shipped
from services.scoring.training.labels import known, told_until
from tests import foreign_worlds
from tests.foreign_worlds import Kind
from tests.small_city import quick, quiet, small_city

NUMBERS, FIRST, UNTIL = shipped().training, date(2021, 1, 1), date(2024, 12, 31)
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "backtest.schema.json").read_text("utf-8"))


def labels_on(days: list[date]) -> pl.DataFrame:
    told = {"employer_id": [f"e{place}" for place in range(len(days))], "started_on": days, "discovered_on": days}
    return pl.DataFrame(told, schema={"employer_id": pl.String, "started_on": pl.Date, "discovered_on": pl.Date})


def every(days: int, last: date) -> list[date]:
    return [FIRST + timedelta(days=ahead) for ahead in range(0, (last - FIRST).days + 1, days)]


def test_labels_that_came_every_week_and_then_no_more_have_stopped() -> None:
    last = every(7, date(2024, 5, 31))[-1]
    assert told_until(labels_on(every(7, last)), UNTIL, NUMBERS) == last
    later = [UNTIL + timedelta(days=90 + ahead) for ahead in range(3)]
    assert told_until(labels_on([*every(7, last), *later]), UNTIL, NUMBERS) == UNTIL


def test_a_lone_word_long_after_labels_have_stopped_does_not_prove_that_they_went_on() -> None:
    last = every(7, date(2024, 5, 31))[-1]
    for late in ([UNTIL + timedelta(days=570)], [UNTIL + timedelta(days=90)] * 5, [date(2042, 5, 1), date(2999, 1, 1)]):
        assert told_until(labels_on([*every(7, last), *late]), UNTIL, NUMBERS) == last


def test_a_label_that_starts_after_it_was_discovered_says_nothing_and_teaches_nothing() -> None:
    last = every(7, date(2024, 5, 31))[-1]
    told = labels_on(every(7, last))
    dirty = [("x", date(2042, 5, place), date(2024, 8, place)) for place in range(1, 9)]
    both = pl.concat([told, pl.DataFrame(dirty, schema=told.schema, orient="row")])
    assert told_until(both, UNTIL, NUMBERS) == last
    assert known(both, UNTIL).equals(told)


def test_arrears_that_start_after_the_last_discovery_are_no_word() -> None:
    """Who writes down a start tells of it; that nobody has found it out yet is no sign that labels go on."""
    last = every(7, date(2024, 5, 31))[-1]
    told = labels_on(every(7, last))
    open_ = [(f"x{ahead}", UNTIL + timedelta(days=ahead), None) for ahead in range(-90, 90)]
    both = pl.concat([told, pl.DataFrame(open_, schema=told.schema, orient="row")])
    assert told_until(both, UNTIL, NUMBERS) == last


def test_a_day_just_before_labels_stop_spends_no_alerts() -> None:
    days = replay_days(date(2023, 12, 31), UNTIL, "month")
    assert told_days(days, UNTIL, UNTIL) == days
    assert told_days(days, date(2024, 6, 14), UNTIL)[-1] == date(2024, 4, 30)
    assert told_days(days, date(2024, 6, 15), UNTIL)[-1] == date(2024, 5, 31)
    assert told_days(days, date(2023, 11, 30), UNTIL) == [date(2023, 12, 31)]
    weeks = replay_days(date(2023, 12, 31), UNTIL, "week")
    assert told_days(weeks, UNTIL, UNTIL) == weeks
    assert told_days(weeks, date(2024, 6, 14), UNTIL)[-1] <= date(2024, 5, 30)


def test_labels_that_stop_before_the_test_begins_leave_its_first_day_and_an_answer() -> None:
    city = small_city(400, -3.5)
    stopped = city.labels.filter(pl.col("discovered_on") <= date(2023, 10, 31))
    untold = city.labels.filter(pl.col("started_on") > date(2024, 4, 1)).with_columns(
        discovered_on=pl.lit(None, pl.Date)
    )
    labels = pl.concat([stopped, untold])
    ask = Ask(date(2024, 3, 31), date(2024, 12, 31), budget=18)
    told = backtest(replace(city, labels=labels), ask, quick(), None, quiet).told
    assert (told["test"]["days"], told["alerts"]) == (["2024-03-31"], 2)
    assert len(told["warnings"]) == 2


def test_a_few_quiet_weeks_are_no_end() -> None:
    assert told_until(labels_on(every(7, date(2024, 11, 15))), UNTIL, NUMBERS) == UNTIL


def test_labels_that_come_once_a_year_before_the_spring_festival_have_not_stopped() -> None:
    days = [date(year, 1, day) for year in (2021, 2022, 2023, 2024) for day in range(2, 30)]
    assert told_until(labels_on(days), UNTIL, NUMBERS) == UNTIL


def test_of_a_few_months_of_labels_and_of_none_nothing_is_concluded() -> None:
    assert told_until(labels_on(every(3, date(2021, 9, 1))), date(2022, 12, 31), NUMBERS) == date(2022, 12, 31)
    assert told_until(labels_on([]), UNTIL, NUMBERS) == UNTIL


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_labels_that_are_merely_rare_never_seem_to_stop(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    days = [FIRST + timedelta(days=int(ahead)) for ahead in random.integers(0, (UNTIL - FIRST).days, count)]
    assert told_until(labels_on(days), UNTIL, NUMBERS) == UNTIL


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world whose labels stop on 2023-03-31, three months before its records."""
    kind = Kind(employers=400, months=36, base=-4.0, delay_days=(3, 30))
    folder = foreign_worlds.write(tmp_path_factory.mktemp("silence") / "world", kind)
    labels = pl.read_csv(folder / "labels.csv", try_parse_dates=True)
    labels.filter(pl.col("discovered_on") <= date(2023, 3, 31)).write_csv(folder / "labels.csv")
    return folder


def test_months_after_the_last_label_are_neither_judged_nor_alerted_and_that_is_said(
    folder: Path, tmp_path: Path
) -> None:
    ask = Ask(date(2022, 9, 30), date(2023, 9, 30), budget=24)
    told = modelling.backtest(folder, ask, tmp_path, say=quiet, numbers=quick())
    jsonschema.Draft202012Validator(SCHEMA).validate(told)
    assert date(2023, 3, 15) <= date.fromisoformat(told["test"]["labels_cover_until"]) <= date(2023, 3, 31)
    assert max(told["test"]["days"]) < "2023-03-31"
    assert told["alerts"] <= 12
    assert "Labels stop after" in told["warnings"][0]["en"]
    assert told["warnings"][0]["zh"] in (tmp_path / "report.html").read_text("utf-8")


def test_a_test_whose_labels_go_on_is_judged_to_its_end_without_a_warning(folder: Path) -> None:
    told = modelling.backtest(folder, Ask(date(2022, 6, 30), date(2023, 3, 31)), None, say=quiet, numbers=quick())
    assert told["test"]["labels_cover_until"] == "2023-03-31"
    assert told["warnings"] == []


def test_months_after_the_last_label_are_not_learned_from_as_if_everyone_were_calm() -> None:
    city = small_city(400, -3.5)
    stopped = replace(city, labels=city.labels.filter(pl.col("discovered_on") <= date(2023, 10, 31)))
    learned = learn(stopped, date(2024, 9, 30), quick(), 1, quiet)
    assert max(learned.days) <= learned.told_until <= date(2023, 10, 31)


def test_labels_of_after_the_test_prove_that_they_went_on() -> None:
    city = small_city(400, -3.5)
    ask = Ask(date(2023, 6, 30), date(2024, 3, 31), budget=10)
    gap = pl.col("discovered_on").is_between(date(2023, 11, 1), date(2024, 6, 1))
    told = backtest(replace(city, labels=city.labels.filter(~gap)), ask, quick(), None, quiet).told
    assert told["warnings"] == []


def test_a_spoilt_file_is_told_of(folder: Path) -> None:
    path = folder / "labels.csv"
    whole = path.read_bytes()
    try:
        path.write_bytes(whole + "公司".encode() + b"\xff,2022-01-01,2022-01-31,1,1\n")
        told = modelling.backtest(folder, Ask(date(2022, 6, 30), date(2023, 3, 31)), None, say=quiet, numbers=quick())
        assert [each["en"].split(";")[0] for each in told["warnings"]] == ["labels.csv has 1 spoilt places"]
    finally:
        path.write_bytes(whole)
