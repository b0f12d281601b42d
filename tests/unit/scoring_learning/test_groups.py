"""Precision, recall, rates and gaps: by values that can be worked out by hand, and by what must never happen."""

import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.learning import groups
from services.scoring.learning.policy import shipped
from services.scoring.learning.sampling import draw

TRAITS = {"level": pl.String(), "town": pl.String(), "industry": pl.String(), "size": pl.String()}
ALERTS = {"hit": pl.Boolean(), **TRAITS}
VISITS = {**ALERTS, "told": pl.Boolean(), "sample_id": pl.String(), "stratum": pl.String()}
VISITS |= {"stratum_population": pl.Int64()}


def an_alert(hit: bool | None = True, **given: Any) -> dict[str, Any]:
    return {"hit": hit, "level": "red", "town": "330110005", "industry": "C", "size": "1-9"} | given


def a_visit(hit: bool | None = False, **given: Any) -> dict[str, Any]:
    common = {"told": False, "sample_id": "s", "stratum": "all", "stratum_population": 1000, "level": "none"}
    return an_alert(hit) | common | given


def alerts(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=ALERTS, orient="row")


def visits(*rows: dict[str, Any]) -> pl.DataFrame:
    return groups.weighed(pl.DataFrame(list(rows), schema=VISITS, orient="row"))


def value(figures: list[groups.Figure], grouping: str = "all", group: str = "all") -> float | None:
    (found,) = (each for each in figures if (each.grouping, each.group) == (grouping, group))
    return found.share.value


def test_precision_counts_answered_alerts_only_and_says_so_by_group() -> None:
    told = alerts(an_alert(), an_alert(), an_alert(False, level="yellow"), an_alert(None, town=None))
    figures = groups.precision(told, 0.9)
    assert value(figures) == pytest.approx(2 / 3)
    assert (value(figures, "level", "red"), value(figures, "level", "yellow")) == (1, 0)
    assert not [each for each in figures if each.group == groups.UNKNOWN]


def test_a_small_stratum_that_was_visited_often_does_not_count_for_more_than_it_is() -> None:
    # Ten of 10 with a level were visited, ten of 990 without; one in ten of both owes wages.
    seen = [a_visit(n == 0, told=True, level="red", stratum="a", stratum_population=10) for n in range(10)]
    unseen = [a_visit(n == 0, stratum="b", stratum_population=990) for n in range(10)]
    told = visits(*seen, *unseen)
    assert value(groups.rates(told, 0.9)) == pytest.approx(0.1)
    assert value(groups.recall(told, 0.9)) == pytest.approx(10 / 1000)


def test_those_who_were_met_carry_the_weight_of_those_who_were_not() -> None:
    told = visits(*(a_visit(None) for _ in range(5)), *(a_visit(n < 2) for n in range(5)))
    assert told["weight"].to_list() == [0.0] * 5 + [200.0] * 5
    assert value(groups.rates(told, 0.9)) == pytest.approx(0.4)


def test_a_rate_is_told_by_level() -> None:
    told = visits(a_visit(True, level="red"), a_visit(False, level="red"), a_visit(False))
    assert value(groups.rates(told, 0.9), "level", "red") == pytest.approx(0.5)


def test_one_town_that_is_wrong_more_often_stands_out_and_chance_does_not() -> None:
    chance = random.Random(7)  # noqa: S311 - a test's
    fair = [an_alert(chance.random() < 0.8, town=f"33011000{n % 6}") for n in range(600)]
    assert not any(gap.beyond_chance for gap in groups.gaps(groups.PRECISION, alerts(*fair), 20, 0.9))
    bad = [an_alert(chance.random() < 0.5, town="330110009") for _ in range(100)]
    found = groups.gaps(groups.PRECISION, alerts(*fair, *bad), 20, 0.9)
    assert (found[0].group, found[0].beyond_chance) == ("330110009", True)
    assert (found[0].share.value or 0) < -0.2


def test_few_rows_and_unknown_groups_are_not_compared() -> None:
    few = [an_alert(town="330110005") for _ in range(19)] + [an_alert(False, town="330110009") for _ in range(50)]
    assert not [gap for gap in groups.gaps(groups.PRECISION, alerts(*few), 20, 0.9) if gap.grouping == "town"]
    unknown = [an_alert(town=None) for _ in range(50)] + [an_alert(False, town="330110009") for _ in range(50)]
    assert not [gap for gap in groups.gaps(groups.PRECISION, alerts(*unknown), 20, 0.9) if gap.grouping == "town"]


@pytest.mark.parametrize("design", ["simple", "by_town", "by_level"])
def test_over_many_samples_the_rate_is_that_of_the_register(design: str) -> None:
    chance = random.Random(7)  # noqa: S311 - a test's
    frame = pl.DataFrame(
        [
            {"employer_id": f"E{n}", "name": None, "town": chance.choice("ab"), "industry": "C", "size": "0"}
            | {"level": "red" if n % 20 == 0 else "none"}
            for n in range(400)
        ],
        schema_overrides={"name": pl.String()},
    )
    owing = {f"E{n}" for n in range(400) if (n % 20 == 0 and n % 3 == 0) or n % 57 == 0}
    found = []
    for seed in range(150):
        sample = draw(frame, 40, shipped().design(design), seed)
        rows = sample.with_columns(
            pl.col("employer_id").is_in(list(owing)).alias("hit"),
            (pl.col("level") == "red").alias("told"),
            pl.lit("s").alias("sample_id"),
        )
        found.append(value(groups.rates(groups.weighed(rows), 0.9)) or 0)
    assert sum(found) / len(found) == pytest.approx(len(owing) / 400, abs=0.01)


@given(
    st.lists(st.tuples(st.sampled_from([True, False, None]), st.sampled_from("ab"), st.sampled_from("xy")), max_size=40)
)
def test_weights_add_up_to_the_register_of_whoever_answered(rows: list[tuple[bool | None, str, str]]) -> None:
    told = visits(*(a_visit(hit, stratum=stratum, sample_id=sample) for hit, stratum, sample in rows))
    answered = told.filter(pl.col("hit").is_not_null())
    assert (told["weight"] >= 0).all()
    if answered.height:
        by_sample = answered.group_by("sample_id").agg(pl.col("stratum").n_unique() * 1000, pl.len())
        expected = (by_sample["stratum"] * by_sample["len"]).sum() / answered.height
        assert told["weight"].sum() == pytest.approx(expected)
