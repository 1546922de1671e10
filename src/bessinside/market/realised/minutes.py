"""Minutes and hours of many figures in one question, in the decoding that holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bessinside.historian.basis.archive import Rollup, Step
from bessinside.historian.past.past import Past


def rolled(past: Past, ids: Sequence[str], start_ns: int, end_ns: int, step: Step) -> Rollup:
    """Steps of k readings whose beginning lies in [start, end): float64[m, k], int32[m, k] in the order of `ids`.

    What was recorded costs one question; a device that a later map decodes otherwise costs one of its own. Raises
    NothingRecorded.
    """
    kept = past.archive.rollup(ids, start_ns, end_ns, step)
    if not past.worlds.decodings:
        return kept
    low, high, mean = kept.low.copy(), kept.high.copy(), kept.mean.copy()
    count, left_out = kept.count.copy(), kept.left_out.copy()
    for device, places in _by_device(past, ids).items():
        names = [ids[k] for k in places]
        if not past.worlds.decoded_anew(device, start_ns, end_ns + step, names):
            continue
        anew = past.rollups.of(device, names, start_ns, end_ns, step)
        to = np.ix_(np.searchsorted(kept.begin_ns, anew.begin_ns), np.array(places))
        low[to], high[to], mean[to] = anew.low, anew.high, anew.mean
        count[to], left_out[to] = anew.count, anew.left_out
    return Rollup(kept.begin_ns, low, high, mean, count, left_out)


def _by_device(past: Past, ids: Sequence[str]) -> dict[str, list[int]]:
    """Which of the figures each device carries, as the plant was read last."""
    binding = past.newest().binding
    found: dict[str, list[int]] = {}
    for k, name in enumerate(ids):
        index = binding.find(name)
        if index is not None:
            found.setdefault(binding.locate(index)[0].device.id, []).append(k)
    return found
