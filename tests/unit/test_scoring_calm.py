"""Who is calm and was calm is judged by a short way: it must come to what the whole way comes to."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from services.scoring.frames import FEEDS, Facts, gather
from services.scoring.judgement import Verdict, judge, judge_many
from services.scoring.levels import Override
from services.scoring.rulebook import shipped
from services.scoring.rules import Level
from services.scoring.standings import STANDINGS, Standing, Standings
from tests.scoring_facts import AT, TODAY, USCC, a_receipt, a_version, facts_of, feeds_of, versions_of

A_FIRM = a_version("samr_entity", "e", ent_name="杭州某某有限公司", street="330110012", state="active")
WATER = a_version("ut_water", "w|1", account_no="w", period="2026-10", volume="100.00", arrears="0.00", arrears_days=0)


def judged(*rows: dict[str, object], before: Standing | None = None) -> Verdict:
    (verdict,) = judge(facts_of(*rows), shipped(), "employer", {USCC: before} if before else {})
    return verdict


def calm_before() -> Standing:
    calm = judged(A_FIRM)
    return Standing("none", calm.meaning, calm.state, calm.profile)


@pytest.mark.parametrize("rows", [(A_FIRM,), (A_FIRM, WATER)])
def test_the_short_way_comes_to_what_the_whole_way_comes_to(rows: tuple[dict[str, object], ...]) -> None:
    before = calm_before()
    # What a person set and what has lapsed long ago changes nothing, but has to be looked at.
    lapsed = Override(UUID(int=1), "red", TODAY - timedelta(days=1000), "none", "x")
    whole = judged(*rows, before=replace(before, override=lapsed))
    assert judged(*rows, before=before) == whole
    assert (whole.is_new, whole.is_news, whole.told.level) == (False, False, "none")


def test_a_calm_firms_new_name_is_kept_though_nobody_is_told() -> None:
    verdict = judged(a_version("samr_entity", "e", ent_name="新名", state="active"), before=calm_before())
    assert (verdict.profile["name"], verdict.is_news) == ("新名", False)


NAMES = {"ent_name": ["甲公司", "乙公司"], "street": ["330110005", "330110012"], "state": ["active", "revoked"]}
MONTHS = st.sampled_from(["2026-08", "2026-09", "2026-10"])
FIRM = st.builds(
    lambda **items: ("samr_entity", "e", items), **{item: st.sampled_from(each) for item, each in NAMES.items()}
)
FEE = st.builds(
    lambda period, arrears: ("tax_social_fee", period, {"period": period, "arrears": arrears}),
    MONTHS,
    st.sampled_from(["0.00", "0.00", "1200.50"]),
)
BILL = st.builds(
    lambda period, days: (
        "ut_water",
        f"w|{period}",
        {"account_no": "w", "period": period, "volume": "9.00", "arrears": f"{days}.00", "arrears_days": days},
    ),
    MONTHS,
    st.sampled_from([0, 0, 45]),
)
Told = list[tuple[str, tuple[str, str, dict[str, object]]]]
FIRMS = ("91330110MA2CEABC1A", "91330110MA2CEABC2B", "91330110MA2CEABC3C")
TOLD = st.lists(st.tuples(st.sampled_from(FIRMS), st.one_of(FIRM, FEE, BILL)), max_size=8)


def known(told: Told, at: datetime) -> Facts:
    rows = [
        a_version(dataset, key, _subject=who, _receipt=a_receipt(number), **items)
        for number, (who, (dataset, key, items)) in enumerate(told)
    ]
    feeds = feeds_of(rows) if rows else pl.DataFrame(schema=FEEDS)
    return gather(FIRMS, versions_of(rows), feeds, shipped().of_subject("employer"), at)


def as_kept(verdicts: list[Verdict]) -> pl.DataFrame:
    rows = [
        {
            "subject": each.subject,
            **each.profile,
            "level": each.told.level,
            "computed_level": each.assessment.level,
            "left_on": json.dumps({level: f"{day}" for level, day in each.told.trail.left.items()}),
            "told_steps": " ".join(each.steps),
            "meaning": each.meaning,
            "state": each.state,
            "score_id": None,
            "is_doubted": bool(each.data_quality),
        }
        for each in verdicts
    ]
    return pl.DataFrame(rows, schema=STANDINGS)


@settings(max_examples=15)
@given(first=TOLD, then=TOLD, days=st.integers(0, 40), risen=st.booleans(), falls_at_once=st.booleans())
def test_who_is_left_out_of_the_columns_would_never_have_come_to_anything_else(
    first: Told, then: Told, days: int, risen: bool, falls_at_once: bool
) -> None:
    book, modelled = shipped(), cast("dict[str, Level]", {FIRMS[0]: "blue"} if risen else {})
    set_by_hand = {FIRMS[1]: Override(UUID(int=1), "yellow", TODAY, "none", "x")} if days % 2 else {}
    before = Standings(as_kept(judge(known(first, AT), book, "employer", {})), set_by_hand)
    facts = known(first + then, AT + timedelta(days=days))
    whole = judge(facts, book, "employer", before.of(FIRMS), falls_at_once=falls_at_once, modelled=modelled)
    many = judge_many(facts, book, "employer", before, falls_at_once=falls_at_once, modelled=modelled)
    as_before = dict(many.unchanged.iter_rows())
    assert many.verdicts == [verdict for verdict in whole if verdict.subject not in as_before]
    for verdict in (each for each in whole if each.subject in as_before):
        assert (verdict.is_new, verdict.is_news) == (False, False)
        assert as_before[verdict.subject] == verdict.next_review_on
        kept = before.table.filter(pl.col("subject") == verdict.subject)
        assert_frame_equal(as_kept([verdict]), kept)
