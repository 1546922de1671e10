"""Power that could be sold as FCR: both ways at once, with the energy that must be held for it."""

from __future__ import annotations

import numpy as np

from bessinside.market.dispatch.reserve import fcr
from bessinside.views.base import FactBase
from bessinside.views.found import Found, gather, origins
from bessinside.views.power import DOWN, UP, content


def able(of: FactBase) -> Found:
    """W: min(share · P_up, share · P_down, E_up / h, E_down / h)."""
    product = fcr(np.zeros(0))
    (up, one), (down, two) = gather(lambda: of.value("power.up_now"), lambda: of.value("power.down_now"))
    (give, three), (take, four) = gather(lambda: content(of, UP), lambda: content(of, DOWN))
    held = {
        "power up": product.share * up,
        "power down": product.share * down,
        "energy up": give / product.energy_h,
        "energy down": take / product.energy_h,
    }
    least = min(held, key=lambda key: held[key])
    note = f"held by: {least}; {product.energy_h:g} h of energy each way, at most {100 * product.share:.0f} % of power"
    return Found(max(held[least], 0.0), origins((one, two), three, four), note=note)
