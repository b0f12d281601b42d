"""What decides and what does not: two employers never, a contradicting name never, a person's answer before our own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.catalogue import shipped
from services.ingest.matching import AT, EVIDENCE, SUBJECT, WRITTEN, clues_of, decide
from services.ingest.validation import ROW

ONE, OTHER = "91330100799655058B", "9133030067161672XJ"
NAME = "杭州市余杭区恒达建设有限公司"
FULL, CORE = "杭州余杭恒达建设有限公司", "恒达建设"
DAY = datetime(2026, 6, 1, tzinfo=UTC)


def said(subject: str | None, kind: str = "name", value: str = FULL, **more: Any) -> dict[str, Any]:
    """A line of evidence: by default that an employer bears the name."""
    calm = {"source": "known", "kind": kind, "scope": "", "value": value, "division": "330110", "subject_id": subject}
    return calm | {"region": "杭州余杭", "form": "有限公司"} | more


def subject(*lines: dict[str, Any], dataset: str = "gov_ticket", **record: Any) -> str | None:
    """Whom a record is linked to; None where nothing is decided."""
    told = {"employer": None, "division": None, "account_no": None} | record
    at, written = told.pop("at", DAY), told.pop("written", None)
    rows = pl.DataFrame(
        {ROW: [1], AT: [at], WRITTEN: [written], **{item: [value] for item, value in told.items()}},
        schema_overrides={ROW: pl.UInt32, AT: pl.Datetime("us", "UTC"), WRITTEN: pl.String, "employer": pl.String,
            "division": pl.String, "account_no": pl.String},
    )  # fmt: skip
    asked = clues_of(rows, shipped().datasets[dataset], "agency")
    found = decide(asked, pl.DataFrame(lines, schema=EVIDENCE))
    return found.get_column(SUBJECT).to_list()[0] if len(found) else None


def test_a_name_links_its_only_bearer_and_two_bearers_never() -> None:
    assert subject(said(ONE), employer=NAME) == ONE
    assert subject(said(ONE), said(OTHER), employer=NAME) is None


def test_of_two_bearers_the_one_in_the_records_town_or_district_is_meant() -> None:
    lines = said(ONE, division="330110012"), said(OTHER, division="330113001")
    assert subject(*lines, employer=NAME, division="330110012") == ONE
    assert subject(*lines, employer=NAME, division="330113002") == OTHER
    assert subject(*lines, employer=NAME, division="330106001") is None


def test_a_shortened_name_may_leave_out_but_not_contradict() -> None:
    line = said(ONE, "core", CORE)
    assert subject(line, employer="恒达建设") == subject(line, employer="余杭恒达建设有限公司") == ONE
    assert subject(line, employer="浙江恒达建设有限公司") is None
    assert subject(line, employer="恒达建设股份有限公司") is None
    assert subject(line, employer="恒达建设", division="330113001") is None
    assert subject(said(ONE, "core", "恒达"), employer="恒达有限公司") is None


def test_a_number_that_the_full_name_contradicts_decides_nothing() -> None:
    number = said(ONE, "regno", "330184000012345")
    assert subject(number, written="330184000012345", employer=NAME) == ONE
    assert subject(number, said(OTHER), written="330184000012345", employer=NAME) is None


def test_a_name_holds_while_it_is_borne_and_a_year_longer() -> None:
    until = said(ONE, until=DAY)
    assert subject(until, employer=NAME, at=DAY - timedelta(days=1)) == ONE
    assert subject(until, employer=NAME, at=DAY + timedelta(days=364)) == ONE
    assert subject(until, employer=NAME, at=DAY + timedelta(days=366)) is None
    assert subject(until, said(OTHER, since=DAY), employer=NAME, at=DAY + timedelta(days=1)) == OTHER


def test_an_answer_comes_before_our_own_evidence_and_only_in_its_district() -> None:
    answer = said(OTHER, source="answer", scope="gov_ticket|agency", division="330110", link_id="l")
    assert subject(said(ONE), answer, employer=NAME, division="330110012") == OTHER
    assert subject(said(ONE), answer, employer=NAME) == ONE


def test_what_was_undone_does_not_lead_there_again_by_the_whole_name_nor_by_its_core() -> None:
    barred = said(ONE, source="barred")
    assert subject(said(ONE), said(ONE, "core", CORE), barred, employer=NAME) is None
    assert subject(said(ONE), said(OTHER), barred, employer=NAME) == OTHER


def test_a_later_holder_takes_an_account_over_also_from_an_answer() -> None:
    def held(by: str, months: int, **more: Any) -> dict[str, Any]:
        since = DAY - timedelta(days=30 * months)
        return said(by, "account", "M1", scope="pw_usage|", division="", since=since, **more)

    assert subject(held(ONE, 5), held(OTHER, 2), dataset="pw_usage", account_no="M1") == OTHER
    assert subject(held(ONE, 5), held(OTHER, -2), dataset="pw_usage", account_no="M1") == ONE
    assert subject(held(ONE, 5), held(OTHER, 5), dataset="pw_usage", account_no="M1") is None
    answer = held(ONE, 4, source="answer", link_id="l")
    assert subject(held(OTHER, 5), answer, dataset="pw_usage", account_no="M1") == ONE
    assert subject(held(OTHER, 2), answer, dataset="pw_usage", account_no="M1") == OTHER


@given(st.lists(st.sampled_from([ONE, OTHER]), min_size=1), st.sampled_from(["name", "core"]))
def test_evidence_for_two_employers_never_links_either(bearers: list[str], kind: str) -> None:
    value = FULL if kind == "name" else CORE
    found = subject(*(said(code, kind, value) for code in bearers), employer=NAME)
    assert found == (bearers[0] if len(set(bearers)) == 1 else None)
