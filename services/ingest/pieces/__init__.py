"""A large file as it is kept: in sealed pieces, and as one file again for whoever reads it."""

from services.ingest.pieces.sealed_file import Fetched, SealedFile
from services.ingest.pieces.sealing import PIECE_BYTES, Piece, new_file_key, open_piece, seal_piece

__all__ = ["PIECE_BYTES", "Fetched", "Piece", "SealedFile", "new_file_key", "open_piece", "seal_piece"]
