"""What the registers mean, edition by edition, as tables: points, the registers they need, the bits of their alarms."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bessinside.historian.basis.archive import Edition
from bessinside.historian.basis.columns import Columns
from bessinside.historian.basis.world import Stretch
from bessinside.historian.past.past import Past
from bessinside.historian.sql.decoder import Decoder, decoder_of, register_function
from bessinside.plant import BoundDevice

_POINT_SCHEMA = pa.schema(
    [
        ("point", pa.int32()),
        *((name, pa.string()) for name in ("id", "part", "metric", "device", "unit", "name", "type")),
        ("function_code", pa.int32()),
        ("address", pa.int32()),
        ("from_ns", pa.int64()),
        ("to_ns", pa.int64()),
    ]
)
_REGISTER_SCHEMA = pa.schema(
    [("point", pa.int32()), ("edition", pa.int32()), ("fc", pa.uint8()), ("address", pa.int32()), ("k", pa.int32()),
     ("of", pa.int32()), ("request", pa.int32())]
)  # fmt: skip
_SYMBOL_SCHEMA = pa.schema([("point", pa.int32()), ("code", pa.int32()), ("name", pa.string()), ("label", pa.string())])


def register_meanings(connection: duckdb.DuckDBPyConnection, past: Past) -> None:
    """Tables of what the registers mean, edition by edition, and the function that decodes them."""
    points: dict[str, list[Any]] = {name: [] for name in _POINT_SCHEMA.names}
    registers: dict[str, list[NDArray[np.int64]]] = {name: [] for name in _REGISTER_SCHEMA.names}
    symbols: dict[str, list[Any]] = {name: [] for name in _SYMBOL_SCHEMA.names}
    decoders: list[Decoder] = []
    made: dict[Any, Columns] = {}
    by_number = {
        edition.number: edition for device in past.archive.devices() for edition in past.worlds.editions(device)
    }
    for device in past.archive.devices():
        for stretch in past.worlds.of_device(device):
            world = stretch.world
            bound = world.bound(device)
            if bound is None:
                continue
            first = len(decoders)
            for i in range(bound.size):
                _add_point(points, symbols, stretch, bound, i, len(decoders))
                decoders.append(decoder_of(made, world, bound, i))
            mine = [decoders[first + i].registers for i in range(bound.size)]
            for number in stretch.editions:
                _add_registers(registers, by_number[number], first, mine)
    connection.register("point_rows", pa.table(points, _POINT_SCHEMA))
    joined = {name: np.concatenate([np.empty(0, np.int64), *column]) for name, column in registers.items()}
    connection.register("registers", pa.table(joined).cast(_REGISTER_SCHEMA))
    connection.register("symbols", pa.table(symbols, _SYMBOL_SCHEMA))
    register_function(connection, decoders)


def _add_registers(
    registers: dict[str, list[NDArray[np.int64]]], edition: Edition, first: int, mine: list[NDArray[np.int64]]
) -> None:
    """Which registers the points from number `first` on need, and in which requests of an edition they are read; those
    that it does not read whole are left out."""
    counts = np.array([len(one) for one in mine])
    codes = np.concatenate([np.empty(0, np.int64), *mine])
    if not len(codes):
        return
    request = edition.plan().block(codes >> 16, codes & 0xFFFF).astype(np.int64)
    begins = np.cumsum(counts) - counts
    whole = np.repeat(np.minimum.reduceat(request, begins) >= 0, counts)
    row = (
        np.repeat(np.arange(first, first + len(mine)), counts), np.full(len(codes), edition.number), codes >> 16,
        codes & 0xFFFF, np.arange(len(codes)) - np.repeat(begins, counts), np.repeat(counts, counts), request,
    )  # fmt: skip
    for column, values in zip(registers.values(), row, strict=True):
        column.append(values[whole])


def _add_point(
    points: dict[str, list[Any]],
    symbols: dict[str, list[Any]],
    stretch: Stretch,
    bound: BoundDevice,
    i: int,
    number: int,
) -> None:
    index, point, metric = bound.first + i, bound.point(i), bound.metrics[i]
    binding = stretch.world.binding
    row = (
        number, binding.ids[index], binding.parts[index], metric.key if metric else None, bound.device.id,
        binding.units[index], point.name, point.type, int(bound.layout.fc[i]), int(bound.layout.address[i]),
        stretch.from_ns, stretch.to_ns,
    )  # fmt: skip
    for column, value in zip(points.values(), row, strict=True):
        column.append(value)
    if point.type.startswith("bitfield"):
        for symbol in point.symbols:
            named = number, symbol.value, symbol.name, symbol.label or symbol.name
            for name, entry in zip(symbols, named, strict=True):
                symbols[name].append(entry)
