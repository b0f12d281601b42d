"""Registers write 9999-12-31 for "no end": such a record counts like any other and stops nobody's score."""

import pytest

from services.scoring.judgement import judge
from services.scoring.rulebook import Scored, shipped
from tests.scoring_facts import PROJECT, USCC, a_version, facts_of

FAR = {
    "date": "9999-12-31",
    "datetime": "9999-12-31T23:59:59+08:00",
    "month": "9999-12",
    "money": "100000.00",
    "int": "100",
    "dec": "100",
    "bool": "true",
}
DATASETS = sorted(
    (code, "project" if dataset.subject != "employer" else "employer") for code, dataset in shipped().datasets.items()
)


@pytest.mark.parametrize(("code", "kind"), DATASETS)
def test_a_record_of_the_last_day_there_is_can_be_scored(code: str, kind: Scored) -> None:
    book = shipped()
    items = {item: FAR.get(kind, "x") for item, kind in book.datasets[code].items.items()}
    subject = USCC if kind == "employer" else PROJECT
    facts = facts_of(a_version(code, "k", _subject=subject, _kind=kind, **items), kind=kind)
    assert [verdict.subject for verdict in judge(facts, book, kind, {})] == [subject]
