"""What travels to the page: the whole register image as raw words, with times, qualities and derived figures.

One frame is built per tick for all viewers. Little-endian throughout:

    0  "BIS1"      4  u32 version (1)        8  8 bytes schema hash (ASCII)    16  f64 time, UTC ms
    24 u32 W       28 u32 B                  32 u32 P                          36  u32 F
    40 zlib: u16[W] words · f64[B] time of each block's newest good answer, UTC ms, 0 before the first ·
             u8[P] quality of each point · f64[F] derived values · u8[F] their qualities
"""

from __future__ import annotations

import struct
import zlib

from bessinside.twin import Snapshot, State

MAGIC = b"BIS1"
VERSION = 1
_HEAD = struct.Struct("<4sI8sdIIII")


def encode_frame(state: State, now: Snapshot, schema_hash: str) -> bytes:
    """One frame of the plant at a moment. Costs about a millisecond for 10,000 points."""
    words = [readings.words.astype("<u2") for readings in state.devices]
    times = [readings.block_time / 1e6 for readings in state.devices]
    body = b"".join(
        [
            *(part.tobytes() for part in words),
            *(part.astype("<f8").tobytes() for part in times),
            now.quality.tobytes(),
            now.derived_values.astype("<f8").tobytes(),
            now.derived_quality.tobytes(),
        ]
    )
    head = _HEAD.pack(
        MAGIC,
        VERSION,
        schema_hash.encode().ljust(8, b"\0"),
        now.time_ns / 1e6,
        sum(map(len, words)),
        sum(map(len, times)),
        len(now.values),
        len(now.derived_values),
    )
    return head + zlib.compress(body, 1)
