"""BESS Inside: a register-true digital twin of a battery storage plant.

import bessinside

with bessinside.open("plant.toml") as plant:
    plant.wait()
    print(plant.figure("meter/active_power"))
    print(plant.passport("meter/active_power").reading.words)
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bessinside.errors import BessError
    from bessinside.plant import Plant, PlantError, load_plant
    from bessinside.registers import MapError, RegisterMap, load_map
    from bessinside.session import Session, open
    from bessinside.twin import FigureRow, LevelRow, Passport, Quality, Snapshot, Twin, UnknownFigure

__version__ = version("bessinside")

_HOME = {
    "BessError": "bessinside.errors",
    "FigureRow": "bessinside.twin",
    "LevelRow": "bessinside.twin",
    "MapError": "bessinside.registers",
    "Passport": "bessinside.twin",
    "Plant": "bessinside.plant",
    "PlantError": "bessinside.plant",
    "Quality": "bessinside.twin",
    "RegisterMap": "bessinside.registers",
    "Session": "bessinside.session",
    "Snapshot": "bessinside.twin",
    "Twin": "bessinside.twin",
    "UnknownFigure": "bessinside.twin",
    "load_map": "bessinside.registers",
    "load_plant": "bessinside.plant",
    "open": "bessinside.session",
}

__all__ = [
    "BessError",
    "FigureRow",
    "LevelRow",
    "MapError",
    "Passport",
    "Plant",
    "PlantError",
    "Quality",
    "RegisterMap",
    "Session",
    "Snapshot",
    "Twin",
    "UnknownFigure",
    "__version__",
    "load_map",
    "load_plant",
    "open",
]


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first asked for, so that `import bessinside` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'bessinside' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
