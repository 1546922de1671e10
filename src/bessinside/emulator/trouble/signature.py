"""Whether a scenario shows: every expectation of its file looked at in the registers that the devices serve.

A figure is decoded from the words that a reader would get. Where no register of the plant carries it, the physics'
own quantity stands in: its file then says what an instrument would show, and `carried` that this plant has none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bessinside.emulator.basis.table import Array
from bessinside.emulator.trouble.expectation import Alarm, Expectation
from bessinside.emulator.trouble.scenario import Scenario
from bessinside.emulator.trouble.stage import NS, Stage
from bessinside.emulator.worlds.image import DeviceImage
from bessinside.emulator.worlds.place import Places
from bessinside.emulator.worlds.wording import SYNONYMS
from bessinside.emulator.worlds.world import World

_TABLES = {1: "coils", 2: "discrete", 3: "holding", 4: "input"}
EXACT = 5e-7  # of a value that must be equal


class Reader:
    """The figures of a plant as its devices serve them now."""

    def __init__(self, world: World, places: Places) -> None:
        self.world, self.places = world, places
        self._words = [_Words(image) for image in world.images]
        self._values: dict[int, Array] = {}

    def renew(self) -> None:
        """Forgets what was read: the devices have published anew."""
        self._values = {}

    def carried(self, figure: str) -> bool:
        """Whether a register serves it."""
        binding = self.world.binding
        return any(self._served(index) for index in binding.of_metric(figure))

    def paths(self, figure: str) -> tuple[str, ...]:
        """The parts that have the figure."""
        kind = figure.split(".", 1)[0]
        return self.places.paths.get(kind) or tuple(self.world.binding.by_part(figure)) or (kind,)

    def parts_of(self, kind: str) -> tuple[str, ...]:
        """The parts of a kind that devices report about, in plant file order."""
        binding = self.world.binding
        pairs = zip(binding.metrics, binding.parts, strict=True)
        return tuple(dict.fromkeys(path for metric, path in pairs if metric is not None and metric.kind == kind)) or (
            kind,
        )

    def values(self, figure: str, paths: tuple[str, ...]) -> Array:
        """One value for each path, NaN where the register says that there is none, or where none is served."""
        if not self.carried(figure):
            kind, name = figure.split(".", 1)
            known = self.world.physics.quantity(kind, name)
            order = self.paths(figure)
            return np.array([known[order.index(path)] for path in paths])
        served: dict[str, int] = {}
        for index in self.world.binding.of_metric(figure):
            if self._served(index):
                served.setdefault(self.world.binding.parts[index], index)
        return np.array([self._value(served[path]) if path in served else np.nan for path in paths])

    def alarm(self, name: str, kind: str, path: str, level: int | None) -> bool | None:
        """Whether a served word says the alarm of a part in its vendor's words; None where no word could say it."""
        binding, said = self.world.binding, None
        words = {name, *SYNONYMS.get(name, ())}
        for index, metric in enumerate(binding.metrics):
            if metric is None or metric.kind != kind or binding.parts[index] != path or not self._served(index):
                continue
            bound, i = binding.locate(index)
            bits = [symbol.value for symbol in bound.point(i).symbols if symbol.name in words]
            if not bits or (level is not None and not metric.name.startswith(f"alarm_{level}_")):
                continue
            value = int(self._value(index))
            flags = bound.point(i).type.startswith("bitfield")
            said = bool(said) or any(value >> bit & 1 if flags else value == bit for bit in bits)
        return said

    def _served(self, index: int) -> bool:
        bound, i = self.world.binding.locate(index)
        return bool(self.world.images[bound.number].served[i])

    def _value(self, index: int) -> float:
        bound, i = self.world.binding.locate(index)
        if bound.number not in self._values:
            self._values[bound.number] = self._words[bound.number].decode()
        return float(self._values[bound.number][i])


class _Words:
    """What a device serves, back in the order of its codec."""

    def __init__(self, image: DeviceImage) -> None:
        self.image = image
        layout, offset = image.bound.layout, image.codec.offset
        self._from: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]] = []
        for fc in _TABLES:
            mine = [i for i in np.flatnonzero(image.served).tolist() if layout.fc[i] == fc]
            pairs = {
                (int(offset[i]) + k, int(layout.address[i]) + k) for i in mine for k in range(int(layout.words[i]))
            }
            if pairs:
                table = np.array(sorted(pairs), dtype=np.int64)
                self._from.append((fc, table[:, 0], table[:, 1]))

    def decode(self) -> Array:
        words = np.zeros(len(self.image.words), dtype=np.uint16)
        for fc, place, address in self._from:
            words[place] = getattr(self.image.unit, _TABLES[fc]).words[address]
        values, state = np.empty(self.image.bound.size), np.empty(self.image.bound.size, dtype=np.uint8)
        self.image.codec.decode(words, values, state)
        return values


class Signature:
    """The expectations of one scenario on a stage. `look` after every refresh; `met` says since when each shows."""

    def __init__(self, stage: Stage, scenario: Scenario, world: World) -> None:
        self.stage, self.scenario = stage, scenario
        self.reader = Reader(world, stage.places)
        self.met: dict[Expectation | Alarm, float] = {}  # s after the start of the scenario
        self._first: dict[Expectation, Array] = {}
        self._last: dict[Expectation, Array] = {}
        self._moved: dict[Expectation, Array] = {}

    def look(self, now_ns: int) -> None:
        """Looks at everything that was not seen yet. The first look is what rises and falls count from."""
        self.reader.renew()
        time = (now_ns - self.stage.start_ns) / NS
        for expected in self.scenario.expect:
            if expected not in self.met and expected.relation != "silent" and self._shows(expected, time):
                self.met[expected] = time
        for alarm in self.scenario.alarm:
            if alarm not in self.met and self._stands(alarm):
                self.met[alarm] = time

    def missed(self) -> list[Expectation | Alarm]:
        """What did not show in time. What only a client of the wire can see is not looked at here."""
        wanted: list[Expectation | Alarm] = [one for one in self.scenario.expect if one.relation != "silent"]
        wanted += self.scenario.alarm
        return [one for one in wanted if self.met.get(one, np.inf) > one.within]

    def parts(self, kind: str, at: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """The parts of `kind` that `at` means, among those `known`."""
        places = self.stage.places
        if at not in ("it", "others"):
            return (at,)
        if kind not in places.paths:
            return known
        drawn = {self.stage.part(self.scenario.id, act.part) for act in self.scenario.act}
        # An act on the whole plant says nothing about where, if another act does.
        own = [path for part in sorted(drawn - {""} or {""}) for path in places.related(part, kind)]
        if at == "others":
            own = [other for path in own for other in places.others(path) if other not in own]
        return tuple(dict.fromkeys(own))

    def _shows(self, expected: Expectation, time: float) -> bool:
        value = self._value(expected)
        first = self._first.setdefault(expected, value)
        last = self._last.get(expected, value)
        moved = self._moved.setdefault(expected, np.full(len(value), time))
        with np.errstate(invalid="ignore"):
            moved[~((value == last) | (np.isnan(value) & np.isnan(last)))] = time
            shows = {
                "above": lambda: value > expected.value,
                "below": lambda: value < expected.value,
                "rises": lambda: value - first > expected.value,
                "falls": lambda: first - value > expected.value,
                "jumps": lambda: np.abs(value - last) > expected.value,
                "still": lambda: time - moved >= expected.value,
                "is": lambda: np.abs(value - expected.value) <= EXACT * max(1.0, abs(expected.value)),
                "missing": lambda: np.isnan(value) & ~np.isnan(first),
            }[expected.relation]()
        self._last[expected] = value
        return shows.size > 0 and bool(shows.all())

    def _value(self, expected: Expectation) -> Array:
        """The figure, less what it is held against, for each part."""
        figure, against = expected.figure, expected.against
        known = self.reader.paths(figure)
        paths = self.parts(figure.split(".", 1)[0], expected.at, known)
        value = self.reader.values(figure, paths)
        if against == "others":
            medians = [np.nanmedian(self.reader.values(figure, self.stage.places.others(path))) for path in paths]
            return np.asarray(value - np.array(medians))
        if against:
            other = against.removeprefix("sum ")
            sums = [self.reader.values(other, self._related(path, other)).sum() for path in paths]
            return np.asarray(value - np.array(sums))
        return value

    def _related(self, path: str, figure: str) -> tuple[str, ...]:
        kind = figure.split(".", 1)[0]
        places = self.stage.places
        return places.related(path, kind) if kind in places.paths else self.reader.paths(figure)

    def _stands(self, alarm: Alarm) -> bool:
        """The physics knows the alarm, and where a word of a map has a bit for it, that word says so."""
        active = self.stage.plant.alarms(alarm.kind, alarm.level)
        order = self.stage.places.paths.get(alarm.kind) or self.reader.parts_of(alarm.kind)
        stands = [path for path in self.parts(alarm.kind, alarm.at, order) if alarm.name in active[order.index(path)]]
        return any(self.reader.alarm(alarm.name, alarm.kind, path, alarm.level) is not False for path in stands)
