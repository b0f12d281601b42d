"""A change of a dataset is a version: compatible, or a dataset of its own beside the old one until a day."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.catalogue import SHIPPED, load
from services.ingest.catalogue.__main__ import main
from services.ingest.catalogue.compatibility import changes
from services.ingest.catalogue.publication import Book, faults, history, published, save
from services.ingest.catalogue.publication import load as load_book
from services.ingest.catalogue.shapes import shape_of
from services.ingest.rules import DatasetEnded, must_still_be_taken
from tests.ingest_rows import a_dataset, an_item, check

TODAY = date(2026, 11, 25)


def kinds(before: dict[str, Any], after: dict[str, Any] | None, **more: Any) -> list[tuple[str, bool]]:
    """What changed when the item `value` became another (None: went away), or the dataset changed besides."""
    old = a_dataset(before)
    new = a_dataset(*([after] if after else []), **more)
    return [(change.kind, change.is_compatible) for change in changes(shape_of(old), shape_of(new))]


CHOICES = [{"value": "a", "zh": "甲"}, {"value": "b", "zh": "乙"}]


@pytest.mark.parametrize(
    ("before", "after", "kind", "compatible"),
    [
        (("str20", {}), ("str50", {}), "type_widened", True),
        (("str20", {}), ("str10", {}), "type_changed", False),
        (("dec5.2", {}), ("dec7.4", {}), "type_widened", True),
        (("dec5.2", {}), ("dec5.4", {}), "type_changed", False),
        (("str20", {}), ("int", {}), "type_changed", False),
        (("char4", {}), ("char6", {}), "type_changed", False),
        (("int", {"required": True}), ("int", {}), "made_optional", True),
        (("int", {}), ("int", {"required": True}), "made_required", False),
        (("int", {}), ("int", {"required_when": {"item": "id", "is": "1"}}), "condition_changed", False),
        (("int", {"required_when": {"item": "id", "is": "1"}}), ("int", {}), "condition_dropped", True),
        (("int", {"min": 0}), ("int", {}), "bound_widened", True),
        (("int", {"above": 0}), ("int", {"min": 0}), "bound_widened", True),
        (("int", {"min": 0}), ("int", {"above": 0}), "bound_narrowed", False),
        (("int", {"max": 9}), ("int", {"max": 8}), "bound_narrowed", False),
        (("int", {"max": 9}), ("int", {"max": 10}), "bound_widened", True),
        (("date", {"not_before": "value"}), ("date", {}), "relation_dropped", True),
        (("date", {}), ("date", {"not_before": "value"}), "relation_added", False),
        (("enum", {"values": CHOICES[:1]}), ("enum", {"values": CHOICES}), "words_added", True),
        (("enum", {"values": CHOICES}), ("enum", {"values": CHOICES[:1]}), "words_removed", False),
        (("enum", {"values": CHOICES}), ("enum", {"values": CHOICES, "open": True}), "opened", True),
        (("enum", {"values": CHOICES, "open": True}), ("enum", {"values": CHOICES}), "closed", False),
        (("str20", {}), ("str20", {"sensitivity": "P2"}), "sensitivity_changed", False),
        (("money", {"unit": "元"}), ("money", {"unit": "万元"}), "unit_changed", False),
    ],
)
def test_what_widens_is_compatible_and_what_narrows_is_not(
    before: tuple[str, dict[str, Any]], after: tuple[str, dict[str, Any]], kind: str, compatible: bool
) -> None:
    assert kinds(an_item(before[0], **before[1]), an_item(after[0], **after[1])) == [(kind, compatible)]


def test_items_that_come_and_go() -> None:
    value = an_item("int")
    assert kinds(value, None) == [("item_removed", False)]
    old = shape_of(a_dataset())
    assert [c.kind for c in changes(old, shape_of(a_dataset(value)))] == ["item_added"]
    assert [c.kind for c in changes(old, shape_of(a_dataset(an_item("int", required=True))))] == ["required_item_added"]


def test_what_makes_a_record_never_changes_in_place() -> None:
    value = an_item("int", required=True)
    assert kinds(value, value, key=["id", "value"]) == [("identity_changed", False)]
    assert kinds(value, value, providers="many") == [("identity_changed", False)]


def test_a_word_that_means_another_value_is_incompatible_also_on_an_open_list() -> None:
    closed = an_item("enum", values=[{"value": "a", "zh": "甲"}])
    renamed = an_item("enum", values=[{"value": "b", "zh": "甲", "also": ["a"]}])
    assert ("words_removed", False) in kinds(closed, renamed)
    listed = an_item("enum", open=True, values=[{"value": "b", "zh": "乙"}])
    assert kinds(an_item("enum", open=True), listed) == [("words_removed", False)]


def _bounds() -> st.SearchStrategy[dict[str, int]]:
    number = st.integers(-20, 20)
    return st.fixed_dictionaries({}, optional={"min": number, "max": number, "above": number})


@given(before=_bounds(), after=_bounds(), number=st.integers(-25, 25))
def test_a_compatible_change_never_refuses_a_number_that_was_taken(
    before: dict[str, int], after: dict[str, int], number: int
) -> None:
    old, new = a_dataset(an_item("int", **before)), a_dataset(an_item("int", **after))
    if all(change.is_compatible for change in changes(shape_of(old), shape_of(new))):
        rows: dict[str, str | None] = {"value": str(number)}
        assert check(old, rows).rejected >= check(new, rows).rejected


@given(
    before=st.lists(st.sampled_from("abcd"), unique=True, min_size=1),
    after=st.lists(st.sampled_from("abcd"), unique=True, min_size=1),
    opened=st.tuples(st.booleans(), st.booleans()),
    word=st.sampled_from("abcde"),
)
def test_a_compatible_change_never_reads_a_word_otherwise(
    before: list[str], after: list[str], opened: tuple[bool, bool], word: str
) -> None:
    old, new = (
        a_dataset(an_item("enum", open=is_open, values=[{"value": value, "zh": value} for value in values]))
        for values, is_open in zip((before, after), opened, strict=True)
    )
    if all(change.is_compatible for change in changes(shape_of(old), shape_of(new))):
        was, now = check(old, {"value": word}), check(new, {"value": word})
        assert was.rejected or (now.rejected, now.values.item(0, "value")) == (0, was.values.item(0, "value"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "03_tax.yaml").write_text((SHIPPED / "03_tax.yaml").read_text())
    return tmp_path


@pytest.fixture
def book(folder: Path) -> Book:
    return published(load(folder), {}, TODAY)


def _edit(folder: Path, *edits: tuple[str, str]) -> None:
    page = folder / "03_tax.yaml"
    text = page.read_text()
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    page.write_text(text)


BALANCE = "  - {item: balance, label: 欠税余额, type: money, above: 0, provenance: source qss}\n"
NEW_ITEM = BALANCE + "  - {item: late_fee, label: 滞纳金, type: money}\n"
VERSION = 'code: "303001/000001"\n  version: "1.0"'


def test_the_shipped_catalogue_is_published_as_it_stands() -> None:
    assert main(["check"]) == 0


def test_an_incompatible_change_is_refused_with_what_and_how(folder: Path, book: Book) -> None:
    _edit(folder, (BALANCE, ""))
    (told,) = faults(load(folder), book, TODAY)
    assert told.startswith("tax_arrears: balance: an item was removed or renamed (money → -). This is incompatible")
    assert 'beside it as tax_arrears_2 with version: "2.0" and `succeeds: tax_arrears`' in told
    with pytest.raises(ValueError, match="incompatible"):
        published(load(folder), book, TODAY)


def test_a_compatible_change_needs_the_next_minor_version_and_is_then_recorded(folder: Path, book: Book) -> None:
    _edit(folder, (BALANCE, NEW_ITEM))
    (told,) = faults(load(folder), book, TODAY)
    assert 'This is compatible: set version: "1.1"' in told
    _edit(folder, (VERSION, VERSION.replace("1.0", "1.1")))
    assert faults(load(folder), book, TODAY) == []
    after = published(load(folder), book, TODAY)
    (first, second) = after["tax_arrears"].versions
    assert (first.version, second.version, [c.kind for c in second.changes]) == ("1.0", "1.1", ["item_added"])
    assert after["tax_status"] == book["tax_status"]


def test_a_number_without_a_change_is_refused(folder: Path, book: Book) -> None:
    _edit(folder, (VERSION, VERSION.replace("1.0", "1.1")))
    assert "nothing changed since version 1.0" in faults(load(folder), book, TODAY)[0]


def _with_heir(folder: Path, until: str) -> None:
    text = (folder / "03_tax.yaml").read_text()
    old = text[text.index("- dataset: tax_arrears") : text.index("- dataset: tax_status")]
    heir = old.replace("dataset: tax_arrears", "dataset: tax_arrears_2").replace(BALANCE, "")
    heir = heir.replace('version: "1.0"', 'version: "2.0"\n  succeeds: tax_arrears')
    _edit(folder, (old, heir + old.replace(VERSION, VERSION + until)))


def test_a_new_major_version_without_a_last_day_of_the_old_one_is_refused(folder: Path, book: Book) -> None:
    _with_heir(folder, "")
    assert "must stand beside it with a last day" in faults(load(folder), book, TODAY)[0]


def test_the_history_goes_from_the_old_dataset_to_its_heir(folder: Path, book: Book) -> None:
    _with_heir(folder, "\n  until: 2027-06-30")
    catalogue = load(folder)
    assert faults(catalogue, book, TODAY) == []
    after = published(catalogue, book, TODAY)
    wanted = [("tax_arrears", "1.0"), ("tax_arrears_2", "2.0")]
    for name in ("tax_arrears", "tax_arrears_2"):
        assert [(dataset, version.version) for dataset, version in history(after, name)] == wanted
    assert [c.kind for c in after["tax_arrears_2"].versions[0].changes] == ["item_removed"]
    assert after["tax_arrears"].until == date(2027, 6, 30)


def test_a_dataset_may_go_only_after_its_last_day(folder: Path, book: Book) -> None:
    _with_heir(folder, "\n  until: 2027-06-30")
    after = published(load(folder), book, TODAY)
    text = (folder / "03_tax.yaml").read_text()
    gone = text[text.index("- dataset: tax_arrears\n") : text.index("- dataset: tax_status")]
    _edit(folder, (gone, ""))
    assert "tax_arrears: it was published and is gone" in faults(load(folder), after, TODAY)[0]
    assert faults(load(folder), after, date(2027, 7, 1)) == []


def test_after_its_last_day_a_dataset_is_taken_no_more() -> None:
    must_still_be_taken("x", None, TODAY)
    must_still_be_taken("x", TODAY, TODAY)
    with pytest.raises(DatasetEnded):
        must_still_be_taken("x", date(2026, 11, 24), TODAY)


def test_the_command_publishes_what_may_be_published(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "published.json"
    assert main(["check"], folder, file) == 1
    assert main(["publish"], folder, file) == 0
    assert main(["check"], folder, file) == 0
    save(load_book(file), file)
    assert main(["check"], folder, file) == 0
    _edit(folder, (BALANCE, ""))
    assert main(["publish"], folder, file) == 1
    assert "This is incompatible" in capsys.readouterr().err
    assert main(["unknown"]) == 2
