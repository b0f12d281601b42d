"""The catalogue is data: complete, consistent, and refused when one word of it is wrong."""

import json
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from services.ingest.catalogue import SHIPPED, csv_template, json_schema, load, shipped
from services.ingest.validation import CODES, Checker, messages

DATASETS = shipped().datasets


def test_there_are_14_departments_43_datasets_and_451_items() -> None:
    catalogue = shipped()
    assert len(catalogue.departments) == 14
    assert len(catalogue.datasets) == 43
    assert sum(len(dataset.items) for dataset in catalogue.datasets.values()) == 451


def test_each_department_gives_what_the_design_says() -> None:
    given = {
        department.department: (len(department.datasets), sum(len(dataset.items) for dataset in department.datasets))
        for department in shipped().departments
    }
    assert given == {
        "HRSS": (9, 121), "SAMR": (5, 53), "TAX": (3, 26), "HOUSING": (6, 69), "TRANSPORT": (1, 10),
        "WATERRES": (1, 9), "COURT": (4, 44), "POLICE": (2, 16), "DRC": (2, 16), "FINANCE": (2, 16), "POWER": (1, 10),
        "UTILITY": (2, 16), "BANK": (2, 18), "GOVERNANCE": (3, 27),
    }  # fmt: skip


def test_every_dataset_says_whose_it_is_and_why_it_may_be_shared() -> None:
    for name, dataset in DATASETS.items():
        assert dataset.legal_basis, name
        assert dataset.label.zh, name
        assert dataset.label.en, name
        assert dataset.subject.item or dataset.subject.name, name


def test_numbers_of_persons_and_accounts_are_all_sealed() -> None:
    for dataset in DATASETS.values():
        for item in dataset.items:
            if item.kind == "idno" or item.label.endswith(("账号", "银行卡号")):
                assert item.sensitivity == "P3", (dataset.dataset, item.item)


def test_the_same_number_has_the_same_key_in_every_dataset() -> None:
    seals = {
        (dataset.dataset, item.item): item.seal for dataset in DATASETS.values() for item in dataset.items if item.seal
    }
    assert seals["hc_worker", "id_no"] == seals["hc_attendance", "id_no"] == seals["hc_payroll_detail", "id_no"]
    assert seals["bk_special_account", "account_no"] == seals["bk_account_flow", "account_no"] == "account"
    assert seals["hc_payroll_detail", "payer_account"] == seals["hc_worker", "pay_card"] == "account"


def test_every_catalogue_type_is_in_use() -> None:
    kinds = Counter(item.kind for dataset in DATASETS.values() for item in dataset.items)
    assert set(kinds) == {
        "uscc", "idno", "money", "int", "month", "date", "datetime", "bool", "enum", "set", "div9", "text", "phone",
        "year", "url", "str", "char", "dec",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_each_dataset_has_a_valid_json_schema_and_a_template(name: str) -> None:
    dataset = DATASETS[name]
    schema = json_schema(dataset, shipped().owners[name])
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema))["additionalProperties"] is False
    assert set(schema["properties"]) == set(dataset.by_name)
    assert csv_template(dataset).decode("utf-8-sig").strip().split(",") == list(dataset.by_name)


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_each_fault_of_each_item_has_a_sentence_in_both_languages(name: str) -> None:
    dataset = DATASETS[name]
    for item in dataset.items:
        for code in CODES:
            english, chinese = messages(dataset, item.item, code)
            assert english.endswith(".")
            assert chinese.endswith("。")


def test_the_published_schema_takes_what_the_checks_take() -> None:
    schema = json_schema(DATASETS["tax_arrears"], shipped().owners["tax_arrears"])
    record = {
        "taxpayer": "某", "taxpayer_no": "1", "uscc": None, "tax_kind": "增值税", "balance": 1.5, "as_of": "2026-10",
        "stat_at": "2026-11-01T08:00:00+08:00",
    }  # fmt: skip
    jsonschema.validate(record, schema)
    for wrong in ({"balance": 0}, {"as_of": "2026-13"}, {"other": 1}, {"taxpayer": None}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(record | wrong, schema)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("type: decimal}", "there is no type"),
        ("type: enum}", "closed enumeration"),
        ("type: idno, sensitivity: P3}", "if and only if it is sealed"),
        ("type: str10, min: 1}", "has no order"),
        ("type: str10, tied: true}", "only of a P2 item"),
        ("type: date, not_before: nobody}", "is no item"),
        ("type: date, colour: blue}", "unknown field"),
    ],
)
def test_a_wrong_word_in_the_catalogue_is_refused_with_its_file(tmp_path: Path, wrong: str, told: str) -> None:
    text = f"""
department: X
label: {{zh: 甲, en: A}}
datasets:
- dataset: x
  label: {{zh: 甲, en: A}}
  measure: event
  cycle: day
  sharing: C
  legal_basis: test
  subject: {{kind: employer, item: uscc}}
  key: [uscc]
  source_time: []
  items:
  - {{item: uscc, label: 代码, type: uscc, required: true}}
  - {{item: thing, label: 物, {wrong}
"""
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(ValueError, match=rf"x\.yaml: .*{told}"):
        load(tmp_path)


def test_the_same_dataset_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text((SHIPPED / "03_tax.yaml").read_text())
    with pytest.raises(ValueError, match="stands there twice"):
        load(tmp_path)


def test_checks_can_be_built_for_every_dataset() -> None:
    assert {Checker(dataset).dataset.dataset for dataset in DATASETS.values()} == set(DATASETS)
