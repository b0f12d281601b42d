"""A masked value can be recognised beside its bearer and leads nobody to him."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.catalogue import Item
from services.ingest.masking import mask, masked
from tests.ingest_rows import a_dataset, an_item

ID = Item("id_no", "证件", "idno", sensitivity="P3", seal="person")
ACCOUNT = Item("account", "账号", "str40", sensitivity="P3", seal="account")
NAME = Item("name", "姓名", "str50", sensitivity="P2")
PHONE = Item("mobile", "手机", "phone", sensitivity="P2")


@pytest.mark.parametrize(
    ("item", "text", "shown"),
    [
        (ID, "11010519491231002X", "110105********002X"),
        (ID, "110105491231002", "110105********1002"),
        (ID, "1101", "****"),
        (ACCOUNT, "6222021202041234567", "********4567"),
        (NAME, "张三丰", "张**"),
        (NAME, "张", "张*"),
        (PHONE, "13812345678", "138****5678"),
        (PHONE, "87654321", "8*******"),
    ],
)
def test_each_kind_has_its_mask(item: Item, text: str, shown: str) -> None:
    assert mask(text, item) == shown


@given(st.sampled_from([ID, ACCOUNT]), st.text("0123456789Xx ", min_size=1, max_size=30))
def test_a_number_is_never_shown_whole_nor_its_middle(item: Item, text: str) -> None:
    bare = text.strip()
    assert not bare or bare not in mask(text, item)


def test_what_is_no_ones_secret_is_shown_as_it_was_written() -> None:
    dataset = a_dataset(an_item("idno"))
    shown, hidden = masked({"id": " 7 ", "value": "11010519491231002X"}, dataset)
    assert (shown, hidden) == ({"id": " 7 ", "value": "110105********002X"}, ["value"])
    assert masked({"id": "7", "value": None}, dataset) == ({"id": "7", "value": None}, [])
