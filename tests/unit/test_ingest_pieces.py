"""A large file in sealed pieces: opened only as what it was, where it was; and read as one file again."""

import asyncio
import io
import random
from itertools import pairwise

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.pieces import Fetched, Piece, SealedFile, new_file_key, open_piece, seal_piece
from shared.crypto import Vault
from shared.ids import new_id

VAULT = Vault(bytes(range(32)))
FILE, KEY = new_id(), new_file_key(VAULT)


def test_a_piece_opens_as_it_was_and_shows_nothing_before() -> None:
    clear = b"11010519491231002X" * 100
    piece = seal_piece(VAULT, KEY, FILE, 7, clear)
    assert b"11010519491231002X" not in piece.content
    assert open_piece(VAULT, KEY, FILE, piece) == clear


def test_a_piece_never_stands_for_another_place_file_or_key() -> None:
    piece = seal_piece(VAULT, KEY, FILE, 7, b"abc")
    moved = Piece(8, piece.content, piece.size)
    for wrong in ((KEY, FILE, moved), (KEY, new_id(), piece), (new_file_key(VAULT), FILE, piece)):
        with pytest.raises(InvalidTag):
            open_piece(VAULT, *wrong)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5), st.integers(0, 1000))
def test_the_pieces_read_as_the_file_wherever_they_were_cut_and_whatever_is_sought(
    content: bytes, cuts: list[int], seed: int
) -> None:
    edges = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})

    async def fetch(byte: int) -> Fetched:
        return next((a, content[a:b]) for a, b in pairwise(edges) if a <= byte < b)

    def read(loop: asyncio.AbstractEventLoop) -> None:
        file = io.BufferedReader(SealedFile(len(content), fetch, loop), 16)
        assert file.read() == content
        places = random.Random(seed)  # noqa: S311 - not a secret
        for _ in range(5):
            place, size = places.randint(0, len(content) + 3), places.randint(0, 50)
            assert file.seek(place) == place
            assert file.read(size) == content[place : place + size]
        assert file.seek(0, io.SEEK_END) == len(content)

    async def run() -> None:
        await asyncio.to_thread(read, asyncio.get_running_loop())

    asyncio.run(run())
