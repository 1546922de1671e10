"""What others may write to the emulated devices, and what the plant does then.

A device refuses every write unless its plant file says `writes = "allowed"` and names the points. Then a set-point
goes to the converter, which follows with its ramp and its limits, in place of the schedule. Commands are pulses:
written 1, they act and read 0 again. `remote_control_enable` is a switch: written 0 (local) it gives the converter
back to the schedule, the next set-point takes it again (assumption: no map says what a converter follows in local
control).

Refused with exception 1: a table of which nothing may be written; 2: any other register; 3: a value that is none, lies
beyond the rating, or is only a part of a number. MODBUS Application Protocol Specification V1.1b3, clause 7.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.emulator.whole.plant import Plant as Physics
from bessinside.emulator.worlds.world import DeviceImage, World
from bessinside.errors import BessError
from bessinside.plant import parts
from bessinside.registers import OK

Words = NDArray[np.uint16]
ILLEGAL_VALUE = 3
SWITCH = "remote_control_enable"
_TABLE_OF = {5: 1, 15: 1, 6: 3, 16: 3}  # function code that writes: function code that reads the same table


class WriteError(BessError):
    """A plant file allows a write that the emulator cannot follow."""


@dataclass(frozen=True, slots=True)
class _Target:
    """A point that may be written: what it may be (`most`, SI units, either way) and what it does (`act`)."""

    i: int
    part: str
    fc: int
    address: int
    words: int
    act: Callable[[float], None]
    kind: str  # setpoint | switch | pulse
    most: float = 1.0

    def fits(self, value: float) -> bool:
        return abs(value) <= self.most if self.kind == "setpoint" else value in (0.0, 1.0)


class Writes:
    """Opens what the plant file allows on every device of `world`, and hands what is written to `physics`."""

    def __init__(self, world: World, physics: Physics) -> None:
        self.physics = physics
        path = world.binding.plant.path
        writable = [image for image in world.images if image.bound.device.writable]
        self._open = [_Writable(image, list(self._targets(image, path))) for image in writable]

    def release(self) -> None:
        """All converters follow the schedule again; what was stopped stays stopped."""
        for number in range(1, self.physics.design.buses + 1):
            self._remote(number)(0.0)
        for writable in self._open:
            writable.switch(0)

    def _targets(self, image: DeviceImage, path: str) -> Iterator[_Target]:
        bound, device = image.bound, image.bound.device
        every = [target for i in range(bound.size) if (target := self._target(image, i)) is not None]
        for wanted in device.writable:
            found = [target for target in every if _named(wanted, bound.point(target.i).name, target.part)]
            if not found:
                known = ", ".join(dict.fromkeys(bound.point(target.i).name for target in every))
                what = f"the emulator follows {known or 'none of its points'}"
                raise WriteError(f"{path}:{device.line}: device.{device.id}.points: {wanted!r}: {what}")
            yield from found

    def _target(self, image: DeviceImage, i: int) -> _Target | None:
        """None where writing point `i` would change nothing in this plant."""
        bound, point, part = image.bound, image.bound.point(i), image.bound.parts[i]
        if point.access == "R" or parts.kind_of(part) != "pcs":
            return None
        number, metric = parts.numbers(part)["pcs"], bound.metrics[i]
        place = (i, part, int(bound.layout.fc[i]), int(bound.layout.address[i]), int(bound.layout.words[i]))
        follow = self._setpoints().get(metric.name) if metric is not None and image.served[i] else None
        if follow is not None:
            take, most = follow
            return _Target(*place, lambda value: take(number, value), "setpoint", most)
        if point.name == SWITCH:
            return _Target(*place, self._remote(number), "switch")
        command = self._commands(number - 1).get(point.name)
        return _Target(*place, command, "pulse") if command is not None else None

    def _setpoints(self) -> dict[str, tuple[Callable[[int, float | None], None], float]]:
        """By metric: who follows, and the most that may be written in W or var."""
        design = self.physics.design
        return {
            "active_power_setpoint": (self.physics.set_active_power, design.rated_power),
            "reactive_power_setpoint": (self.physics.set_reactive_power, design.max_apparent),
        }

    def _commands(self, unit: int) -> dict[str, Callable[[float], None]]:
        """By name of the point: what a 1 does."""
        pcs = self.physics.pcs

        def enable(value: float) -> None:
            pcs.enabled[unit] |= bool(value)

        def disable(value: float) -> None:
            pcs.enabled[unit] &= not value

        def clear(value: float) -> None:
            if value:
                pcs.faults[unit].clear()

        return {"start": enable, "stop": disable, "fault_reset": clear, "clear_faults": clear}

    def _remote(self, number: int) -> Callable[[float], None]:
        def act(value: float) -> None:
            if not value:
                self.physics.set_active_power(number, None)
                self.physics.set_reactive_power(number, None)

        return act


class _Writable:
    """The open registers of one device."""

    def __init__(self, image: DeviceImage, targets: list[_Target]) -> None:
        self.image = image
        self.targets = targets
        for target in targets:
            image.unit.table(target.fc).define(target.address, target.words, writable=True)
        self.switch(1)
        image.unit.refuse = self.refuse
        image.unit.on_write = self.take

    def refuse(self, function: int, address: int, words: Words) -> int:
        """Exception 3 for what cannot be followed, else 0."""
        for target in self._touched(function, address, len(words)):
            whole = address <= target.address and target.address + target.words <= address + len(words)
            value = self._value(target, address, words) if whole else None
            if value is None or not target.fits(value):
                return ILLEGAL_VALUE
        return 0

    def take(self, function: int, address: int, words: Words) -> None:
        """Hands what was written to the plant; a pulse reads 0 again, a set-point turns remote control on."""
        for target in self._touched(function, address, len(words)):
            value = self._value(target, address, words)
            assert value is not None, "refuse saw it before"
            target.act(value)
            if target.kind == "pulse":
                self._set(target, 0)
            elif target.kind == "setpoint":
                self.switch(1, target.part)

    def switch(self, word: int, part: str = "") -> None:
        """Shows remote control as on (1) or off (0), of one part or of all."""
        for target in self.targets:
            if target.kind == "switch" and part in ("", target.part):
                self._set(target, word)

    def _set(self, target: _Target, word: int) -> None:
        self.image.unit.table(target.fc).words[target.address] = word

    def _touched(self, function: int, address: int, count: int) -> Iterator[_Target]:
        fc = _TABLE_OF[function]
        for target in self.targets:
            if target.fc == fc and target.address < address + count and address < target.address + target.words:
                yield target

    def _value(self, target: _Target, address: int, words: Words) -> float | None:
        """What the words say in SI units; None where they say nothing."""
        start = target.address - address
        mine = words[start : start + target.words]
        codec, at = self.image.codec, int(self.image.codec.offset[target.i])
        if at < 0:
            return float(mine[0])
        image = self.image.words.copy()
        image[at : at + target.words] = mine
        values, state = np.full(len(codec.offset), np.nan), np.zeros(len(codec.offset), np.uint8)
        codec.decode(image, values, state)
        return float(values[target.i]) if state[target.i] == OK else None


def _named(wanted: str, name: str, part: str) -> bool:
    """A point is allowed by its name, for every part, or as `pcs1/active_power_setpoint`; both may be patterns."""
    return fnmatch.fnmatchcase(f"{part}/{name}" if "/" in wanted else name, wanted)
