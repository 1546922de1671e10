"""The layouts of several devices as one, so that one codec writes all registers of a plant in a few passes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from bessinside.registers import Layout


def join(layouts: Sequence[Layout]) -> Layout:
    """Points of all layouts in their order; at least one. `map` is that of the first."""
    depth = max(layout.index.shape[1] for layout in layouts)
    definitions = np.cumsum([0, *(len(layout.points) for layout in layouts)]).tolist()
    starts = np.cumsum([0, *(len(layout) for layout in layouts)]).tolist()
    return Layout(
        layouts[0].map,
        tuple(chain.from_iterable(layout.points for layout in layouts)),
        tuple(chain.from_iterable(layout.groups for layout in layouts)),
        np.concatenate([one.point + start for one, start in zip(layouts, definitions, strict=False)]),
        np.concatenate([np.pad(one.index, ((0, 0), (0, depth - one.index.shape[1]))) for one in layouts]),
        np.concatenate([one.fc for one in layouts]),
        np.concatenate([one.address for one in layouts]),
        np.concatenate([one.words for one in layouts]),
        np.concatenate(
            [np.where(one.sf_point < 0, -1, one.sf_point + start) for one, start in zip(layouts, starts, strict=False)]
        ),
    )
