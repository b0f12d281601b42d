"""Packed bodies: unpacked piece by piece, refused before they have grown, and told where they break."""

import gzip
import io
import json
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.codecs import BadFile, FileTooLarge, unpacked

PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstandard.compress}


def inflated(body: bytes, encoding: str, limit: int) -> bytes:
    return b"".join(unpacked(io.BytesIO(body), encoding, limit))


@pytest.mark.parametrize("encoding", PACKERS)
def test_packed_bodies_are_unpacked_even_in_several_pieces(encoding: str) -> None:
    packed = PACKERS[encoding](b"hello" * 1000)
    assert inflated(packed, encoding, 5000) == b"hello" * 1000
    assert inflated(packed + packed, encoding, 10_000) == b"hello" * 2000


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_bomb_is_refused_before_it_has_grown(encoding: str) -> None:
    bomb = PACKERS[encoding](bytes(30_000_000))
    with pytest.raises(FileTooLarge):
        inflated(bomb, encoding, 1_000_000)


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("cut", [1, 5, 9, 12])
def test_a_packed_body_that_was_cut_off_is_refused(encoding: str, cut: int) -> None:
    packed = PACKERS[encoding](json.dumps(list(range(1000))).encode())
    with pytest.raises(BadFile):
        inflated(packed[:-cut], encoding, 1_000_000)


@pytest.mark.parametrize("encoding", PACKERS)
@given(noise=st.binary(min_size=1, max_size=200))
@settings(max_examples=30, deadline=None)
def test_noise_is_never_more_than_a_bad_file(encoding: str, noise: bytes) -> None:
    try:
        inflated(noise, encoding, 1000)
    except (BadFile, FileTooLarge):
        return


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_packed_body_of_no_bytes_is_one_that_was_cut_off(encoding: str) -> None:
    with pytest.raises(BadFile) as refused:
        inflated(b"", encoding, 100)
    assert refused.value.extra["byte"] == 0


def test_how_far_a_packed_body_could_be_unpacked_is_told_to_the_byte() -> None:
    text = bytes(range(256)) * 9_000
    for cut_off, byte in ((gzip.compress(text)[:-3], len(text)), (gzip.compress(b"a" * 70) + b"\x1f\x8b", 70)):
        with pytest.raises(BadFile) as refused:
            inflated(cut_off, "gzip", 2**30)
        assert refused.value.extra["byte"] == byte
