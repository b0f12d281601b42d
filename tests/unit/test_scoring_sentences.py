"""Sentences read as people write: one person, two people; a day that has passed lies so many days back."""

from typing import Any

import pytest

from services.scoring import words
from services.scoring.judgement import judge
from services.scoring.rulebook import Scored, shipped
from services.scoring.words import Sentence, Words
from tests.scoring_facts import PROJECT, a_version, days_ago, facts_of

SITE: dict[str, Any] = {"_kind": "project", "_subject": PROJECT}


def said(*rows: dict[str, Any], kind: Scored = "employer") -> tuple[str, str]:
    (verdict,) = judge(facts_of(*rows, kind=kind), shipped(), kind, {})
    (reason,) = verdict.reasons
    return reason.text_zh, reason.text_en


@pytest.mark.parametrize(
    ("people", "zh", "en"),
    [
        (1, "60日内欠薪线索1条,涉及1人", "1 wage clue in 60 days, 1 person"),
        (2, "60日内欠薪线索1条,涉及2人", "1 wage clue in 60 days, 2 people"),
        (None, "60日内欠薪线索1条,涉及(未报送)人", "1 wage clue in 60 days, (not reported) people"),
    ],
)
def test_one_is_a_person_and_more_are_people(people: int | None, zh: str, en: str) -> None:
    assert said(a_version("hrss_clue", registered_at=f"{days_ago(40)}T10:00:00+08:00", arrears_people=people)) == (
        zh,
        en,
    )


@pytest.mark.parametrize(
    ("left", "zh", "en"),
    [
        (30, "工资保证金保函(或保险)有效期还剩30天,项目未完工", "ends in 30 days, the project goes on"),
        (1, "工资保证金保函(或保险)有效期还剩1天,项目未完工", "ends in 1 day, the project goes on"),
        (0, "工资保证金保函(或保险)有效期还剩0天,项目未完工", "ends in 0 days, the project goes on"),
        (
            -1,
            "工资保证金保函(或保险)已过有效期1天,未见延期或更换,项目未完工",
            "ended 1 day ago and was not renewed, the project goes on",
        ),
        (
            -5,
            "工资保证金保函(或保险)已过有效期5天,未见延期或更换,项目未完工",
            "ended 5 days ago and was not renewed, the project goes on",
        ),
    ],
)
def test_a_guarantee_that_has_ended_ended_so_many_days_ago(left: int, zh: str, en: str) -> None:
    site = a_version("hc_project", PROJECT, name="某某工程", state="在建", **SITE)
    deposit = a_version("hrss_wage_deposit", form="guarantee", guarantee_to=days_ago(-left), **SITE)
    assert said(site, deposit, kind="project") == (zh, f"The guarantee of the wage deposit {en}")


def test_an_act_that_would_end_a_warning_is_one_or_many_too() -> None:
    titles = Words("热线", "Tickets")
    acts = [words.shipped().act("E28", {"wage_tickets_30d": count}, titles).en for count in (1, 2)]
    assert acts == ["settle 1 hotline ticket, with none new", "settle 2 hotline tickets, with none new"]


def test_a_figure_without_words_is_printed_as_before() -> None:
    assert Sentence("?").vformat("{a} {b:,.2f} {c:.0%}", (), {"a": 1, "b": 1234.5, "c": None}) == "1 1,234.50 ?"
