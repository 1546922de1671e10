"""What an emulated unit says when it is asked who it is: function code 43/14, clause 6.21 of V1.1b3.

Objects 0 to 2 are basic, 3 to 6 regular. Texts are ASCII, as the specification wants them.
"""

from __future__ import annotations

from importlib.metadata import version

from bessinside.plant import BoundDevice, Plant

VENDOR, PRODUCT_CODE, REVISION, PRODUCT_NAME, MODEL, APPLICATION = 0, 1, 2, 4, 5, 6


def identify(bound: BoundDevice, plant: Plant, how: str) -> dict[int, str]:
    """The objects of a device; `how` says how the emulator runs: speed, seed, scenarios."""
    said = {
        VENDOR: "BESS Inside emulator",
        PRODUCT_CODE: bound.map.id,
        REVISION: version("bessinside"),
        PRODUCT_NAME: f"Emulated: {bound.map.label}",
        MODEL: f"{bound.device.id} of {plant.id}",
        APPLICATION: how,
    }
    return {number: text.encode("ascii", "replace").decode() for number, text in said.items()}
