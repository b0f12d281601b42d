"""Files as other people's programs write them: what stands between columns, what the bytes mean, what is spoilt."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from local import modelling
from services.scoring.measures import feature_table
from services.scoring.worlds import files, read_world
from services.scoring.worlds.codes import canonical
from tests.scoring_worlds import AT, A

COLUMNS = ("account_no", "period", "uscc", "arrears", "amount_due", "kwh", "reported_at")
NAME = "杭州某某建设有限公司"


def level(folder: Path) -> Any:
    return feature_table(read_world(folder), AT, pl.Series([A]))["pw_usage.arrears.level"][0]


def a_file(*rows: tuple[str, ...], sign: str = ",") -> str:
    return "".join(sign.join(row) + "\n" for row in rows)


@pytest.mark.parametrize("sign", [";", "\t", "|"])
@pytest.mark.parametrize("arrears", ["40.5", "40,5", "40,50", "¥40.50"])
def test_a_dataset_is_read_whatever_sign_its_header_puts_between_columns(
    tmp_path: Path, sign: str, arrears: str
) -> None:
    text = a_file(COLUMNS, ("p1", "2026-10", A, arrears, "100", "5", "2026-11-10"), sign=sign)
    (tmp_path / "pw_usage.csv").write_text(text, encoding="utf-8-sig")
    assert level(tmp_path) == 40.5


def test_labels_oracle_and_inspections_are_read_with_semicolons_and_tabs(tmp_path: Path) -> None:
    bills = a_file(COLUMNS, ("p1", "2026-10", A, "1", "100", "5", "2026-11-10"))
    (tmp_path / "pw_usage.csv").write_text(bills, encoding="utf-8")
    labels = a_file(modelling.LABELS, (A, "2026-10-03", "2026-11-01"), sign=";")
    (tmp_path / "labels.csv").write_text(labels, encoding="utf-8")
    oracle = a_file(("employer_id", "as_of", "hazard"), (A, "2026-10-31", "0,25"), sign=";")
    (tmp_path / "oracle.csv").write_text(oracle, encoding="utf-8")
    visits = a_file(("employer_id", "inspected_on", "found"), (A, "2026-10-31", "是"), sign="\t")
    (tmp_path / "inspections.csv").write_text(visits, encoding="gb18030")
    assert read_world(tmp_path).labels["started_on"].to_list() == [date(2026, 10, 3)]
    told, seen = modelling.read_oracle(tmp_path), modelling.read_visits(tmp_path)
    assert told is not None
    assert told.rows() == [(A, date(2026, 10, 31), 0.25)]
    assert seen is not None
    assert seen.rows() == [(A, date(2026, 10, 31), True)]


def test_a_comma_file_is_one_whatever_stands_in_its_fields(tmp_path: Path) -> None:
    head, row = (*COLUMNS, '"note;a\tb"'), ("p1;p2", "2026-10", A, '"1,040.5"', "100", "5", "2026-11-10", "a;b;c\td|e")
    (tmp_path / "pw_usage.csv").write_text(a_file(head, row), encoding="utf-8")
    assert level(tmp_path) == 1040.5
    (tmp_path / "pw_usage.csv").write_text(a_file((*COLUMNS, "a;b;c;d;e;f;g;h;i"), row), encoding="utf-8")
    assert level(tmp_path) == 1040.5


def test_excels_unicode_text_is_read(tmp_path: Path) -> None:
    text = a_file(COLUMNS, ("户号", "2026-10", A, "40.5", "100", "5", "2026-11-10"), sign="\t")
    (tmp_path / "pw_usage.csv").write_text(text, encoding="utf-16")
    assert level(tmp_path) == 40.5


def names_of(path: Path) -> list[str | None]:
    return files.scan(path).collect()["name"].to_list()


def test_one_spoilt_byte_does_not_turn_a_utf8_file_into_another_language(tmp_path: Path) -> None:
    text = a_file(("uscc", "name"), *((f"c{number}", NAME) for number in range(50))).encode()
    place = text.index("某".encode(), 600)
    path = tmp_path / "names.csv"
    path.write_bytes(text[:place] + b"\xff" + text[place + 1 :])
    told = names_of(path)
    assert told.count(NAME) == 49
    assert sum("\ufffd" in str(name) for name in told) == 1
    assert files.encoding_of(path)[0] == "utf-8"
    assert files.encoding_of(path)[1] > 0


@pytest.mark.parametrize("rows", [1, 3, 500])
@pytest.mark.parametrize("name", [NAME, "余杭", "临平街道劳务公司（联通）"])
def test_a_gb18030_file_is_read_as_one_however_short(tmp_path: Path, rows: int, name: str) -> None:
    path = tmp_path / "names.csv"
    path.write_text(a_file(("uscc", "name"), *[("c", name)] * rows), encoding="gb18030")
    assert names_of(path) == [name] * rows


def test_a_gb18030_file_with_a_spoilt_byte_is_one_still(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    text = a_file(("uscc", "name"), *[("c", NAME)] * 20).encode("gb18030")
    path.write_bytes(text[:-20] + b"\xff" + text[-19:])
    assert names_of(path)[:19] == [NAME] * 19
    encoding, faults = files.encoding_of(path)
    assert encoding == "gb18030"
    assert faults > 0


@pytest.mark.parametrize("sign", [",", "|"])
@pytest.mark.parametrize("spoilt", [b"E\xe97", b"ER\xe9"])
@pytest.mark.parametrize("rows", [1, 500])
def test_a_lone_byte_beyond_ascii_is_told_of_and_swallows_nothing(
    tmp_path: Path, rows: int, spoilt: bytes, sign: str
) -> None:
    path = tmp_path / "names.csv"
    good = a_file(("uscc", "name", "town"), *[("E1", "Firm", "Yuhang")] * rows, sign=sign).encode()
    path.write_bytes(good + sign.encode().join([b"E2", spoilt, b"Yuhang"]) + b"\n")
    assert files.encoding_of(path) == ("utf-8", 1)
    assert names_of(path)[rows] == spoilt.decode(errors="replace")
    assert files.scan(path).collect()["town"].to_list() == ["Yuhang"] * (rows + 1)


def test_a_latin_file_is_not_taken_for_chinese(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text(a_file(("uscc", "name"), *[("c", "Müller & Söhne")] * 20), encoding="latin-1")
    assert files.encoding_of(path) == ("utf-8", 40)


def test_a_code_with_a_spoilt_letter_names_nobody() -> None:
    assert canonical(pl.Series(["Firm\ufffd7", "Firm-7"])).to_list() == [None, "Firm-7"]
