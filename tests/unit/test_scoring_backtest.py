"""Backtests: a budget spent evenly and never twice on one employer, alerts judged by hand, a future that is hidden."""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.backtest import Answer, Ask, Unfit, backtest, pro_rata
from services.scoring.backtest.groups import gaps, level_of
from services.scoring.backtest.replay import Alerts, Desk, _hazard, replay_days, spread
from services.scoring.backtest.truth import outcome, truth
from services.scoring.model.policy import shipped
from tests.small_city import SmallCity, quick, quiet, small_city

FROM, UNTIL = date(2023, 12, 31), date(2024, 12, 31)
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "backtest.schema.json").read_text("utf-8"))


@cache
def city() -> SmallCity:
    return small_city(150, -4.0)


@cache
def answer() -> Answer:
    oracle = city().rows.select(employer_id="subject", as_of="day", hazard=pl.col("indicators.points") / 200)
    return backtest(city(), Ask(FROM, UNTIL, budget=40), quick(), oracle, quiet)


def test_an_oracle_may_speak_of_one_a_few_days_before_another() -> None:
    day, subjects = date(2024, 3, 31), pl.Series("subject", ["a", "b", "c", "d"])
    words = [("a", 27, 0.1), ("a", 31, 0.2), ("b", 28, 0.3), ("d", 32, 0.9)]
    told = [
        {"employer_id": who, "as_of": date(2024, 2, 29) + timedelta(days=ago), "hazard": h} for who, ago, h in words
    ]
    # Of c it has not spoken since February: it is at no risk any more.
    oracle = pl.DataFrame([{"employer_id": "c", "as_of": date(2024, 2, 29), "hazard": 0.5}, *told])
    assert _hazard(oracle, subjects, day).tolist() == [0.2, 0.3, 0.0, 0.0]


def test_the_answer_is_what_its_schema_says() -> None:
    told = json.loads(json.dumps(answer().told, allow_nan=False))
    jsonschema.Draft202012Validator(SCHEMA).validate(told)
    assert set(told["contenders"]) == {"single_signal", "indicators", "scorecard", "model", "oracle"}
    assert sum(each["right"] for each in told["by_day"]) == told["right"]
    assert told["alerts"] == told["contenders"][told["ships"]]["alerts"]


def test_whose_hazard_is_none_is_no_negative_where_it_is_asked_who_truly_was_at_risk() -> None:
    ask = Ask(FROM, UNTIL, budget=40)
    oracle = city().rows.select(employer_id="subject", as_of="day", hazard=(1 + pl.col("indicators.points")) / 200)
    everyone = backtest(city(), ask, quick(), oracle, quiet).told
    assert everyone["pr_auc_truly"] == everyone["pr_auc"]
    owing = pl.col("hazard") >= pl.col("hazard").quantile(0.8)
    some = backtest(city(), ask, quick(), oracle.with_columns(hazard=pl.when(owing).then(0).otherwise("hazard")), quiet)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(some.told)))
    assert some.told["pr_auc"] == everyone["pr_auc"]
    assert some.told["pr_auc_truly"] != everyone["pr_auc"]
    assert set(some.told["of_oracle"]["model"]) == {"precision", "recall", "pr_auc", "roc_auc", "pr_auc_truly"}
    assert "pr_auc_truly" not in backtest(city(), ask, quick(), None, quiet).told


def test_alerts_are_listed_as_they_are_counted() -> None:
    rows, told = answer().alerts, answer().told
    assert rows.height == told["alerts"] <= 40
    assert rows["right"].sum() == told["right"]
    assert told["precision"]["value"] == pytest.approx(rows["right"].mean())
    assert rows.filter(pl.col("reasons") == "").height < rows.height


def test_no_employer_is_alerted_twice_within_the_cool_down() -> None:
    gap = answer().alerts.sort("employer_id", "alert_on").select(pl.col("alert_on").diff().over("employer_id"))
    assert (gap.to_series().drop_nulls().dt.total_days() >= shipped().backtest.cool_down_days).all()


@given(st.integers(0, 5000), st.integers(1, 60))
def test_a_budget_is_spent_evenly_and_whole(budget: int, steps: int) -> None:
    shares = spread(budget, steps)
    assert sum(shares) == budget
    assert max(shares) - min(shares) <= 1


@given(
    st.lists(st.lists(st.floats(0, 3), min_size=5, max_size=5), min_size=1, max_size=8),
    st.integers(1, 4),
)
def test_a_desk_never_picks_whom_it_must_not(months: list[list[float]], count: int) -> None:
    desk, last = Desk(60), dict[int, date]()
    for month, scores in enumerate(months):
        day, margin = date(2024, 1, 31) + timedelta(days=30 * month), np.array(scores)
        picked = desk.pick(day, list("abcde"), margin, count)
        assert len(picked) <= count
        assert all(margin[place] > margin.min() for place in picked)
        assert all(place not in last or (day - last[place]).days >= 60 for place in picked)
        left_out = [place for place in range(5) if place not in picked and place not in last]
        assert len(picked) < count or all(margin[place] <= margin[picked].max() for place in left_out)
        last |= dict.fromkeys(picked, day)


def test_a_test_year_has_twelve_days_of_scoring() -> None:
    days = replay_days(FROM, UNTIL, "month")
    assert (days[0], days[1], days[-1], len(days)) == (FROM, date(2024, 1, 31), date(2024, 11, 30), 12)
    assert len(replay_days(FROM, UNTIL, "week")) == 52
    assert replay_days(FROM, FROM + timedelta(days=3), "month") == [FROM]


def test_right_alerts_by_hand() -> None:
    day = date(2024, 3, 31)
    ahead = [timedelta(days=n) for n in range(400)]
    labels = pl.DataFrame(
        [
            ("soon", day + ahead[60], day + ahead[100]),
            ("late", day + ahead[61], day + ahead[100]),
            ("on", day - ahead[200], day + ahead[5]),
            ("over", day - ahead[200], day),
            ("open", day + ahead[10], None),
        ],
        schema={"employer_id": pl.String, "started_on": pl.Date, "discovered_on": pl.Date},
        orient="row",
    )
    names = ["soon", "late", "on", "over", "open", "calm"]
    found = truth(labels, [day], [pl.Series(names)], day + ahead[90], 60)
    result = outcome(Alerts(subject=names, day=[day] * 6), found, labels, 60)
    assert result.right.tolist() == [True, False, True, False, True, False]
    assert result.lead.tolist() == pytest.approx([100, np.nan, 5, np.nan, np.nan, np.nan], nan_ok=True)
    caught = dict(zip(found.events["employer_id"], result.caught.tolist(), strict=True))
    assert caught == {"soon": True, "late": False, "open": True}
    at_risk = [names[place] for place in found.row]
    assert at_risk == ["soon", "late", "over", "open", "calm"]
    assert [name for name, hit in zip(at_risk, found.positive, strict=True) if hit] == ["soon", "open"]


@settings(max_examples=3, deadline=None)
@given(st.integers(1, 400), st.floats(0, 100))
def test_nothing_reported_later_changes_the_alerts_of_a_day(days: int, value: float) -> None:
    """Whatever is reported after the first day of the test, its alerts, the model and their probabilities stay."""
    told = city().rows.filter(pl.col("reported_on") > FROM)
    later = told.with_columns(pl.col("reported_on").dt.offset_by(f"{days}d"), pl.lit(value).alias("power.debt.months"))
    other = replace(city(), rows=pl.concat([city().rows.filter(pl.col("reported_on") <= FROM), later]))
    ask = Ask(FROM, FROM + timedelta(days=40), budget=10)
    first = [backtest(each, ask, quick(), None, quiet) for each in (city(), other)]
    chosen = [each.alerts.filter(pl.col("alert_on") == FROM).drop("right", "lead_days") for each in first]
    assert chosen[0].height > 0
    assert chosen[0].equals(chosen[1])


def test_a_budget_is_pro_rata_to_employers_and_time() -> None:
    assert pro_rata(city(), Ask(FROM, UNTIL), shipped()) == round(1100 * 150 / 260_000 * 366 / 365)


def test_what_cannot_be_tested_is_refused_in_both_languages() -> None:
    empty = replace(city(), labels=city().labels.clear())
    strangers = replace(city(), labels=city().labels.with_columns(employer_id=pl.lit("nobody")))
    for source, ask in (
        (city(), Ask(UNTIL, FROM)),
        (empty, Ask(FROM, UNTIL)),
        (city(), Ask(date(2030, 1, 1), date(2031, 1, 1))),
        (city(), Ask(date(2021, 2, 1), UNTIL)),
        (strangers, Ask(FROM, UNTIL)),
    ):
        with pytest.raises(Unfit) as refused:
            backtest(source, ask, quick(), None, quiet)
        assert refused.value.zh
        assert refused.value.en


def test_a_level_is_the_highest_that_the_probability_reaches() -> None:
    levels = shipped().levels
    assert [level_of(p, levels) for p in (0.0, levels["blue"], levels["red"], 1.0)] == ["none", "blue", "red", "red"]
    assert list(levels) == sorted(levels, key=lambda name: levels[name])


def test_small_groups_are_not_compared() -> None:
    def group(name: str, alerts: int, value: float) -> dict[str, object]:
        shares = {"value": value, "low": value - 0.1, "high": value + 0.1}
        return {"town": name, "alerts": alerts, "precision": shares, "events": 0, "recall": shares}

    found = gaps({"town": [group("a", 30, 0.9), group("b", 30, 0.5), group("c", 3, 0.0)]}, 20)
    assert [(each["lowest"], each["highest"], each["gap"]) for each in found] == [("b", "a", 0.4)]
    assert found[0]["beyond_chance"] is True
