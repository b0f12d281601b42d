"""Spellings of one name meet; names of different firms stay apart; persons have no key."""

import polars as pl
import pytest

from services.ingest.matching.names import grams, named


def key(text: str | None, column: str = "full") -> str | None:
    return named(pl.Series([text], dtype=pl.String)).item(0, column)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "written",
    [
        "杭州市余杭区恒达建设有限责任公司",
        "杭州余杭恒达建设有限公司",
        " 杭州市 余杭区恒達建設有限公司 ",
        "杭州市余杭区恒达（建设）有限公司",
    ],
)
def test_spellings_of_one_name_have_one_key(written: str) -> None:
    assert key(written) == key("杭州市余杭区恒达建设有限公司") == "杭州余杭恒达建设有限公司"


@pytest.mark.parametrize(
    "other",
    [
        "浙江恒达建设有限公司",
        "杭州市余杭区恒达建设股份有限公司",
        "杭州市余杭区恒达建设有限公司临平分公司",
        "杭州市余杭区恒达建筑有限公司",
    ],
)
def test_other_firms_have_other_keys(other: str) -> None:
    assert key(other) != key("杭州市余杭区恒达建设有限公司")


def test_the_core_is_the_name_without_region_and_form() -> None:
    assert key("杭州市余杭区恒达建设有限公司", "core") == key("恒达建设", "core") == "恒达建设"
    assert key("余杭区五常街道老张面馆（个体工商户）", "core") == "老张面馆"
    assert key("景德镇陶瓷有限公司", "core") == "景德镇陶瓷"


@pytest.mark.parametrize("person", ["王小明", "欧阳小明", "张*", "王**", "JOHN", "", None, "杭州"])
def test_who_is_no_firm_has_no_key(person: str | None) -> None:
    assert key(person) is None


@pytest.mark.parametrize("firm", ["恒达建设", "老张面馆", "王氏饭店", "ABC有限公司"])
def test_short_names_of_firms_are_names(firm: str) -> None:
    assert key(firm) is not None


def test_the_first_pairs_are_the_owners_part() -> None:
    assert grams(pl.Series(["恒达建设工程", None])).to_list() == [["恒达", "达建", "建设", "设工"], []]
