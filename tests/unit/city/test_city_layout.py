"""The directory is what `architecture.md` section 6 says, in the words of the catalogue."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from city.building import City
from services.ingest.catalogue import Dataset, Item, shipped
from tests.unit.city.conftest import EMPLOYERS, SEED

TEXTS = ("str", "char", "text", "uscc", "idno", "enum", "set", "div9", "phone", "month", "url")
KINDS: dict[str, tuple[type[pl.DataType], ...]] = {
    **dict.fromkeys(TEXTS, (pl.String,)),
    "date": (pl.Date,),
    "datetime": (pl.Datetime,),
    "bool": (pl.Boolean,),
    "int": (pl.Int32, pl.Int64),
    "year": (pl.Int32, pl.Int64),
    "money": (pl.Float64,),
    "dec": (pl.Float64,),
}


def test_every_dataset_that_it_must_have_is_there(files: dict[str, pl.DataFrame]) -> None:
    assert {
        *("samr_entity", "samr_change", "samr_abnormal", "tax_arrears", "tax_status", "tax_social_fee"),
        *("hrss_insured_headcount", "pw_usage", "ut_water", "ut_gas", "court_enforcement", "court_dishonest"),
        *("court_unperformed", "hrss_arbitration", "hrss_inspection_case", "hrss_clue", "gov_ticket", "gov_petition"),
        *("gov_grid_event", "ps_wage_incident", "drc_credit_record", "hc_project", "bk_special_account"),
        *("bk_account_flow", "hc_payroll"),
    } <= set(files)


def test_every_column_is_an_item_of_its_type(files: dict[str, pl.DataFrame]) -> None:
    for name, frame in files.items():
        items = shipped().datasets[name].by_name
        for column, kind in frame.drop("reported_at").schema.items():
            assert kind in KINDS[items[column].kind], f"{name}.{column} is {kind}"


def test_required_items_and_keys_are_never_empty(files: dict[str, pl.DataFrame]) -> None:
    for name, frame in files.items():
        for item in shipped().datasets[name].items:
            if item.required:
                assert frame.get_column(item.item).null_count() == 0, f"{name}.{item.item}"


def test_closed_enumerations_hold_only_their_values(files: dict[str, pl.DataFrame]) -> None:
    for name, frame in files.items():
        for item in _closed(shipped().datasets[name], frame):
            told = set(frame.get_column(item.item).drop_nulls().unique())
            assert told <= {choice.value for choice in item.values}, f"{name}.{item.item}"


def test_numbers_stay_within_their_bounds(files: dict[str, pl.DataFrame]) -> None:
    for name, frame in files.items():
        for item in shipped().datasets[name].items:
            if item.item in frame.columns and item.kind in ("int", "money", "dec"):
                column = frame.get_column(item.item).drop_nulls()
                assert item.min is None or (column >= float(item.min)).all(), f"{name}.{item.item}"
                assert item.above is None or (column > float(item.above)).all(), f"{name}.{item.item}"
                assert (
                    item.at_most is None
                    or (column <= frame.filter(pl.col(item.item).is_not_null()).get_column(item.at_most)).all()
                )


def test_nothing_is_reported_before_it_happened(files: dict[str, pl.DataFrame]) -> None:
    for name, frame in files.items():
        dataset = shipped().datasets[name]
        told = pl.col("reported_at")
        for item in dataset.items:
            if item.item in frame.columns and item.item in dataset.source_time and item.item != "reported_at":
                moment = pl.col(item.item).cast(pl.Datetime("us"))
                assert frame.filter(told.dt.replace_time_zone(None) < moment).is_empty(), f"{name}.{item.item}"
            if item.item in dataset.key and item.kind == "month" and item.item in frame.columns:
                over = (pl.col(item.item) + "-01").str.to_datetime(time_unit="us", time_zone="UTC").dt.offset_by("1mo")
                assert frame.filter(told < over).is_empty(), f"{name}.{item.item}"


def test_every_report_comes_within_the_window(files: dict[str, pl.DataFrame], district: City) -> None:
    ends = datetime.fromisoformat(str(district.calendar.ends_on)).replace(tzinfo=UTC)
    for name, frame in files.items():
        assert frame.schema["reported_at"] == pl.Datetime("us", "UTC"), name
        assert frame.height == 0 or frame.get_column("reported_at").max() < ends, name  # type: ignore[operator]


def test_labels_say_what_the_contract_asks(folder: Path, district: City) -> None:
    labels = pl.read_csv(folder / "labels.csv", try_parse_dates=True)
    assert labels.columns == ["employer_id", "started_on", "discovered_on", "workers", "amount"]
    assert labels.filter(pl.col("discovered_on") < pl.col("started_on")).is_empty()
    assert labels.get_column("employer_id").is_in(district.register.get_column("uscc").to_list()).all()


def test_the_oracle_speaks_of_every_month_end_and_of_chances(folder: Path, district: City) -> None:
    told = pl.read_parquet(folder / "oracle.parquet")
    assert told.get_column("as_of").n_unique() == district.calendar.months
    assert told.get_column("hazard").is_between(0, 1).all()
    assert told.get_column("employer_id").n_unique() <= EMPLOYERS


def test_the_oracle_never_foretells_a_start_to_who_owes_already(folder: Path) -> None:
    owing = pl.read_parquet(folder / "oracle.parquet").filter("owes_unseen")
    assert owing.height > 0
    assert (owing.get_column("hazard") == 0).all()


def test_the_city_says_how_it_was_made(folder: Path) -> None:
    assert f'"seed": {SEED}' in (folder / "city.json").read_text()


@pytest.mark.parametrize("name", ["tax_status", "pw_usage", "samr_entity"])
def test_some_codes_are_dirty_and_most_are_not(files: dict[str, pl.DataFrame], name: str) -> None:
    codes = files[name].get_column("uscc")
    good = codes.str.contains("^[0-9A-HJ-NPQRTUWXY]{18}$").fill_null(value=False).mean()
    assert isinstance(good, float)
    assert 0.96 < good < 0.999


def _closed(dataset: Dataset, frame: pl.DataFrame) -> list[Item]:
    return [item for item in dataset.items if item.item in frame.columns and item.values and not item.open]
