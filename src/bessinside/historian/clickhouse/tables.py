"""What is kept on the servers: the tables with their columns, order and parts, and the statements that make them.

Every table can be written twice with the same rows: `ReplacingMergeTree` keeps one of each in the end, and whoever
reads before that takes each once. `slot` is the beginning of ten minutes UTC in seconds since the epoch, by a sweep's
end; `device` and `figure` are `halfMD5` of their names, so that a question in SQL can say `halfMD5('meter')`.
Codecs came with ClickHouse 19.1 (https://clickhouse.com/docs/en/sql-reference/statements/create/table#column_compression_codec).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bessinside.historian.clickhouse.door import Version

SLOT_S = 600
DAY_S = 86_400
CODECS_SINCE = (19, 1)
SHARD = "_shard"


@dataclass(frozen=True, slots=True)
class Table:
    """columns: types by name; order: what rows are sorted by, which is also what tells them apart; part: an expression
    that splits the table into parts that can be dropped (a day each), empty for none; shard: an expression by whose
    value rows go to a server; codecs: compression by column where the server has it, `ZSTD(1)` else."""

    name: str
    columns: Mapping[str, str]
    order: tuple[str, ...]
    shard: str
    part: str = ""
    codecs: Mapping[str, str] = field(default_factory=dict)

    def statements(self, database: str, cluster: str, version: Version) -> Iterator[str]:
        """What makes the table where it is missing; with a cluster one for each server's share and one over all."""
        own = f"{self.name}{SHARD}" if cluster else self.name
        with_codecs = version >= CODECS_SINCE
        columns = ", ".join(
            f"{name} {kind}" + (f" CODEC({self.codecs.get(name, 'ZSTD(1)')})" if with_codecs else "")
            for name, kind in self.columns.items()
        )
        part = f" PARTITION BY {self.part}" if self.part else ""
        yield (
            f"CREATE TABLE IF NOT EXISTS {database}.{own} ({columns}) ENGINE = ReplacingMergeTree(){part} "
            f"ORDER BY ({', '.join(self.order)})"
        )
        if cluster:
            plain = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
            yield (
                f"CREATE TABLE IF NOT EXISTS {database}.{self.name} ({plain}) "
                f"ENGINE = Distributed({cluster}, {database}, {own}, {self.shard})"
            )


_DAY = f"intDiv(slot, {DAY_S})"
_DELTA = "Delta, ZSTD(1)"
WORDS = Table(
    "words",
    {"device": "UInt64", "slot": "UInt32", "register": "UInt32", "number": "UInt64", "word": "UInt16"},
    ("device", "slot", "register", "number"), "device", _DAY,
    {"register": _DELTA, "number": _DELTA, "word": _DELTA},
)  # fmt: skip
SWEEPS = Table(
    "sweeps",
    {
        "device": "UInt64", "slot": "UInt32", "number": "UInt64", "edition": "UInt32", "start_ns": "Int64",
        "end_ns": "Int64", "tid": "UInt16", "failed": "Int32", "sent": "Array(UInt16)", "received": "Array(UInt16)",
        "far": "Array(UInt16)", "trouble": "String", "writer": "UInt64",
    },
    ("device", "slot", "number"), "device", _DAY,
    {"number": _DELTA, "start_ns": _DELTA, "end_ns": _DELTA, "tid": _DELTA},
)  # fmt: skip
EXTREMES = Table(
    "extremes",
    {
        "device": "UInt64", "slot": "UInt32", "metric": "String", "number": "UInt64", "end_ns": "Int64",
        "low": "Float64", "high": "Float64", "count": "Int32",
    },
    ("device", "metric", "slot", "number"), "device", _DAY, {"number": _DELTA, "end_ns": _DELTA},
)  # fmt: skip
MINUTES = Table(
    "minutes",
    {
        "device": "UInt64", "slot": "UInt32", "figure": "UInt64", "minute": "UInt32", "batch": "UInt64",
        "low": "Float64", "high": "Float64", "mean": "Float64", "count": "Int32", "left_out": "Int32",
    },
    ("device", "figure", "minute", "batch"), "device", _DAY, {"minute": _DELTA},
)  # fmt: skip
ROLLED = Table(
    "rolled",
    {
        "device": "UInt64", "slot": "UInt32", "batch": "UInt64", "first": "UInt64", "last": "UInt64",
        "begin_ns": "Int64", "end_ns": "Int64", "sweeps": "Int32",
    },
    ("device", "slot", "batch"), "device",
)  # fmt: skip
EDITIONS = Table(
    "editions",
    {
        "device": "UInt64", "edition": "UInt32", "name": "String", "since_ns": "Int64", "rank": "UInt32",
        "framing": "String", "unit": "Int32", "plant_hash": "String", "map_hash": "String", "requests": "String",
    },
    ("device", "edition", "since_ns"), "device",
)  # fmt: skip
FILES = Table("files", {"hash": "String", "suffix": "String", "content": "String"}, ("hash", "suffix"), "halfMD5(hash)")
EVENTS = Table(
    "events",
    {
        "time_ns": "Int64", "writer": "UInt64", "id": "UInt64", "kind": "String", "subject": "String", "text": "String",
    },
    ("time_ns", "writer", "id"), "writer",
)  # fmt: skip
DECODINGS = Table(
    "decodings",
    {
        "applied_ns": "Int64", "recorded": "String", "by": "String", "from_ns": "Int64", "to_ns": "Int64",
        "note": "String",
    },
    ("applied_ns", "recorded", "by", "from_ns", "to_ns"), "halfMD5(recorded)",
)  # fmt: skip
FIRST = (WORDS, SWEEPS, EXTREMES, MINUTES, ROLLED, EDITIONS, FILES, EVENTS, DECODINGS)
"""The tables of the first version of what is kept."""


def half_md5(text: str) -> int:
    """What ClickHouse calls halfMD5: the first eight bytes of a text's MD5 as a number, high byte first."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], "big")


def slot_of(time_ns: int) -> int:
    """The slot of a time; those before 1970 and far from now go to the first and the last there is."""
    return min(max(time_ns // 1_000_000_000 // SLOT_S * SLOT_S, 0), 2**32 - 1 - (2**32 - 1) % SLOT_S)


def quoted(text: str) -> str:
    """A text as SQL has it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
