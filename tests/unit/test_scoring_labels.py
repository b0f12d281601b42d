"""What labels say at a time: targets, who is at risk, and how late one learns of arrears."""

from dataclasses import replace
from datetime import date, timedelta

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.backtest.learning import people
from services.scoring.model.policy import shipped
from services.scoring.training import labels
from services.scoring.training.recipe import Window
from services.scoring.training.rows import days_of, gather, month_ends, plan
from tests.small_city import SmallCity, small_city

DAY = date(2023, 6, 30)
Arrears = tuple[str, date, date | None]


def told(*rows: Arrears) -> pl.DataFrame:
    schema = {"employer_id": pl.String, "started_on": pl.Date, "discovered_on": pl.Date}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def test_arrears_that_start_from_tomorrow_to_the_horizons_last_day_are_the_target() -> None:
    rows = told(*((f"{n}", after(n), after(n + 90)) for n in (0, 1, 60, 61)))
    assert labels.starting(rows, DAY, 60)["employer_id"].to_list() == ["1", "60"]


def test_who_is_in_undiscovered_arrears_is_not_at_risk_of_them() -> None:
    rows = told(
        ("hidden", after(-10), after(1)),
        ("found", after(-10), after(0)),
        ("to come", after(1), after(9)),
        ("never", DAY, None),
    )
    assert sorted(labels.ongoing(rows, DAY)) == ["hidden", "never"]


def test_who_owes_unseen_and_who_comes_to_owe_stand_for_those_not_found_out_yet() -> None:
    """Half are found in 30 days, half in 200: of what started 100 days ago and is unseen all are of the late half."""
    until = after(130)
    seen = labels.Delays(np.array([30, 200]), np.array([0.5, 1.0]))
    rows = told(
        ("going on", after(-100), after(100)),
        ("just begun", after(-10), after(20)),
        ("to come", after(60), after(90)),
        ("both", after(-100), after(5)),
        ("both", after(30), after(60)),
        ("later", after(61), after(80)),
        ("found", after(-50), DAY),
        ("never", DAY, None),
    )
    found = {row[0]: row[1:] for row in labels.owing(rows, DAY, 60, until, seen).iter_rows()}
    assert found == {
        "going on": (True, 1.0),
        "just begun": (True, 2.0),
        "to come": (False, 2.0),
        "both": (True, 1.0),
        "never": (True, 1.0),
    }


def test_late_discovery_is_learned_although_only_the_quick_are_seen_of_late() -> None:
    random = np.random.default_rng(3)
    starts = [date(2020, 1, 1) + timedelta(days=int(n)) for n in random.integers(0, 1400, 4000)]
    delays = [timedelta(days=int(each)) for each in random.exponential(60, 4000)]
    rows = told(*((str(n), starts[n], starts[n] + delays[n]) for n in range(4000)))
    until = date(2023, 11, 1)
    share = labels.delays(labels.known(rows, until), until).known_share(np.array([30, 60, 120, 1000]))
    assert share == pytest.approx([1 - np.exp(-0.5), 1 - np.exp(-1), 1 - np.exp(-2), 1], abs=0.05)


def test_the_days_before_the_first_start_are_learned_from_where_their_windows_reach_it() -> None:
    rows = told(*((str(n), date(2023, 10, 15), date(2023, 11, 20)) for n in range(9)))
    days = days_of(rows, date(2023, 12, 31), 60, shipped().training)
    assert days == [date(2023, 8, 31), date(2023, 9, 30), date(2023, 10, 31)]


def test_months_whose_window_is_not_over_are_not_learned_from() -> None:
    city, until = small_city(), date(2023, 12, 31)
    days = days_of(labels.known(city.labels, until), until, 60, shipped().training)
    assert days == month_ends(days[0], days[-1])
    assert max(days) + timedelta(days=60) <= until


def test_weights_make_the_sample_the_size_of_the_population() -> None:
    city, until = small_city(400), date(2023, 12, 31)
    numbers = shipped().training
    few = msgspec.structs.replace(numbers, most_rows=2000)
    known = labels.known(city.labels, until)
    days = days_of(known, until, 60, numbers)
    planned = plan(known, people(city, few), days, frozenset(), Window(until, 60, few, 1))
    rows = gather(planned, city.table)
    negatives = rows.weight[~rows.positive].sum()
    assert planned.rate < 0.3
    assert rows.sampled.all()
    assert negatives == pytest.approx(400 * len(days) - rows.positive.sum(), rel=0.08)
    assert (rows.weight[rows.positive] >= 1).all()


@settings(max_examples=15, deadline=None)
@given(
    later=st.lists(st.tuples(st.integers(0, 299), st.integers(-700, 300), st.integers(1, 400)), min_size=1, max_size=40)
)
def test_no_label_discovered_after_the_training_changes_a_row(later: list[tuple[int, int, int]]) -> None:
    city, until = small_city(300), date(2023, 12, 31)
    starts = [until + timedelta(days=start) for _, start, _ in later]
    found = [max(start, until) + timedelta(days=row[2]) for start, row in zip(starts, later, strict=True)]
    extra = told(*((f"E{row[0]:05d}", start, end) for row, start, end in zip(later, starts, found, strict=True)))
    with_more = replace(city, labels=pl.concat([city.labels, extra]))
    assert _rows(with_more, until) == _rows(city, until)


def _rows(city: SmallCity, until: date) -> list[bytes]:
    known = labels.known(city.labels, until)
    days = days_of(known, until, 60, shipped().training)[-4:]
    window = Window(until, 60, shipped().training, 1)
    rows = gather(plan(known, people(city, window.numbers), days, frozenset(), window), city.table)
    return [part.tobytes() for part in (rows.values, rows.positive, rows.weight, rows.employer, rows.day)]


def test_a_second_look_at_a_season_is_not_given_up_for_a_history_of_the_first_months() -> None:
    """Of a year and some months the first months are left out; of nearly two years the same months of both are kept."""
    first, numbers = date(2021, 1, 1), shipped().training
    found = {
        months: days_of(_every_tenth_day(first, months), month_ends(first, date(2023, 12, 31))[months - 1], 60, numbers)
        for months in (18, 23, 36)
    }
    assert [len(days) for days in found.values()] == [12, 19, 30]
    span = found[23][-1] - found[23][0]
    assert span.days >= numbers.season_months * 30


def _every_tenth_day(first: date, months: int) -> pl.DataFrame:
    """Labels that are discovered at once."""
    days = [first + timedelta(days=10 * place) for place in range(3 * months)]
    return pl.DataFrame({"employer_id": "A", "started_on": days, "discovered_on": days})
