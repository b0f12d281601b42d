"""A project is scored by the flows of its wage account, whichever of them is heard of first."""

import itertools
import random
from datetime import timedelta
from typing import Any

from services.scoring import usecases
from services.scoring.consumers import consumer
from services.scoring.rulebook import shipped
from services.scoring.usecases import Moment
from shared.clock import now
from shared.db import Database
from shared.events import RecordsAccepted
from shared.ids import new_id
from tests.scoring_events import accepted, announced, numbers, subject


def an_account(project: str, account: str) -> RecordsAccepted:
    opened = (now() - timedelta(days=200)).date().isoformat()
    columns: dict[str, list[Any]] = {
        "project_code": [project],
        "account_no": [account],
        "opened_at": [opened],
        "closed_at": [None],
    }
    return accepted(
        "bk_special_account", [account], columns, subject_kind="account", agency="bank-a", keys=[f"account {account}"]
    )


def a_project(project: str) -> RecordsAccepted:
    columns: dict[str, list[Any]] = {
        "project_code": [project],
        "name": ["某某安置房工程"],
        "state": ["在建"],
        "division": ["330110012"],
        "gc_uscc": ["91330100799655058B"],
        "gc_name": ["某某建设集团"],
    }
    return accepted("hc_project", [project], columns, subject_kind="project", keys=[project], agency="housing")


def a_fee(account: str, days_ago: int) -> RecordsAccepted:
    columns: dict[str, list[Any]] = {
        "account_no": [account],
        "txn_at": [(now() - timedelta(days=days_ago)).isoformat()],
        "direction": ["in"],
        "purpose": ["labour fee in"],
        "amount": ["100000.00"],
    }
    return accepted("bk_account_flow", [account], columns, subject_kind="account", agency="bank-a")


async def test_an_accounts_flows_find_their_project_in_every_order(db: Database) -> None:
    for order in itertools.permutations(range(3)):
        project, account = f"P{next(numbers):06}", f"{random.getrandbits(64):016x}"
        events = [a_project(project), an_account(project, account), a_fee(account, 75)]
        for place in order:
            await consumer.deliver(events[place], db)
        last = (await announced(db, project))[-1]
        assert (last["level"], last["name"], last["gc_name"]) == ("orange", "某某安置房工程", "某某建设集团")
        assert last["division"] == "330110012"
        (reason,) = last["reasons"]
        assert (reason["indicator"], reason["text_zh"]) == ("P04", "人工费用已2个周期未到专户")


async def test_a_new_labour_fee_calms_the_project(db: Database) -> None:
    project, account = f"P{next(numbers):06}", f"{random.getrandbits(64):016x}"
    for event in (a_project(project), an_account(project, account), a_fee(account, 100), a_fee(account, 2)):
        await consumer.deliver(event, db)
    assert (await subject(db, project))["computed_level"] == "none"
    async with db.transaction() as session:
        later = Moment(now() + timedelta(days=14), shipped(), new_id)
        await usecases.rescore(session, {("project", project)}, later)
    assert [event["level"] for event in await announced(db, project)] == ["red", "none"]
