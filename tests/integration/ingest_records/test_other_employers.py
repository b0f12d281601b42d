"""A record that names another employer than before says whom it has left."""

from tests.ingest_desk import ALSO_GOOD, GOOD, Door, a_tax_record


async def test_a_corrected_record_says_whose_it_was(door: Door) -> None:
    first = a_tax_record(90_001) | {"uscc": GOOD, "stat_at": "2026-11-01 08:00:00"}
    moved = first | {"uscc": ALSO_GOOD, "stat_at": "2026-11-02 08:00:00"}
    for record, before in ((first, None), (moved, GOOD)):
        receipt = (await door.send("tax_arrears", [record])).json()
        (event,) = await door.announced(receipt["receipt_id"])
        assert (event["subject_ids"], event["left"]) == ([record["uscc"]], [before])


async def test_an_older_state_that_comes_late_says_whose_the_record_is_now(door: Door) -> None:
    newer = a_tax_record(90_002) | {"uscc": ALSO_GOOD, "stat_at": "2026-11-02 08:00:00"}
    older = newer | {"uscc": GOOD, "stat_at": "2026-11-01 08:00:00"}
    await door.send("tax_arrears", [newer])
    receipt = (await door.send("tax_arrears", [older])).json()
    assert receipt["unchanged"] == 1
    (event,) = await door.announced(receipt["receipt_id"])
    assert (event["subject_ids"], event["left"]) == ([GOOD], [ALSO_GOOD])


async def test_a_new_file_with_one_known_record_among_many_new_ones_is_taken_whole(door: Door) -> None:
    records = [a_tax_record(number) for number in range(500)]
    await door.send("tax_arrears", records[250:251])
    receipt = (await door.send("tax_arrears", records)).json()
    assert (receipt["accepted"], receipt["unchanged"]) == (499, 1)
    assert await door.rows("select count(*) from ingest.head") == [(500,)]
