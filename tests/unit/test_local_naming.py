"""Names that are wrong are refused where they are written; an agency is found by what it was granted."""

from pathlib import Path

import pytest

from local import datasets, registry
from local.commands import agencies, records
from local.layout import Home, Ports
from local.refusals import Unusable
from local.registry import Registry


@pytest.fixture
def home(tmp_path: Path) -> Home:
    here = Home(tmp_path)
    for client_id, scopes in {
        "tax-bureau": ["ingest:tax_arrears", "ingest:tax_status"],
        "tax-office": ["ingest:tax_status"],
        "public-credit": ["credit:read"],
    }.items():
        here.agency(client_id).mkdir(parents=True)
        Registry(here, Ports()).note(client_id, scopes)
    return here


def test_a_dataset_that_does_not_exist_is_named_with_those_like_it() -> None:
    with pytest.raises(Unusable, match=r"There is no dataset tax_arears\. Did you mean tax_arrears"):
        datasets.require_known(["tax_status", "tax_arears"])


def test_a_dataset_like_no_other_is_named_alone() -> None:
    with pytest.raises(Unusable, match=r"There is no dataset zzz\. `\S*anxin datasets` lists them"):
        datasets.require_known(["zzz"], known=["tax_arrears"])


def test_an_agency_is_given_no_dataset_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="There is no dataset nope"):
        agencies.add("tax-bureau", tmp_path, datasets="tax_arrears,nope")


def test_too_short_an_id_is_told_the_least_length(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="must be 2 to 63"):
        agencies.add("v", tmp_path, datasets="tax_arrears")


def test_whoever_was_granted_the_dataset_speaks(home: Home) -> None:
    assert records._folder(home, None, "tax_arrears").name == "tax-bureau"


def test_of_several_one_must_be_named(home: Home) -> None:
    with pytest.raises(Unusable, match="able here: tax-bureau tax-office"):
        records._folder(home, None, "tax_status")


def test_without_a_grant_the_way_to_one_is_shown(home: Home) -> None:
    with pytest.raises(Unusable, match=r"was granted ut_water; grant it with"):
        records._folder(home, None, "ut_water")


def test_anybody_may_look_at_the_catalogue(home: Home) -> None:
    assert records._folder(home, None, None).name == "public-credit"


def test_an_agency_of_which_no_grant_is_noted_may_look_too(tmp_path: Path) -> None:
    folder = Home(tmp_path).agency("older")
    folder.mkdir(parents=True)
    (folder / "client.key").touch()
    assert records._folder(Home(tmp_path), None, None) == folder


def test_nobody_here_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="No agency is here yet"):
        records._folder(Home(tmp_path), None, None)


def test_a_value_that_begins_with_a_hyphen_stays_with_its_option() -> None:
    assert registry._options({"sig-jkt": "-x_y", "name": None}) == ["--sig-jkt=-x_y"]
