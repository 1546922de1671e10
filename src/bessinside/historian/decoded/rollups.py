"""Minutes and hours of readings in the decoding that holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bessinside.historian.basis.archive import Rollup, Step
from bessinside.historian.basis.world import Worlds

if TYPE_CHECKING:
    from bessinside.historian.decoded.anew import Anew


class Rollups:
    """The steps of figures as the archive keeps them, or of a later decoding, whose files lie in the folder `root`."""

    def __init__(self, worlds: Worlds, root: Path | None) -> None:
        self._worlds, self._root = worlds, root
        self._anew: Anew | None = None

    def of(self, device: str, ids: Sequence[str], start_ns: int, end_ns: int, step: Step) -> Rollup:
        """Steps of some figures of one device whose beginning lies in a span."""
        if not self._worlds.decoded_anew(device, start_ns, end_ns + step, ids):
            return self._worlds.archive.rollup(ids, start_ns, end_ns, step)
        if self._anew is None:
            from bessinside.historian.decoded.anew import Anew  # Arrow is loaded where it is needed only

            self._anew = Anew(self._worlds, self._root)
        return self._anew.of(device, ids, start_ns, end_ns, step)
