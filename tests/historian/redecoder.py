"""A process that corrects a past over and over, by two maps in turn: `python -m tests.historian.redecoder ROOT`.

ROOT holds `history` and `maps/0` and `maps/1` with a map each. It says how many decodings are on record then.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from bessinside.historian.basis import decoding
from bessinside.historian.opened import opened
from bessinside.historian.redecode import apply


def main(root: Path, times: int) -> None:
    logging.basicConfig(stream=sys.stdout, format="said %(message)s")
    folder = root / "history"
    for _ in range(times):
        turn = len(decoding.load(folder)) % 2
        with opened(folder) as past:
            os.write(1, b"begins\n")
            apply(folder, past.archive, root / "maps" / str(turn) / "small-bms.yaml", 0, 2**62, str(turn))
        os.write(1, f"{len(decoding.load(folder))}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
