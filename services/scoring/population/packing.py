"""A population as bytes, as it is kept in the database: what is packed is, unpacked, the same to the last bit."""

import io
from datetime import datetime

import msgspec
import polars as pl

from services.scoring.measures.peers import Peers
from services.scoring.population import Population, Spoken


class _Packed(msgspec.Struct, frozen=True):
    as_of: datetime
    spoken: dict[str, tuple[int | None, tuple[int, ...]]]
    least: int
    names: list[list[str]]
    groups: bytes
    columns: bytes
    ties: dict[str, bytes]
    holds: bytes


def packed(population: Population) -> bytes:
    """The population as bytes."""
    peers = population.peers
    groups = {str(level): places for level, places in enumerate(peers.groups)}
    told = _Packed(
        as_of=population.as_of,
        spoken={code: (each.last, each.months) for code, each in population.spoken.items()},
        least=peers.least,
        names=[names.to_list() for names in peers.names],
        groups=_bytes(pl.DataFrame(groups)),
        columns=_bytes(pl.DataFrame(peers.columns)),
        ties={kind: _bytes(members) for kind, members in population.ties.items()},
        holds=_bytes(population.holds),
    )
    return msgspec.msgpack.encode(told)


def unpacked(content: bytes) -> Population:
    """The population of such bytes. Raises ValueError when they are no such."""
    told = msgspec.msgpack.decode(content, type=_Packed)
    groups, columns = _frame(told.groups), _frame(told.columns)
    peers = Peers(
        names=tuple(pl.Series("name", names, dtype=pl.String) for names in told.names),
        groups=tuple(groups[name].to_numpy() for name in groups.columns),
        columns={name: columns[name].to_numpy() for name in columns.columns},
        least=told.least,
    )
    return Population(
        as_of=told.as_of,
        spoken={code: Spoken(last, months) for code, (last, months) in told.spoken.items()},
        peers=peers,
        ties={kind: _frame(members) for kind, members in told.ties.items()},
        holds=_frame(told.holds),
    )


def _bytes(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_ipc(stream, compression="zstd")
    return stream.getvalue()


def _frame(content: bytes) -> pl.DataFrame:
    return pl.read_ipc(io.BytesIO(content))
