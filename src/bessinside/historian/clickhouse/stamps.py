"""Times of requests as the servers keep them: steps of microseconds in 16 bits, which is what nearly all of them need.

`sent` has for each request the time since the one before it was sent (the first since the sweep's start), `received`
how long its answer took. What does not fit has its upper halves in `far`, first those of `sent`, then of `received`;
`far` is empty where all fit. Steps are counted modulo 2³², so that every int32 comes back, NEVER too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Lists = Sequence[NDArray[Any]]


def packed(sent_us: NDArray[np.int32], received_us: NDArray[np.int32]) -> tuple[Lists, Lists, Lists]:
    """`sent`, `received` and `far` of n sweeps, from int32[R, n] each."""
    sent, received = sent_us.astype(np.uint32), received_us.astype(np.uint32)
    steps = np.concatenate([sent[:1], sent[1:] - sent[:-1], received - sent]).T
    low, high = (steps & 0xFFFF).astype(np.uint16), (steps >> 16).astype(np.uint16)
    requests = len(sent)
    none = np.zeros(0, np.uint16)
    far = [row if row.any() else none for row in high]
    return list(low[:, :requests]), list(low[:, requests:]), far


def unpacked(sent: Lists, received: Lists, far: Lists, requests: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """int32[R, n] each, as :func:`packed` got them."""
    count = len(sent)
    steps = np.zeros((count, 2 * requests), np.uint32)
    for row, columns in enumerate(zip(sent, received, far, strict=True)):
        steps[row] = np.concatenate(columns[:2])
        if len(columns[2]):
            steps[row] += np.asarray(columns[2], np.uint32) << 16
    begun = np.cumsum(steps[:, :requests], axis=1, dtype=np.uint32)
    ended = begun + steps[:, requests:]
    return tuple(np.ascontiguousarray(one.T).view(np.int32) for one in (begun, ended))  # type: ignore[return-value]
