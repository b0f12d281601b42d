"""Where an item goes and what an indicator stands on: two halves, joined by what scoring announced."""

from datetime import UTC, datetime

import pytest

from services.ingest import lineage
from services.ingest.catalogue import shipped as catalogue
from services.scoring.announcing import uses_of
from services.scoring.rulebook import shipped as rulebook
from shared.events import RulebookAnnounced

BOOK: RulebookAnnounced = uses_of(rulebook(), datetime(2026, 11, 25, tzinfo=UTC))


def test_an_item_leads_to_its_features_indicators_and_who_sees_them() -> None:
    (way,) = lineage.ways_of(catalogue(), BOOK, "tax_arrears", "balance")
    assert (way.owner, way.dataset.legal_basis, way.roles) == ("TAX", "Decree 724 art. 38", ())
    assert "tax_balance" in {feature.code for feature in way.features}
    assert "E05" in {indicator.code for indicator in way.indicators}
    assert way.used_by == ("/v1/employers/{uscc}/risk", "/v1/alerts")


def test_an_indicator_leads_back_to_its_items() -> None:
    found = lineage.ways_to(catalogue(), BOOK, "E05")
    assert found is not None
    assert {way.dataset.dataset for way in found} == {"tax_arrears"}
    assert "balance" in {way.item.item for way in found}
    assert lineage.ways_to(catalogue(), BOOK, "X99") is None


@pytest.mark.parametrize("indicator", [each.code for each in BOOK.indicators])
def test_the_way_there_is_the_way_back(indicator: str) -> None:
    back = lineage.ways_to(catalogue(), BOOK, indicator)
    assert back is not None
    there = {
        (way.dataset.dataset, way.item.item)
        for dataset in catalogue().datasets
        for way in lineage.ways_of(catalogue(), BOOK, dataset, None)
        if indicator in {each.code for each in way.indicators}
    }
    assert {(way.dataset.dataset, way.item.item) for way in back} == there


def test_every_dataset_that_scoring_reads_and_the_catalogue_has_is_read_by_items_that_are_there() -> None:
    # What scoring keeps of its own (listings, folded months) stands in no catalogue.
    for feature in BOOK.features:
        for used in feature.items:
            if (dataset := catalogue().datasets.get(used.dataset)) and used.item in rulebook().datasets[
                used.dataset
            ].items:
                assert used.item in dataset.by_name, (feature.code, used)


def test_a_derived_feature_is_made_of_what_its_parts_are_made_of() -> None:
    items = {feature.code: {(one.dataset, one.item) for one in feature.items} for feature in BOOK.features}
    assert items["enforcement_unreached"] == items["enforcement_target"] | items["enforcement_got"]


def test_without_an_announced_book_the_catalogue_is_told_and_no_use() -> None:
    ways = lineage.ways_of(catalogue(), None, "tax_arrears", None)
    assert [way.item.item for way in ways] == list(catalogue().datasets["tax_arrears"].by_name)
    assert {way.features for way in ways} == {()}
    assert ways[1].roles == ("key",)
    assert lineage.ways_to(catalogue(), None, "E05") is None
