"""Who is calm and was calm is judged by a short way: it must come to what the whole way comes to."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.scoring.judgement import Standing, Verdict, judge
from services.scoring.levels import Override
from services.scoring.rulebook import shipped
from tests.scoring_facts import TODAY, USCC, a_version, facts_of

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
