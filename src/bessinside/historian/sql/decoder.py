"""The function `decoded` of SQL: lists of words in, values and qualities out, by the codec that decodes live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bessinside.historian.basis.columns import Columns
from bessinside.historian.basis.world import World
from bessinside.modbus import Outcome
from bessinside.plant import BoundDevice
from bessinside.twin.quality import Quality

_DECODED = pa.struct([("value", pa.float64()), ("quality", pa.uint8())])


@dataclass(frozen=True, slots=True, eq=False)
class Decoder:
    """How one point is decoded: its registers int64[W] as the archive numbers them, the columns of a point that is
    defined as it is, and what its metric can be at all."""

    registers: NDArray[np.int64]
    columns: Columns
    low: float
    high: float


def decoder_of(made: dict[Any, Columns], world: World, bound: BoundDevice, i: int) -> Decoder:
    layout, carrier = bound.layout, int(bound.layout.sf_point[i])
    own = (int(layout.fc[i]) << 16 | int(layout.address[i])) + np.arange(int(layout.words[i]))
    every = own
    if carrier >= 0:
        every = np.union1d(own, [int(layout.fc[carrier]) << 16 | int(layout.address[carrier])])
    key = id(bound.map), int(layout.point[i]), float(bound.factor[i]), tuple((every - own[0]).tolist())
    if key not in made:
        made[key] = Columns(bound, (i,))
    index = bound.first + i
    return Decoder(every, made[key], float(world.binding.low[index]), float(world.binding.high[index]))


def register_function(connection: duckdb.DuckDBPyConnection, decoders: list[Decoder]) -> None:
    """Makes `decoded(point, words, outcomes)`, where `point` is the number of a decoder."""

    def decoded(point: pa.ChunkedArray, words: pa.ChunkedArray, outcomes: pa.ChunkedArray) -> pa.Array:
        """STRUCT(value, quality)[]: for each row a list of lists of words, one for each register of the point."""
        rows = [decoders[number] for number in point.to_pylist()]
        return _decode(rows, _matrices(words), _came(outcomes))

    connection.create_function(
        "decoded", decoded, ["INTEGER", "USMALLINT[][]", "UTINYINT[][]"], 'STRUCT("value" DOUBLE, quality UTINYINT)[]',
        type="arrow",
    )  # fmt: skip


def _decode(rows: list[Decoder], words: list[NDArray[np.uint16]], came: list[NDArray[np.bool_] | None]) -> pa.Array:
    """Decodes rows together that are defined alike."""
    alike: dict[int, list[int]] = {}
    for row, decoder in enumerate(rows):
        alike.setdefault(id(decoder.columns), []).append(row)
    values: list[Any] = [None] * len(rows)
    marks: list[Any] = [None] * len(rows)
    for mine in alike.values():
        matrix = np.concatenate([words[row] for row in mine])
        read = np.concatenate([np.ones(words[row].shape, bool) if (got := came[row]) is None else got for row in mine])
        value, mark = rows[mine[0]].columns.decode(matrix, read)
        ends = np.cumsum([len(words[row]) for row in mine])[:-1]
        for row, v, m in zip(mine, np.split(value[:, 0], ends), np.split(mark[:, 0], ends), strict=True):
            odd = (v < rows[row].low) | (v > rows[row].high)
            values[row], marks[row] = v, np.where(odd & (m == Quality.GOOD), Quality.IMPLAUSIBLE, m)
    lengths = [len(one) for one in words]
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    flat = np.concatenate([np.empty(0), *values])
    quality = np.concatenate([np.empty(0, np.uint8), *marks]).astype(np.uint8)
    decoded = pa.StructArray.from_arrays([pa.array(flat, from_pandas=True), pa.array(quality)], fields=list(_DECODED))
    return pa.ListArray.from_arrays(offsets, decoded)


def _matrices(column: pa.ChunkedArray | pa.Array) -> list[NDArray[np.uint16]]:
    """Each row of W lists of n words as uint16[n, W]."""
    found = []
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        for row in range(len(chunk)):
            inner = chunk[row].values
            flat = inner.flatten().to_numpy(zero_copy_only=False).astype(np.uint16, copy=False)
            found.append(flat.reshape(len(inner), -1).T)
    return found


def _came(column: pa.ChunkedArray | pa.Array) -> list[NDArray[np.bool_] | None]:
    """Each row of W lists of outcomes as bool[n, W], None where every answer was data."""
    found: list[NDArray[np.bool_] | None] = []
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        for row in range(len(chunk)):
            inner = chunk[row].values
            some = next((k for k in range(len(inner)) if inner[k].is_valid), None)
            if some is None:
                found.append(None)
                continue
            size = len(inner[some].values)
            ends = [
                inner[k].values.to_numpy(zero_copy_only=False) if inner[k].is_valid else np.zeros(size, np.uint8)
                for k in range(len(inner))
            ]
            found.append(np.stack(ends, axis=1) == Outcome.OK)
    return found
