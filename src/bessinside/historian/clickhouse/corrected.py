"""A corrected map that comes to hold on servers, beside what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bessinside.historian.basis.decoding import Decoding, DecodingError
from bessinside.historian.clickhouse.server import Server
from bessinside.registers import load_map
from bessinside.runtime import clock


def apply(
    server: Server, file: Path, recorded: Sequence[str], from_ns: int, to_ns: int, note: str = ""
) -> list[Decoding]:
    """Keeps the map and writes one line for each recorded map that it stands for in [from, to); gives these lines.

    Minutes and hours of what it changes are decoded when somebody asks for them. Raises MapError, ServerError, and
    DecodingError where it is the recorded map and no other one stands for it.
    """
    by = server.keep_map(load_map(file))
    if list(recorded) == [by] and not server.decodings():
        raise DecodingError(f"{file} is the map that was recorded: it changes nothing")
    now = clock.now_ns()
    added = [Decoding(name, by, from_ns, to_ns, now, note) for name in recorded]
    server.add_decodings(added)
    return added
