"""What is wrong with a subject's data stands beside its level, and nobody is told that it were about wages."""

from datetime import timedelta
from typing import Any

import httpx

from services.scoring.consumers import consumer
from shared.clock import now
from shared.events import RecordsAccepted
from shared.service import Runtime
from tests.integration.scoring_events.test_projects import a_project
from tests.scoring_events import accepted, announced, numbers
from tests.scoring_reader import a_reader


def attendance(project: str, days_ago: int) -> RecordsAccepted:
    """Three workers, by the device."""
    at = now() - timedelta(days=days_ago)
    workers = ["w1", "w2", "w3"]
    columns: dict[str, list[Any]] = {
        "project_code": [project] * 3,
        "id_no": list(workers),
        "punch_at": [at.isoformat()] * 3,
        "origin": ["device"] * 3,
    }
    keys = [f"{project}|{who}|{at.isoformat()}" for who in workers]
    ids: list[str | None] = [project] * 3
    return accepted("hc_attendance", ids, columns, subject_kind="project", keys=keys, source_times=[at] * 3)


async def test_a_silent_site_is_a_doubt_about_its_data_until_it_speaks_again(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    project = f"Q{next(numbers):06}"
    for event in (a_project(project), attendance(project, 20)):
        await consumer.deliver(event, runtime.db)
    path, reader = f"/v1/projects/{project}/risk", a_reader(runtime)
    risk = (await client.get(path, headers=reader)).json()
    (doubt,) = risk["data_quality"]
    assert (doubt["indicator"], doubt["points"], doubt["floor"]) == ("P18", 0, None)
    assert "未上传考勤" in doubt["text_zh"]
    assert (risk["level"], risk["points"], risk["reasons"], risk["history"]) == ("none", 0, [], [])
    assert await announced(runtime.db, project) == []
    await consumer.deliver(attendance(project, 0), runtime.db)
    assert (await client.get(path, headers=reader)).json()["data_quality"] == []


async def test_the_rules_say_which_of_them_speak_of_data(client: httpx.AsyncClient, runtime: Runtime) -> None:
    rules = (await client.get("/v1/indicators", headers=a_reader(runtime))).json()["indicators"]
    kinds = {each["code"]: each["kind"] for each in rules}
    assert [code for code, kind in kinds.items() if kind == "data_quality"] == ["P18"]
    assert {"P12", "P13", "P20"} <= kinds.keys()
