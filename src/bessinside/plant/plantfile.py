"""A plant file: which devices stand where, how they are reached, and what the plant is made of.

Every error names the file, the line, the key and what was expected.
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bessinside.errors import BessError
from bessinside.modbus import EndpointError, parse_endpoint, parse_quirks
from bessinside.plant import parts
from bessinside.plant.anatomy import Anatomy, Bus, Container
from bessinside.plant.economics import Economics, Warranty, economics, warranty
from bessinside.plant.toml_lines import error_line, key_lines
from bessinside.registers import shipped_maps
from bessinside.runtime import disk

SHIPPED = Path(__file__).with_name("plants")
SUNSPEC = "sunspec"  # the map of a device that lists its own registers
_DURATION = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_QUANTITY = {
    "W": 1.0,
    "kW": 1e3,
    "MW": 1e6,
    "Wh": 1.0,
    "kWh": 1e3,
    "MWh": 1e6,
}
_VOLTAGE = {"V": 1.0, "kV": 1e3}
_TABLES = {"plant", "metadata", "anatomy", "bus", "device", "emulator", "economics", "warranty"}
_PLANT_KEYS = {"id", "label", "emulated", "nameplate"}
_EMULATOR_KEYS = {"ac_voltage"}
_DEVICE_KEYS = {"id", "label", "map", "at", "url", "every", "skip", "only", "writes", "points", "quirks"}


class PlantError(BessError):
    """A plant file that cannot be used; `line` is 0 where no line can be named."""

    def __init__(self, path: str | Path, line: int, key: str, expected: str) -> None:
        self.path, self.line, self.key, self.expected = str(path), line, key, expected
        super().__init__(f"{path}:{line}: {key}: {expected}")


@dataclass(frozen=True, slots=True)
class Device:
    """One device of the plant: its register map, the parts it reports about and how it is polled.

    `every_s` is the poll period in seconds. `only` and `skip` are patterns over figure ids (`*/cell_voltage`): what is
    read at all. `writable` names the points that may be written, and only where the file says `writes = "allowed"`.
    `map` is the id of a shipped map, `sunspec`, or a file (beside the plant file where its path is relative).
    """

    id: str
    label: str
    map: str
    at: tuple[str, ...]
    url: str
    every_s: float
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    quirks: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0

    def reads(self, figure_id: str) -> bool:
        """Whether a figure is read from this device, by its `only` and `skip` patterns."""
        if self.only and not any(fnmatch.fnmatchcase(figure_id, pattern) for pattern in self.only):
            return False
        return not any(fnmatch.fnmatchcase(figure_id, pattern) for pattern in self.skip)


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant as its file describes it. `power_w` and `energy_wh` are the nameplate values, None where not stated.

    `ac_voltage` (V between phases, of the PCS) is only for the emulator; None where the file leaves it to it.
    """

    id: str
    label: str
    emulated: bool
    power_w: float | None
    energy_wh: float | None
    nameplate: Mapping[str, Any]
    metadata: Mapping[str, Any]
    anatomy: Anatomy
    devices: tuple[Device, ...]
    path: str
    ac_voltage: float | None = None
    economics: Economics | None = None
    warranty: Warranty | None = None

    @property
    def name(self) -> str:
        """How the plant is named on the command line: the id of a shipped plant, else its file."""
        return self.id if Path(self.path).parent == SHIPPED else self.path

    def device(self, name: str) -> Device:
        """The device of that id; KeyError where there is none."""
        for device in self.devices:
            if device.id == name:
                return device
        raise KeyError(name)


def shipped_plants() -> tuple[str, ...]:
    """Ids of the plants that come with the product."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def load_plant(source: str | Path, *, kept: bool = False) -> Plant:
    """Reads a plant file, or a shipped plant by its id. Raises PlantError.

    `kept`: a copy that is kept apart from its maps; whether they are there is not asked.
    """
    path = Path(source)
    shipped = SHIPPED / f"{source}.toml"
    if not path.suffix and shipped.exists():
        path = shipped
    try:
        text = disk.read_text(path)
    except OSError as error:
        known = ", ".join(shipped_plants())
        raise PlantError(
            source, 0, "file", f"cannot be read ({error.strerror}); shipped plants are: {known}"
        ) from error
    except UnicodeDecodeError as error:
        raise PlantError(source, 0, "file", f"is no text in UTF-8: {error}") from error
    return parse_plant(text, str(path), kept=kept)


def parse_plant(text: str, path: str = "plant.toml", *, kept: bool = False) -> Plant:
    """Turns the text of a plant file into a Plant. Raises PlantError with file, line, key and what was expected."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlantError(path, error_line(error), "toml", str(error)) from error
    return _Reader(path, key_lines(text), kept).plant(table)


class _Reader:
    """Walks the parsed tables; knows the file and the line of every key."""

    def __init__(self, path: str, lines: Mapping[tuple[str | int, ...], int], kept: bool) -> None:
        self.path = path
        self.lines = lines
        self.kept = kept

    def error(self, key: tuple[str | int, ...], expected: str) -> PlantError:
        known = next((self.lines[key[:n]] for n in range(len(key), 0, -1) if key[:n] in self.lines), 0)
        known = known or min((line for path, line in self.lines.items() if path[: len(key)] == key), default=0)
        return PlantError(self.path, known, ".".join(map(str, key)), expected)

    def plant(self, table: dict[str, Any]) -> Plant:
        self.known((), table, _TABLES)
        head = self.value((), table, "plant", dict)
        self.known(("plant",), head, _PLANT_KEYS)
        emulator = self.table((), table, "emulator")
        self.known(("emulator",), emulator, _EMULATOR_KEYS)
        money, promised = economics(self, table.get("economics")), warranty(self, table.get("warranty"))
        anatomy = Anatomy(self.containers(self.table((), table, "anatomy")), self.buses(self.table((), table, "bus")))
        self.check_buses(anatomy)
        devices = tuple(self.device(n, row, anatomy) for n, row in enumerate(self.value((), table, "device", list)))
        self.check_unique(devices)
        nameplate = self.table(("plant",), head, "nameplate")
        return Plant(
            id=self.name(("plant",), head),
            label=self.value(("plant",), head, "label", str),
            emulated=self.value(("plant",), head, "emulated", bool) if "emulated" in head else False,
            power_w=self.quantity(("plant", "nameplate"), nameplate, "power"),
            energy_wh=self.quantity(("plant", "nameplate"), nameplate, "energy"),
            nameplate=nameplate,
            metadata=self.table((), table, "metadata"),
            anatomy=anatomy,
            devices=devices,
            path=self.path,
            ac_voltage=self.ac_voltage(emulator),
            economics=money,
            warranty=promised,
        )

    def known(self, where: tuple[str | int, ...], table: Any, keys: set[str]) -> None:
        if not isinstance(table, dict):
            raise self.error(where, f"expected a table, got {table!r}")
        for key in table:
            if key not in keys:
                near = get_close_matches(key, keys, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise self.error((*where, key), f"unknown key, expected one of {', '.join(sorted(keys))}{hint}")

    def value(self, where: tuple[str | int, ...], table: Mapping[str, Any], key: str, kind: type) -> Any:
        if key not in table:
            raise self.error((*where, key), f"is missing, expected {_KIND[kind]}")
        if not isinstance(table[key], kind) or isinstance(table[key], bool) is not (kind is bool):
            raise self.error((*where, key), f"expected {_KIND[kind]}, got {table[key]!r}")
        return table[key]

    def table(self, where: tuple[str | int, ...], table: Mapping[str, Any], key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.value(where, table, key, dict) if key in table else {}
        return found

    def texts(self, where: tuple[str | int, ...], table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        found = self.value(where, table, key, list) if key in table else []
        for text in found:
            if not isinstance(text, str):
                raise self.error((*where, key), f"expected a list of texts, got {text!r} in it")
        return tuple(found)

    def name(self, where: tuple[str | int, ...], table: Mapping[str, Any]) -> str:
        name: str = self.value(where, table, "id", str)
        if not re.fullmatch(r"[a-z0-9_\-]+", name):
            raise self.error((*where, "id"), f"expected lower-case letters, digits, - and _, got {name!r}")
        return name

    def number(self, where: tuple[str | int, ...], text: object, units: Mapping[str, float], example: str) -> float:
        match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]+)\s*", str(text))
        if match is None or match.group(2) not in units:
            raise self.error(where, f"expected a number and a unit such as {example}, got {text!r}")
        return float(match.group(1)) * units[match.group(2)]

    def quantity(self, where: tuple[str | int, ...], table: Mapping[str, Any], key: str) -> float | None:
        return self.number((*where, key), table[key], _QUANTITY, "'2.5 MW'") if key in table else None

    def ac_voltage(self, emulator: Mapping[str, Any]) -> float | None:
        if "ac_voltage" not in emulator:
            return None
        where = ("emulator", "ac_voltage")
        volts = self.number(where, emulator["ac_voltage"], _VOLTAGE, "'400 V'")
        if not 100.0 <= volts <= 1500.0:
            raise self.error(where, f"expected 100 V to 1500 V between the phases, got {emulator['ac_voltage']!r}")
        return volts

    def duration(self, where: tuple[str | int, ...], row: Mapping[str, Any]) -> float:
        seconds = self.number((*where, "every"), row.get("every", "1 s"), _DURATION, "'1 s' or '500 ms'")
        if not 0.01 <= seconds <= 86400:
            raise self.error((*where, "every"), f"expected 10 ms to 24 h, got {row['every']!r}")
        return seconds

    def containers(self, tables: Mapping[str, Any]) -> tuple[Container, ...]:
        found = []
        for name, row in tables.items():
            where = ("anatomy", name)
            self.part(where, name, "container")
            self.known(where, row, {"racks", "modules", "cells", "sensors", "sensor_cells"})
            counts = {key: self.value(where, row, key, int) for key in ("racks", "modules", "cells")}
            counts["sensors"] = self.value(where, row, "sensors", int) if "sensors" in row else 0
            for key, count in counts.items():
                least = 0 if key == "sensors" else 1
                if not least <= count <= 10_000:
                    raise self.error((*where, key), f"expected a count from {least} to 10000, got {count}")
            at = self.sensor_cells(where, row, counts)
            found.append(Container(name, counts["racks"], counts["modules"], counts["cells"], counts["sensors"], at))
        return tuple(found)

    def sensor_cells(
        self, where: tuple[str | int, ...], row: Mapping[str, Any], counts: Mapping[str, int]
    ) -> tuple[int, ...]:
        """The cell at which each of a module's sensors sits; none where the file does not say."""
        if "sensor_cells" not in row:
            return ()
        cells = self.value(where, row, "sensor_cells", list)
        fit = len(cells) == counts["sensors"] and all(type(n) is int and 1 <= n <= counts["cells"] for n in cells)
        if not fit:
            need = f"{counts['sensors']} cell numbers from 1 to {counts['cells']}, one for each sensor of a module"
            raise self.error((*where, "sensor_cells"), f"expected {need}, got {cells!r}")
        return tuple(cells)

    def buses(self, tables: Mapping[str, Any]) -> tuple[Bus, ...]:
        found = []
        for name, row in tables.items():
            where = ("bus", name)
            self.part(where, name, "bus")
            self.known(where, row, {"pcs", "racks"})
            pcs = self.value(where, row, "pcs", str) if "pcs" in row else None
            if pcs is not None:
                self.part((*where, "pcs"), pcs, "pcs")
            self.value(where, row, "racks", list)
            found.append(Bus(name, pcs, self.texts(where, row, "racks")))
        return tuple(found)

    def check_buses(self, anatomy: Anatomy) -> None:
        racks = set(anatomy.all("rack"))
        on: dict[str, str] = {}
        for bus in anatomy.buses:
            for rack in bus.racks:
                if rack not in racks:
                    raise self.error(("bus", bus.id, "racks"), f"{rack!r} is no rack of this plant's anatomy")
                if rack in on:
                    raise self.error(("bus", bus.id, "racks"), f"{rack!r} hangs on {on[rack]} already")
                on[rack] = bus.id

    def device(self, n: int, row: Any, anatomy: Anatomy) -> Device:
        where = ("device", n)
        self.known(where, row, _DEVICE_KEYS)
        paths = (
            self.texts(where, row, "at") if isinstance(row.get("at"), list) else (self.value(where, row, "at", str),)
        )
        if not paths:
            raise self.error((*where, "at"), "expected a part such as c1/r04, got an empty list")
        for path in paths:
            self.stands(where, path, anatomy)
        name = self.name(where, row)
        writes = row.get("writes", "refused")
        if writes not in ("refused", "allowed"):
            raise self.error((*where, "writes"), f"expected 'refused' or 'allowed', got {writes!r}")
        points = self.texts(where, row, "points")
        if points and writes == "refused":
            raise self.error((*where, "points"), "names what may be written, but writes are refused")
        return Device(
            id=name,
            label=self.value(where, row, "label", str) if "label" in row else name,
            map=self.map(where, row),
            at=paths,
            url=self.url(where, row),
            every_s=self.duration(where, row),
            only=self.texts(where, row, "only"),
            skip=self.texts(where, row, "skip"),
            writable=points,
            quirks=self.quirks(where, row),
            line=self.lines.get(where, 0),
        )

    def map(self, where: tuple[str | int, ...], row: Mapping[str, Any]) -> str:
        name: str = self.value(where, row, "map", str)
        if name.endswith((".yaml", ".yml")):
            path = Path(self.path).parent / name
            if not self.kept and not disk.exists(path):
                raise self.error((*where, "map"), f"there is no file {path}")
            return str(path)
        if name != SUNSPEC and not self.kept and name not in shipped_maps():
            known = (*shipped_maps(), SUNSPEC)
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"shipped maps are {', '.join(known)}"
            raise self.error((*where, "map"), f"no map of the id {name!r}; {hint}")
        return name

    def url(self, where: tuple[str | int, ...], row: Mapping[str, Any]) -> str:
        url: str = self.value(where, row, "url", str)
        try:
            parse_endpoint(url)
        except EndpointError as error:
            raise self.error((*where, "url"), str(error)) from error
        return url

    def quirks(self, where: tuple[str | int, ...], row: Mapping[str, Any]) -> dict[str, Any]:
        quirks = self.table(where, row, "quirks")
        try:
            parse_quirks(quirks)
        except EndpointError as error:
            raise self.error((*where, "quirks"), str(error)) from error
        return quirks

    def part(self, where: tuple[str | int, ...], text: str, kind: str) -> None:
        try:
            written = parts.canonical(text)
        except ValueError as error:
            raise self.error(where, str(error)) from error
        if parts.kind_of(text) != kind or text != written:
            raise self.error(where, f"expected a {kind} such as {parts.segment(kind, 1)}, got {text!r}")

    def stands(self, where: tuple[str | int, ...], path: str, anatomy: Anatomy) -> None:
        """Checks that a part path exists in this plant."""
        try:
            written, numbers = parts.canonical(path), parts.numbers(path)
        except ValueError as error:
            raise self.error((*where, "at"), str(error)) from error
        if path != written:
            raise self.error((*where, "at"), f"expected {written!r}, got {path!r}")
        if "container" in numbers:
            try:
                container = anatomy.container(path)
            except KeyError:
                raise self.error((*where, "at"), f"the anatomy has no container {path.split('/')[0]!r}") from None
            for kind in ("rack", "module", "cell", "sensor"):
                have = container.count(kind)
                if numbers.get(kind, 0) > have:
                    what = f"{path!r}: {container.id} has {have} {kind}s, not {numbers[kind]}"
                    raise self.error((*where, "at"), what)
        elif "bus" in numbers and path not in anatomy.all("bus"):
            raise self.error((*where, "at"), f"{path!r} is no bus of this plant; add [bus.{path}] with its racks")

    def check_unique(self, devices: tuple[Device, ...]) -> None:
        seen: dict[str, int] = {}
        for n, device in enumerate(devices):
            if device.id in seen:
                raise self.error(("device", n, "id"), f"{device.id!r} is taken by device {seen[device.id] + 1}")
            seen[device.id] = n


_KIND = {str: "a text", int: "a whole number", list: "a list", dict: "a table", bool: "true or false"}
