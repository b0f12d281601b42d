"""A record that was held to be about somebody it is not about, and with whom it is after that."""

from datetime import timedelta
from typing import Any

import pytest

from services.scoring.consumers import consumer
from services.scoring.store import outcomes
from shared.clock import now
from shared.db import Database
from shared.events import RecordsAccepted, RecordsUnlinked
from shared.ids import new_id
from tests.integration.scoring_events.test_revisions import known
from tests.scoring_events import accepted, subject
from tests.scoring_facts import a_uscc


def a_petition(uscc: str, days_ago: int = 1, left: str | None = None) -> RecordsAccepted:
    received = now() - timedelta(days=days_ago)
    told: dict[str, list[Any]] = {"people_cnt": [12], "received_at": [received.date().isoformat()], "form": ["visit"]}
    return accepted("gov_petition", [uscc], told, keys=["XF-unlinked"], source_times=[received], left=[left])


def unlinked(event: RecordsAccepted, uscc: str) -> RecordsUnlinked:
    """What is told of an event's only record when the link that led it to an employer is undone."""
    record = event.frame()
    return RecordsUnlinked(
        undo_id=new_id(),
        agency=event.agency,
        dataset=event.dataset,
        subject_kind="employer",
        subject_ids=[uscc],
        keys=record["#key"].to_list(),
        rows=[1],
        source_times=record["#source_time"].to_list(),
        unlinked_at=now(),
    )


def told_again(event: RecordsAccepted, uscc: str) -> RecordsAccepted:
    """The same record under its own receipt and row, about another employer, or about the same after all."""
    about = {name: getattr(event, name) for name in ("receipt_id", "agency", "dataset", "subject_kind", "reported_at")}
    record = event.frame()
    return RecordsAccepted.of(
        **about,
        subject_ids=[uscc],
        keys=record["#key"].to_list(),
        rows=[1],
        source_times=record["#source_time"].to_list(),
        columns={name: record[name].to_list() for name in record.columns if not name.startswith("#")},
    )


@pytest.mark.parametrize("is_undone_first", [True, False])
async def test_a_record_that_went_astray_stands_with_whose_it_is_though_an_older_state_was_his(
    db: Database, is_undone_first: bool
) -> None:
    his, other = a_uscc(), a_uscc()
    older, astray = a_petition(his, days_ago=9), a_petition(other, left=his)
    right = [unlinked(astray, other), told_again(astray, his)]
    for event in (older, astray, *(right if is_undone_first else right[::-1])):
        await consumer.deliver(event, db)
    assert (await known(db, his), await known(db, other)) == ([(astray.receipt_id, 1)], [])
    assert [(await subject(db, who))["level"] for who in (his, other)] == ["orange", "none"]


async def test_a_case_that_is_not_about_an_employer_is_no_label_of_his(db: Database) -> None:
    uscc = a_uscc()
    case = accepted("hrss_inspection_case", [uscc], {"arrears_amount": ["90000.00"]}, keys=[f"case-{uscc}"])
    await consumer.deliver(case, db)
    assert await labelled(db, uscc) == [f"case-{uscc}"]
    await consumer.deliver(unlinked(case, uscc), db)
    assert await labelled(db, uscc) == []


async def labelled(db: Database, uscc: str) -> list[str]:
    """The cases that the employer's labels are made of."""
    async with db.transaction() as session:
        return (await outcomes.cases(session, "hrss_inspection_case", now(), [uscc]))["key"].to_list()
