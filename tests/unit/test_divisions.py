"""Towns and districts: who answers for a place, before and after the split of April 2021."""

from datetime import date

from shared import divisions

BEFORE, AFTER = date(2021, 4, 1), date(2026, 11, 23)


def test_yuhang_has_twelve_towns_and_linping_eight() -> None:
    today = [code for code, found in divisions.table().items() if found.is_town and found.is_valid_on(AFTER)]
    assert sum(code.startswith("330110") for code in today) == 12
    assert sum(code.startswith("330113") for code in today) == 8


def test_a_town_that_went_to_linping_answers_under_its_new_code() -> None:
    found = divisions.successor_on("330110008", AFTER)
    assert found is not None
    assert (found.code, found.name_zh) == ("330113007", "崇贤街道")
    assert divisions.successor_on("330110008", BEFORE) == divisions.table()["330110008"]


def test_only_towns_of_the_district_are_its_towns() -> None:
    assert divisions.town_on("330110005", AFTER, "330110") == "330110005"
    assert divisions.town_on("330110008", AFTER, "330110") is None
    assert divisions.town_on("330110", AFTER, "330110") is None
    assert divisions.town_on("330110999", AFTER, "330110") is None
    assert divisions.town_on(None, AFTER, "330110") is None


def test_every_successor_is_in_the_table() -> None:
    assert all(found.successor in divisions.table() for found in divisions.table().values() if found.successor)
    assert divisions.name_of("330110109") == "径山镇"
    assert divisions.name_of("1") is None
