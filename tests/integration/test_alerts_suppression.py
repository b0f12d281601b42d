"""What silences a signal, and what wakes an alert again (domain rules 9.1)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.clock import now, today
from shared.events import AlertRaised
from tests.alerts_world import INSPECTORS, World, a_reason, a_score

RECEIPT = [{"kind": "bank_receipt", "reference": "工行回单"}]


async def closed_as_false(world: World) -> dict[str, Any]:
    path = await world.verifying()
    await world.must("inspector1", f"{path}/false", {"cause": "bad_data", "reason": "税务数据滞后"})
    await world.must("analyst", f"{path}/false/approve")
    return await world.see("analyst", path)


async def settled(world: World, *, closed: bool = True) -> dict[str, Any]:
    path = await world.confirmed()
    await world.must("inspector1", f"{path}/dispose", {"measure": "talk"})
    await world.must("inspector1", f"{path}/resolve", {"reason": "已发", "paid_amount": "36000", "documents": RECEIPT})
    await world.must("analyst", f"{path}/review", {"sampled_workers": 3, "unpaid_amount": 0})
    if closed:
        await world.must("analyst", f"{path}/close")
    return await world.see("analyst", path)


async def confirm(world: World, alert: dict[str, Any]) -> None:
    path = f"/v1/alerts/{alert['id']}"
    await world.must("dispatcher", f"{path}/accept")
    await world.must("inspector1", f"{path}/verify", {"visited_on": str(today()), "inspectors": INSPECTORS})
    await world.must("inspector1", f"{path}/confirm", {"workers": 3, "months": 4, "amount": "36000"})


def later(clock: Path, days: int) -> None:
    clock.write_text(str(timedelta(days=days).total_seconds()))


async def test_danger_without_arrears_is_watched_and_silences_nothing(world: World) -> None:
    path = await world.verifying()
    await world.must("inspector1", f"{path}/no-arrears", {"reason": "工资已发放"})
    danger = await world.see("analyst", path)
    assert danger["finding"]["watched_until"] == str(today() + timedelta(days=90))
    await world.hear(a_score(danger["uscc"], "yellow"))
    fresh = await world.alert_of(danger["uscc"])
    assert (fresh["state"], fresh["previous_alert_id"]) == ("DISPATCHED", danger["id"])


async def test_what_was_closed_as_false_silences_the_same_signal(world: World) -> None:
    false = await closed_as_false(world)
    await world.hear(a_score(false["uscc"], "yellow"))
    assert (await world.alert_of(false["uscc"]))["state"] == "SUPPRESSED"


async def test_a_finding_of_false_is_outweighed_by_arrears_confirmed_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    monkeypatch.setenv("ANXIN_CLOCK_FILE", str(clock))
    false = await closed_as_false(world)
    await world.hear(a_score(false["uscc"], "yellow", reasons=[a_reason("E27", "complaints")]))
    await confirm(world, await world.alert_of(false["uscc"]))
    later(clock, 40)  # the open alert is too old to merge into
    await world.hear(a_score(false["uscc"], "yellow"))
    assert (await world.alert_of(false["uscc"]))["state"] == "DISPATCHED"


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "reviewed"])
async def test_the_same_arrears_reported_again_reopen_the_alert(world: World, closed: bool) -> None:
    before = await settled(world, closed=closed)
    again = a_score(before["uscc"], "orange", reasons=[a_reason(), a_reason("E27", "complaints")])
    await world.hear(again, again)
    after = await world.alert_of(before["uscc"])
    assert (after["id"], after["state"], after["level"]) == (before["id"], "REOPENED", "orange")
    assert (after["history"][-1]["actor"], after["closed_at"]) == ("system", None)
    assert [signal["outcome"] for signal in after["signals"]] == ["raised", "reopened"]
    assert len([one for one in await world.said(before["id"]) if isinstance(one, AlertRaised)]) == 1


async def test_other_signs_or_late_ones_become_a_new_alert(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    monkeypatch.setenv("ANXIN_CLOCK_FILE", str(clock))
    other, late = await settled(world), await settled(world)
    await world.hear(a_score(other["uscc"], "yellow", reasons=[a_reason("E27", "complaints")]))
    assert (await world.alert_of(other["uscc"]))["previous_alert_id"] == other["id"]
    later(clock, 91)
    await world.hear(a_score(late["uscc"], "yellow", scored_at=now()))
    assert (await world.alert_of(late["uscc"]))["previous_alert_id"] == late["id"]


async def test_what_lies_below_the_threshold_reopens_nothing(world: World) -> None:
    before = await settled(world)
    await world.hear(a_score(before["uscc"], "blue"))
    assert (await world.alert_of(before["uscc"]))["state"] == "CLOSED"
