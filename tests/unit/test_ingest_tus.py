"""The upload protocol's headers: read as the specification has them, refused by name otherwise."""

import base64
import hashlib
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest import tus

KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=","), min_size=1, max_size=20)


def header(values: dict[str, str]) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


@given(st.dictionaries(KEYS, st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=5))
def test_metadata_that_is_written_by_the_rules_is_never_read_otherwise(values: dict[str, str]) -> None:
    assert tus.metadata(header(values)) == values


@given(st.text(max_size=200))
def test_no_text_whatever_breaks_the_reader_of_metadata(text: str) -> None:
    try:
        found = tus.metadata(text)
    except tus.UploadMalformed:
        return
    assert all(key and " " not in key for key in found)


def test_a_key_without_a_value_is_an_empty_one() -> None:
    assert tus.metadata("is_confidential,filename YS5jc3Y=") == {"is_confidential": "", "filename": "a.csv"}


@pytest.mark.parametrize("text", ["a YQ==,a Yg==", "a Y", "a /w==", "ä YQ==", "a " + "A" * 5000])
def test_metadata_that_says_two_things_or_none_is_refused(text: str) -> None:
    with pytest.raises(tus.UploadMalformed):
        tus.metadata(text)


@pytest.mark.parametrize(
    ("told", "content_type", "encoding"),
    [
        ({"filetype": "text/csv"}, "text/csv", "identity"),
        ({"filetype": "text/csv; charset=gb18030", "encoding": "GZIP"}, "text/csv; charset=gb18030", "gzip"),
        ({"filename": "税.csv"}, "text/csv", "identity"),
        ({"filename": "A.NDJSON.GZ"}, "application/x-ndjson", "gzip"),
        ({"filename": "a.json.zst", "filetype": "application/json"}, "application/json", "zstd"),
        ({"filename": "a.csv.gz", "encoding": "identity"}, "text/csv", "identity"),
        ({"name": "a.csv"}, "text/csv", "identity"),
        ({"filename": "csv"}, "", "identity"),
        ({}, "", "identity"),
    ],
)
def test_what_a_file_is_comes_from_what_is_told_else_from_its_name(
    told: dict[str, str], content_type: str, encoding: str
) -> None:
    kind = tus.kind(told)
    assert (kind.content_type, kind.content_encoding) == (content_type, encoding)


@pytest.mark.parametrize("text", [None, "", "-1", "1.0", "0x1", "١", "9" * 19, " 1"])
def test_what_is_no_number_of_bytes_is_refused(text: str | None) -> None:
    with pytest.raises(tus.UploadMalformed):
        tus.number(text, "Upload-Offset")


def test_a_length_that_would_be_told_later_is_refused() -> None:
    with pytest.raises(tus.UploadMalformed):
        tus.length(None, "1")


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_a_checksum_fits_its_own_bytes_and_never_others(content: bytes, other: bytes) -> None:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    checksum = tus.checksum(f"sha256 {digest}")
    assert checksum is not None
    checksum.must_fit(content)
    if other != content:
        with pytest.raises(tus.ChecksumMismatch):
            checksum.must_fit(other)


@pytest.mark.parametrize("text", ["md5 AAAA", "sha256 !", "", "SHA1 AAAA"])
def test_a_checksum_that_cannot_be_proven_is_refused(text: str) -> None:
    with pytest.raises(tus.UploadMalformed):
        tus.checksum(text)


def test_a_checksum_of_nothing_fits_nothing() -> None:
    empty = tus.checksum("sha256")
    assert empty is not None
    with pytest.raises(tus.ChecksumMismatch):
        empty.must_fit(b"")


def test_the_place_is_told_with_the_time_it_is_kept_in_gmt() -> None:
    until = datetime(2026, 11, 25, 8, tzinfo=timezone(timedelta(hours=8)))
    assert tus.told(5, until) == {"Upload-Offset": "5", "Upload-Expires": "Wed, 25 Nov 2026 00:00:00 GMT"}
    assert tus.told(5, None) == {"Upload-Offset": "5"}


@pytest.mark.parametrize("version", [None, "", "0.2.2", "1.0"])
def test_another_version_of_the_protocol_is_refused(version: str | None) -> None:
    with pytest.raises(tus.WrongVersion):
        tus.must_speak(version)


@pytest.mark.parametrize("name", ["税.arrow", "a.ARROWS", "a.parquet.zst", "a.jsonl"])
def test_every_kind_of_file_that_is_read_is_known_by_the_end_of_its_name(name: str) -> None:
    assert tus.kind({"filename": name}).content_type
