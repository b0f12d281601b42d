"""E36: a warning is a fact about those who are tied to whom it is of; two that warn each other never go on."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring import relations
from services.scoring.judgement import Verdict, judge
from services.scoring.levels import Trail
from services.scoring.relations import DATASET, Warned, closest
from services.scoring.rulebook import shipped
from services.scoring.rules import LEVELS, Level
from services.scoring.standings import Standing
from tests.scoring_facts import AT, TODAY, USCC, Rows, a_version, assessed, days_ago, facts_of, signal

CALM = Standing("none", "", "-", {})


def told_on(party: str = "p", level: str = "orange", days: int = 1) -> dict[str, Any]:
    return a_version(DATASET, f"{USCC}|{party}", party=party, level=level, warned_on=days_ago(days))


def arrears(months: int) -> Rows:
    periods = ("2026-10", "2026-09", "2026-08")[:months]
    return [a_version("tax_social_fee", period, period=period, arrears="10.00") for period in periods]


def judged(*rows: dict[str, Any], before: Standing = CALM) -> Verdict:
    (verdict,) = judge(facts_of(*rows), shipped(), "employer", {USCC: before})
    return verdict


def news(verdict: Verdict, before: Standing, *, is_corrected: bool = False) -> list[Warned]:
    return relations.told_on([verdict], lambda _: {USCC: before}, shipped(), TODAY, is_corrected=is_corrected)


def after(verdict: Verdict) -> Standing:
    return replace(CALM, level=verdict.told.level, steps=verdict.steps, trail=Trail(verdict.assessment.level))


@pytest.mark.parametrize(
    ("rows", "counted"),
    [
        ([told_on()], True),
        ([told_on(days=180)], True),
        ([told_on(days=181)], False),
        ([told_on(level="yellow")], False),
        # Taken back: of each party the newest word counts.
        ([told_on(days=2), told_on(level="none") | {"row_no": 2}], False),
    ],
)
def test_a_related_warning_counts_for_its_days_beside_another_signal(rows: Rows, counted: bool) -> None:
    found = signal(assessed(*arrears(1), *rows), "E36")
    assert (found is not None) == counted
    if found:
        assert (found.points, found.floor) == (8, "none")


def test_by_itself_it_says_nothing() -> None:
    alone = assessed(told_on())
    assert (alone.level, alone.signals) == ("none", ())


def test_who_is_orange_by_indicators_of_his_own_is_told_on_once() -> None:
    verdict = judged(*arrears(3))
    assert news(verdict, CALM) == [Warned(USCC, "orange")]
    assert news(judged(*arrears(3), before=after(verdict)), after(verdict)) == []
    assert news(judged(*arrears(2)), CALM) == []


def test_what_a_relative_adds_is_never_told_on() -> None:
    verdict = judged(*arrears(3))
    again = judged(*arrears(3), told_on(), before=after(verdict))
    assert again.is_new
    assert "E36" in {each.indicator for each in again.assessment.signals}
    assert news(again, after(verdict)) == []


def test_a_correction_takes_back_what_was_told() -> None:
    verdict = judged(*arrears(3))
    calm = judged(*arrears(1), before=after(verdict))
    assert news(calm, after(verdict)) == []
    assert news(calm, after(verdict), is_corrected=True) == [Warned(USCC, "none")]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_two_that_are_tied_never_go_on_warning_each_other(changes: list[tuple[int, int]]) -> None:
    """Both are scored again and again, each with what the other was last told; nothing of their own changes."""
    levels: list[Level] = ["none", "none"]
    standings = [CALM, CALM]
    for months in changes:
        for _ in range(4):
            heard = list(levels)
            for who in (0, 1):
                rows = [*arrears(months[who]), *([told_on(level=heard[1 - who])] if heard[1 - who] != "none" else [])]
                verdict = judged(*rows, before=standings[who])
                for told in news(verdict, standings[who]):
                    levels[who] = told.level
                standings[who] = after(verdict)
        for who in (0, 1):
            assert news(judged(*arrears(months[who]), told_on(), before=standings[who]), standings[who]) == []


def _ties(*groups: list[str]) -> dict[str, pl.DataFrame]:
    rows = [(f"g{number}", code) for number, members in enumerate(groups) for code in members]
    return {"project": pl.DataFrame(rows, schema=["group", "code"], orient="row")}


def test_those_of_the_smallest_circles_come_first_and_of_a_circle_of_many_nobody() -> None:
    ties = _ties(["a", "x", "y", "z"], ["a", "w"], ["b", "v"], ["a", *"123456789"])
    assert closest(ties, "a", most_in_group=5, most=10) == ["w", "x", "y", "z"]
    assert closest(ties, "a", most_in_group=5, most=2) == ["w", "x"]
    assert closest(ties, "nobody", most_in_group=5, most=2) == []
    assert closest({}, "a", most_in_group=5, most=2) == []


@given(
    st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=6, unique=True), max_size=6), st.integers(0, 4)
)
@settings(max_examples=50, deadline=None)
def test_a_warning_is_never_told_to_more_than_so_many_nor_to_whom_it_is_of(groups: list[list[str]], most: int) -> None:
    found = closest(_ties(*groups) if groups else {}, "a", most_in_group=4, most=most)
    assert len(found) <= most
    assert "a" not in found
    assert all(any("a" in group and who in group and len(group) <= 4 for group in groups) for who in found)


def test_a_warning_is_a_record_about_each_relative_under_the_line_of_the_history_that_told_it() -> None:
    told = [(Warned("a", "red"), UUID(int=7), ["b", "c"]), (Warned("d", "orange"), UUID(int=8), [])]
    rows = relations.facts(told, AT.date() + timedelta(days=1))
    assert rows.select("id", "key", "row_no", "receipt_id").rows() == [
        ("b", "b|a", 1, str(UUID(int=7))),
        ("c", "c|a", 2, str(UUID(int=7))),
    ]
    assert json.loads(rows["body"][0]) == {"party": "a", "level": "red", "warned_on": "2026-11-24"}


def test_every_level_that_the_rules_name_is_a_level() -> None:
    (feature,) = [each for each in shipped().measured if each.dataset == DATASET]
    assert set(feature.where[0].value) <= set(LEVELS)
