"""Who sends an alert to its town: the platform while it is yellow, nobody but the analyst from orange on."""

import pytest

from shared.events import Level
from tests.alerts_world import WUCHANG, World, a_score, a_uscc


@pytest.mark.parametrize("level", ["orange", "red"])
async def test_orange_and_red_wait_for_the_analyst_even_if_the_town_is_known(world: World, level: Level) -> None:
    uscc = a_uscc()
    await world.hear(a_score(uscc, level), a_score(uscc, level))
    alert = await world.alert_of(uscc)
    assert (alert["state"], alert["workplace"], alert["town"]) == ("GENERATED", WUCHANG, None)
    path = f"/v1/alerts/{alert['id']}"
    assert (await world.post("analyst", f"{path}/dispatch", {"town": WUCHANG})).status_code == 409
    await world.must("analyst", f"{path}/triage", {"reason": "核实主体"})
    assert (await world.must("analyst", f"{path}/dispatch", {"town": WUCHANG}))["town"] == WUCHANG
