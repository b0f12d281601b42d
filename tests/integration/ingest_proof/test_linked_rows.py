"""A row that found its employer by something else than his code says by what, also when that came later."""

from tests.ingest_desk import GOOD, Door
from tests.ingest_matching import a_petition, an_entity, entities, forget, petitions, settle


async def test_a_row_says_by_which_clue_its_employer_was_found_and_before_that_it_waits(door: Door) -> None:
    await forget(door)
    receipt = await petitions(door, a_petition(91))
    path = f"/v1/receipts/{receipt['receipt_id']}/rows/1"
    waiting = (await door.get(path, agency=await _agency_of(door, receipt["receipt_id"]))).json()
    assert (waiting["outcome"], waiting["subject"]) == ("unmatched", None)
    await entities(door, an_entity())
    await settle(door)
    found = (await door.get(path, agency=await _agency_of(door, receipt["receipt_id"]))).json()
    assert (found["outcome"], found["is_present"]) == ("accepted", True)
    assert found["subject"] == {"kind": "employer", "id": GOOD, "matched_by": "name"}
    await forget(door)


async def _agency_of(door: Door, receipt_id: str) -> str:
    ((agency,),) = await door.rows("select agency from ingest.receipt where receipt_id = :r", r=receipt_id)
    return str(agency)
