"""The physics at one moment: a world of registers asks it for the same quantities and alarms many times over."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from bessinside.emulator.basis.table import Array
from bessinside.emulator.bms.bms import Bms
from bessinside.emulator.whole.plant import Plant


class Instant:
    """Answers like the plant, as long as the plant stands still. What is computed once is kept."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._readings: dict[str, Mapping[str, Array]] = {}
        self._alarms: dict[tuple[str, int | None], list[set[str]]] = {}

    def quantity(self, kind: str, name: str) -> Array:
        """The plant's own array, not to be changed; KeyError where it has no such quantity."""
        if kind not in self._readings:
            self._readings[kind] = self._plant.readings(kind)
        return self._readings[kind][name]

    def alarms(self, kind: str, level: int | None = None) -> list[set[str]]:
        """Names of the active alarms of each part."""
        found = self._alarms.get((kind, level))
        if found is None:
            found = self._alarms[kind, level] = self._plant.alarms(kind, level)
        return found

    @cached_property
    def bms(self) -> _Bms:
        """The battery management at this moment."""
        return _Bms(self._plant.bms)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plant, name)


class _Bms:
    def __init__(self, bms: Bms) -> None:
        self._bms = bms

    @cached_property
    def _maintenance(self) -> list[set[str]]:
        return self._bms.maintenance()

    def maintenance(self) -> list[set[str]]:
        return self._maintenance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bms, name)
