"""Ground truth: what is wrong with the emulated plant and when, so that what finds it can be scored."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from bessinside.errors import BessError
from bessinside.runtime import disk


class Truth(msgspec.Struct, frozen=True):
    """`label` holds at `part` (empty: the plant) from `since_ns` until `until_ns` (ns since the epoch; None: stays)."""

    scenario: str
    label: str
    part: str
    since_ns: int
    until_ns: int | None

    def holds(self, now_ns: int) -> bool:
        """Whether it is so at `now_ns`."""
        return self.since_ns <= now_ns and (self.until_ns is None or now_ns < self.until_ns)


class TruthError(BessError):
    """A file of ground truths that cannot be read."""


def write_truths(path: str | Path, truths: Iterable[Truth]) -> None:
    """One JSON object a line, ordered by when they begin; the file is replaced."""
    ordered = sorted(truths, key=lambda truth: (truth.since_ns, truth.scenario, truth.label))
    disk.write_atomic(path, b"".join(msgspec.json.encode(truth) + b"\n" for truth in ordered))


def read_truths(path: str | Path) -> list[Truth]:
    """What `write_truths` wrote. TruthError names file and line."""
    found = []
    for number, line in enumerate(disk.read_text(path).splitlines(), start=1):
        try:
            found.append(msgspec.json.decode(line, type=Truth))
        except msgspec.MsgspecError as error:
            raise TruthError(f"{path}:{number}: {error}") from error
    return found
