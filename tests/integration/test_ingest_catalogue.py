"""The catalogue over HTTP, and datasets that no line of code knows."""

from collections.abc import AsyncIterator
from pathlib import Path

import jsonschema
import pytest

from services.ingest.catalogue import load
from tests.conftest import SettingsOf
from tests.ingest_desk import GOOD, Door, counts, open_door, person_headers

NEW_DATASET = """
department: RENT
label: {zh: 园区运营方, en: Business parks}
datasets:
- dataset: park_rent
  label: {zh: 厂房租金欠缴, en: Rent owed}
  measure: arrears
  cycle: month
  sharing: C
  legal_basis: Decree 724 art. 38
  subject: {kind: employer, item: tenant, name: tenant_name}
  key: [lease_no, period]
  source_time: [told_at]
  items:
  - {item: lease_no, label: 租约编号, type: str20, required: true}
  - {item: period, label: 租期, type: month, required: true}
  - {item: tenant, label: 承租人信用代码, type: uscc}
  - {item: tenant_name, label: 承租人, type: str100}
  - {item: owed, label: 欠租金额, type: money, min: 0, required: true}
  - {item: paid, label: 已付, type: money, at_most: owed}
  - {item: contact, label: 联系人, type: str50, sensitivity: P2}
  - {item: card, label: 付款账号, type: str30, sensitivity: P3, seal: account}
  - {item: told_at, label: 告知时间, type: datetime}
"""


@pytest.fixture(scope="module")
async def door(settings_of: SettingsOf) -> AsyncIterator[Door]:
    async with open_door(settings_of("ingest")) as door:
        yield door


async def test_every_dataset_is_listed_with_what_the_caller_may_send(door: Door) -> None:
    listed = (await door.get("/v1/datasets")).json()
    assert (listed["departments"], len(listed["datasets"]), listed["items"]) == (14, 43, 451)
    may = [dataset["dataset"] for dataset in listed["datasets"] if dataset["may_submit"]]
    assert may == ["tax_arrears"]
    tax = next(dataset for dataset in listed["datasets"] if dataset["dataset"] == "tax_arrears")
    assert tax["label"] == {"zh": "企业(个体)欠税信息", "en": "Tax arrears of enterprises and individual businesses"}
    assert (tax["department"], tax["measure"], tax["subject"]) == ("TAX", "arrears", "employer")


async def test_a_dataset_shows_its_schema_and_its_template(door: Door) -> None:
    answer = await door.get("/v1/datasets/ut_water")
    assert answer.headers["content-type"] == "application/schema+json"
    jsonschema.Draft202012Validator.check_schema(answer.json())
    assert answer.json()["x-anxin"]["cycle"] == "month"
    template = await door.get("/v1/datasets/ut_water", accept="text/csv")
    assert template.headers["content-disposition"] == 'attachment; filename="ut_water.csv"'
    assert template.content.decode("utf-8-sig").startswith("account_no,period,uscc,")
    assert (await door.get("/v1/datasets/none")).status_code == 404


async def test_a_dataset_carries_its_core_metadata_and_its_version(door: Door) -> None:
    listed = (await door.get("/v1/datasets")).json()["datasets"]
    tax = next(dataset for dataset in listed if dataset["dataset"] == "tax_arrears")
    assert (tax["version"], tax["until"], tax["sensitivity"]) == ("1.0", None, {"P1": 8, "P2": 1})
    core = tax["core"]
    assert (core["class"], core["code"], core["openness"]) == ("部门信息资源类 departmental", "303001/000001", "N")
    assert core["abstract"]["zh"].startswith("企业(个体)欠税信息：纳税人名称、")
    assert len({dataset["core"]["code"] for dataset in listed}) == 43


async def test_a_schema_carries_its_version_and_is_sent_once(door: Door) -> None:
    answer = await door.get("/v1/datasets/tax_arrears")
    assert answer.json()["$id"] == "urn:anxin:dataset:tax_arrears:1.0"
    assert answer.json()["x-version"] == "1.0"
    again = await door.get("/v1/datasets/tax_arrears", **{"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await door.get("/v1/datasets/tax_arrears", **{"if-none-match": '"old"'})).status_code == 200


async def test_the_versions_of_a_dataset_are_listed(door: Door) -> None:
    listed = (await door.get("/v1/datasets/tax_arrears/versions")).json()["versions"]
    assert [(each["dataset"], each["version"], each["in_force"]) for each in listed] == [("tax_arrears", "1.0", True)]
    assert (await door.get("/v1/datasets/none/versions")).status_code == 404


async def test_a_version_whose_last_day_has_passed_is_refused(settings_of: SettingsOf, tmp_path: Path) -> None:
    ended = NEW_DATASET.replace("  subject:", "  until: 2020-12-31\n  subject:")
    (tmp_path / "rent.yaml").write_text(ended)
    async with open_door(settings_of("ingest"), load(tmp_path)) as door:
        answer = await door.send("park_rent", [], agency="park")
        assert (answer.status_code, answer.json()["type"]) == (410, "urn:anxin:problem:dataset-ended")
        (listed,) = (await door.get("/v1/datasets/park_rent/versions")).json()["versions"]
        assert (listed["published_on"], listed["until"]) == (None, "2020-12-31")


async def test_the_template_filled_in_is_taken(door: Door) -> None:
    template = (await door.get("/v1/datasets/ut_water", accept="text/csv")).content
    row = f"A-1,2026-10,{GOOD},1.5,10,10,45,正常\r\n".encode()
    answer = await door.send("ut_water", template + row, agency="water-company", content_type="text/csv")
    assert counts(answer.json()) == (1, 1, 0, 0, 0), answer.text


async def test_people_read_the_catalogue_and_strangers_do_not(door: Door) -> None:
    assert (await door.client.get("/v1/datasets", headers=person_headers("alerts:read"))).status_code == 200
    stranger = await door.client.get("/v1/datasets")
    assert (stranger.status_code, stranger.json()["check"]) == (401, "token_missing")


async def test_a_dataset_added_by_data_alone_is_accepted_checked_stored_and_announced(
    settings_of: SettingsOf, tmp_path: Path
) -> None:
    (tmp_path / "rent.yaml").write_text(NEW_DATASET)
    async with open_door(settings_of("ingest"), load(tmp_path)) as door:
        assert (await door.get("/v1/datasets/park_rent")).json()["title"] == "厂房租金欠缴"
        calm = {"lease_no": "L1", "period": "2026-10", "tenant": GOOD, "owed": "5", "contact": "李某", "card": "6222"}
        rows = [calm, {**calm, "lease_no": "L2", "paid": 6}, {**calm, "lease_no": "L3", "tenant": None}]
        receipt = (await door.send("park_rent", rows, agency="park")).json()
        assert counts(receipt) == (3, 1, 0, 1, 1)
        told = [(error["row"], error["item"], error["code"]) for error in receipt["errors"]]
        assert told == [(2, "paid", "more_than_other"), (3, "tenant", "unmatched")]
        (event,) = await door.announced(receipt["receipt_id"])
        assert (event["dataset"], event["subject_ids"], event["columns"]["owed"]) == ("park_rent", [GOOD], ["5.00"])
        assert "contact" not in event["columns"]
        assert event["columns"]["card"] == [door.app.state.desk.vault.pseudonym("account", "6222")]
        heads = await door.rows("select row_no from ingest.head where dataset = 'park_rent'")
        assert heads == [(1,)]
        again = (await door.send("park_rent", rows[:1], agency="park")).json()
        assert counts(again) == (1, 0, 1, 0, 0)
