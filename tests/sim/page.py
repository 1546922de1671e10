"""A page that watches the plant: it knows the schema and the frames of the live socket, and nothing else."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

GOOD, NOT_YET = 1, 0
_HEAD = struct.Struct("<4sI8sdIIII")
_SIGNED = ("int16", "int32", "int64", "sunssf")
_TEXT = ("string", "ipaddr", "ipv6addr", "eui48")

Floats = NDArray[np.float64]
Words = NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame as it came: W words, B blocks, P points, F derived figures. Times in ms UTC."""

    schema: str
    time_ms: float
    words: Words
    block_ms: Floats
    quality: NDArray[np.uint8]
    figures: Floats
    figure_quality: NDArray[np.uint8]


def read_frame(data: bytes) -> Frame:
    """Takes a frame apart; anything that is not exactly a frame is an error."""
    magic, version, schema, time_ms, w, b, p, f = _HEAD.unpack_from(data)
    assert (magic, version) == (b"BIS1", 1)
    body = zlib.decompress(data[_HEAD.size :])
    assert len(body) == 2 * w + 8 * b + p + 9 * f
    parts = np.split(np.frombuffer(body, np.uint8), np.cumsum([2 * w, 8 * b, p, 8 * f]))
    types = ("<u2", "<f8", "u1", "<f8", "u1")
    words, block_ms, quality, figures, marks = (part.view(kind) for part, kind in zip(parts, types, strict=True))
    return Frame(schema.rstrip(b"\0").decode(), time_ms, words, block_ms, quality, figures, marks)


class Page:
    """What the schema says, as arrays: one entry per point (P) or block (B)."""

    def __init__(self, schema: bytes) -> None:
        content = msgspec.json.decode(schema)
        points: dict[str, Any] = content["points"]
        self.hash: str = content["hash"]
        self.ids: list[str] = points["id"]
        self.types: list[str] = points["type"]
        self.offset = np.array(points["offset"], np.int64)
        self.block = np.array(points["block"], np.int64)
        self.length = np.array(points["words"], np.int64)
        self.device = np.array(points["device"], np.int64)
        self.fc = np.array(points["fc"], np.int64)
        self.address = np.array(points["address"], np.int64)
        self.sf_point = np.array(points["sf_point"], np.int64)
        self.carrier = np.where(self.sf_point >= 0, self.block[np.maximum(self.sf_point, 0)], self.block)
        """The block that a point's scale factor comes from: its own where the map states the factor."""
        self.columns = points
        self.devices: list[dict[str, Any]] = content["devices"]
        self.blocks: list[dict[str, int]] = content["blocks"]
        self.block_device = np.array([block["device"] for block in self.blocks], np.int64)
        self.every_ms = np.array([device["every_s"] for device in self.devices]) * 1e3
        self.carried = self.offset >= 0

    @cached_property
    def places(self) -> list[tuple[int, int, NDArray[np.int64], NDArray[np.int64]]]:
        """Device, function code, addresses and their words in the image: where every word of a frame comes from."""
        found: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
        for block in self.blocks:
            key = (block["device"], block["fc"])
            found.setdefault(key, []).append((block["address"], block["count"], block["offset"]))
        return [
            (
                *key,
                np.concatenate([np.arange(address, address + count) for address, count, _ in own]),
                np.concatenate([np.arange(offset, offset + count) for _, count, offset in own]),
            )
            for key, own in found.items()
        ]

    @property
    def size(self) -> int:
        """Words of a frame."""
        return sum(block["count"] for block in self.blocks)

    def same(self, differs: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """bool[P]: no word of the point, nor of its scale factor, is among those that differ (bool[W])."""
        count = np.concatenate([[0], np.cumsum(differs)])
        at = np.maximum(self.offset, 0)
        own = self.carried & (count[np.minimum(at + self.length, len(differs))] == count[at])
        return own & np.where(self.sf_point >= 0, own[np.maximum(self.sf_point, 0)], True)

    @cached_property
    def numeric(self) -> NDArray[np.bool_]:
        return self.carried & np.array([kind not in _TEXT for kind in self.types])

    def values(self, words: Words) -> Floats:
        """float64[P] in the unit shown; NaN for text, for what is not carried and for "not implemented"."""
        raw, bits = self._raw(words.astype(np.uint64))
        number = raw.astype(np.float64)
        signed = np.array([kind in _SIGNED for kind in self.types])
        top = np.uint64(1) << (bits - 1).astype(np.uint64)
        negative = signed & (raw & top != 0)
        number[negative] = raw[negative].astype(np.float64) - np.ldexp(1.0, bits[negative])
        for kind, form in (("float32", np.uint32), ("float64", np.uint64)):
            here = np.array([name == kind for name in self.types])
            number[here] = raw[here].astype(form).view(kind).astype(np.float64)
        column = self.columns
        carrier = np.maximum(self.sf_point, 0)
        stated = np.array([0.0 if sf is None else sf for sf in column["sf"]])
        shift = np.where(self.sf_point >= 0, number[carrier], stated)
        add, sign, factor = (np.array(column[name], np.float64) for name in ("add", "sign", "factor"))
        shift[np.abs(shift) > 10] = np.nan  # no scale factor: a bit of its register turned over
        # one rounding for a decimal number, as a person would divide
        scaled = np.where(shift < 0, number / 10.0 ** np.maximum(-shift, 0), number * 10.0 ** np.maximum(shift, 0))
        found = sign * (scaled + add) * factor
        for i, sentinels in enumerate(column["sentinel"]):
            if sentinels and int(raw[i]) in sentinels:
                found[i] = np.nan
        found[~self.numeric] = np.nan
        return found

    def quantum(self, values: Floats) -> Floats:
        """float64[P]: the smallest step of each point at its value, in its unit; NaN where a register scales it."""
        column = self.columns
        step = np.abs(10.0 ** np.array([np.nan if sf is None else sf for sf in column["sf"]]))
        factor = np.abs(np.array(column["factor"], np.float64))
        floats = np.array([kind == "float32" for kind in self.types])
        ulp = np.spacing(np.abs(values / factor).astype(np.float32)).astype(np.float64)
        return np.where(floats, ulp, step) * factor

    def _raw(self, words: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        at = np.maximum(self.offset, 0)
        low_first = np.array(self.columns["low_first"], bool)
        raw = np.zeros(len(self.ids), np.uint64)
        for k in range(4):
            here = self.numeric & (self.length > k)
            place = np.where(low_first, self.length - 1 - k, k)
            raw[here] = raw[here] << np.uint64(16) | words[(at + place)[here]]
        bits = 16 * self.length
        for i, mask in enumerate(self.columns["mask"]):
            if mask is not None:
                shift = self.columns["shift"][i]
                raw[i] = (int(raw[i]) & mask) >> shift
                bits[i] = (mask >> shift).bit_length()
        return raw, np.minimum(bits, 64)
