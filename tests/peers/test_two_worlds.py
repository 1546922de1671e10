"""One plant in two worlds of registers, from the same seed at the same instant: vendor maps and pure SunSpec.

Both twins read over sockets of the machine; what both show must be the same within both quantisations. pysunspec2 reads
the SunSpec world and finds the physics in it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

import bessinside
from bessinside.emulator.service.serve import Emulator
from bessinside.modbus import parse_endpoint
from bessinside.plant import Plant, load_plant, parse_plant
from bessinside.plant.plantfile import SHIPPED
from bessinside.twin import Quality, Twin
from bessinside.twin.scan import Found, scan
from tests.peers.conftest import Background, Held, on_ports, wait_for_two_sweeps

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("two-worlds")]

START = 1_782_050_400_000_000_000  # 2026-06-21 14:00 UTC
SUNSPEC = load_plant("ref-5m-sunspec")
DEVICES = [device.id for device in SUNSPEC.devices]
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def worlds(background: Background, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Held]]:
    """The plant at work since a quarter of an hour, standing still, behind both kinds of registers."""
    folder = tmp_path_factory.mktemp("worlds")
    busy = folder / "busy.csv"
    busy.write_text("time,power\n00:00,1100000\n", encoding="utf-8")

    async def begin(plant: Plant) -> Emulator:
        emulator = Emulator(plant, seed=8, schedule=str(busy), at=START)
        emulator.hold()
        for _ in range(90):
            emulator.advance(10.0)
        emulator.show()
        return await emulator.__aenter__()

    found: dict[str, Held] = {}
    open_ones: list[Any] = []
    emulators: list[Emulator] = []
    try:
        for world in ("ref-5m", "ref-5m-sunspec"):
            file = folder / f"{world}.toml"
            file.write_text(on_ports((SHIPPED / f"{world}.toml").read_text(encoding="utf-8")), encoding="utf-8")
            plant = parse_plant(file.read_text(encoding="utf-8"), str(file))
            emulators.append(background.run(begin(plant)))
            twin = bessinside.open(file).__enter__()
            open_ones.append(twin)
            twin.wait(60.0)
            wait_for_two_sweeps(twin)
            found[world] = Held(plant, emulators[-1], twin, twin.snapshot())
        yield found
    finally:
        for twin in open_ones:
            twin.__exit__(None, None, None)
        for emulator in emulators:
            background.run(emulator.__aexit__())


# What strangers read


def scanned(held: Held, device: str) -> SunSpecModbusClientDeviceTCP:
    found = SunSpecModbusClientDeviceTCP(held.unit(device), "127.0.0.1", held.port(device), timeout=20.0)
    found.scan()
    found.close()
    return found


Truth = Callable[[Any, int], float]


def of(kind: str, name: str, share: float = 1.0) -> Truth:
    return lambda physics, n: share * float(physics.quantity(kind, name)[n])


METER: dict[str, Truth] = {
    "W": of("meter", "active_power"),
    "WphB": of("meter", "active_power_l2"),
    "VAR": of("meter", "reactive_power"),
    "VA": of("meter", "apparent_power"),
    "PF": of("meter", "power_factor", 100.0),
    "Hz": of("meter", "frequency"),
    "A": of("meter", "current"),
    "AphC": of("meter", "current_l3"),
    "PhVphA": of("meter", "voltage_l1"),
    "PhVphCA": of("meter", "voltage_l31"),
    "TotWhExp": of("meter", "energy_export"),
    "TotWhImpPhA": of("meter", "energy_import_l1"),
}
PCS: dict[tuple[int, str], Truth] = {
    (701, "W"): of("pcs", "active_power"),
    (701, "Var"): of("pcs", "reactive_power"),
    (701, "WL2"): of("pcs", "active_power_l2"),
    (701, "AL3"): of("pcs", "current_l3"),
    (701, "VL1L2"): of("pcs", "voltage_l12"),
    (701, "VL2"): of("pcs", "voltage_l2"),
    (701, "Hz"): of("pcs", "frequency"),
    (701, "TotWhInj"): of("pcs", "ac_energy_discharged"),
    (701, "TotWhAbs"): of("pcs", "ac_energy_charged"),
    (701, "TmpSw"): of("pcs", "igbt_temperature"),
    (701, "TmpCab"): of("pcs", "cabinet_temperature"),
    (713, "SoC"): of("bus", "soc"),
    (713, "SoH"): of("bus", "soh"),
    (713, "WHAvail"): of("pcs", "bms_dischargeable_energy"),
    (714, "DCA"): of("pcs", "dc_current"),
    (714, "DCW"): of("pcs", "dc_power"),
    (714, "DCWhInj"): of("pcs", "dc_energy_discharged"),
}
RACK: dict[tuple[int, str], Truth] = {
    (802, "SoC"): of("rack", "soc"),
    (802, "V"): of("rack", "voltage_external"),
    (802, "W"): of("rack", "power"),
    (802, "ADisChaMax"): of("rack", "discharge_current_limit"),
    (802, "NCyc"): of("rack", "cycles"),
    (803, "StrVMax"): of("rack", "voltage"),
    (803, "ModTmpMin"): of("rack", "temperature_min"),
    (804, "A"): of("rack", "current"),
    (804, "V"): of("rack", "voltage"),
    (804, "SoH"): of("rack", "soh"),
    (804, "CellVMax"): of("rack", "cell_voltage_max"),
    (804, "CellVMinMod"): of("rack", "cell_voltage_min_module"),
    (804, "ModTmpAvg"): of("rack", "temperature_mean"),
}


def check(model: Any, point: str, truth: float, where: str) -> None:
    """Within half a step of the register, as pysunspec2 knows the step."""
    found = model.points[point]
    exponent = model.points[found.pdef["sf"]].value if "sf" in found.pdef else 0
    assert abs(found.cvalue - truth) <= 0.5 * 10.0**exponent * (1 + 1e-9), (where, point, found.cvalue, truth)


def test_strangers_find_the_physics_of_the_meter(worlds: dict[str, Held]) -> None:
    held = worlds["ref-5m-sunspec"]
    device = scanned(held, "meter")
    assert [model.model_id for model in device.model_list] == [1, 203]
    for point, truth in METER.items():
        check(device.models[203][0], point, truth(held.emulator.physics, 0), "meter")
    assert device.models[203][0].points["W"].cvalue > 5e5


@pytest.mark.parametrize("n", [0, 1])
def test_strangers_find_the_physics_of_a_pcs(worlds: dict[str, Held], n: int) -> None:
    held = worlds["ref-5m-sunspec"]
    device = scanned(held, f"pcs{n + 1}")
    assert [model.model_id for model in device.model_list] == [1, 701, 713, 714]
    for (number, point), truth in PCS.items():
        check(device.models[number][0], point, truth(held.emulator.physics, n), f"pcs{n + 1}")
    (port,) = device.models[714][0].groups["Prt"]
    assert port.points["DCV"].cvalue == pytest.approx(held.emulator.physics.quantity("pcs", "dc_voltage")[n], abs=0.051)
    assert port.points["IDStr"].value == f"bus{n + 1}"
    assert (device.models[701][0].points["InvSt"].value, device.models[701][0].points["ConnSt"].value) == (3, 1)


@pytest.mark.parametrize("n", range(12))
def test_strangers_find_the_physics_of_a_rack(worlds: dict[str, Held], n: int) -> None:
    held, name = worlds["ref-5m-sunspec"], f"bms{n + 1:02d}"
    device, physics = scanned(held, name), held.emulator.physics
    assert device.base_addr == (40000 if n < 6 else 0)
    assert [model.model_id for model in device.model_list] == [1, 802, 803, 804, 805, 805, 805, 805]
    for (number, point), truth in RACK.items():
        check(device.models[number][0], point, truth(physics, n), name)
    volts, temperatures = (
        physics.quantity("cell", which).reshape(12, 4, 104)[n] for which in ("voltage", "temperature")
    )
    for m, module in enumerate(device.models[805]):
        cells = module.groups["lithium-ion-module-cell"]
        assert [cell.points["CellV"].cvalue for cell in cells] == pytest.approx(volts[m], abs=5.01e-4)
        for cell, truth in zip(cells, temperatures[m], strict=True):
            shown = cell.points["CellTmp"].cvalue
            assert (shown is None) == math.isnan(truth)
            assert shown is None or shown == pytest.approx(truth, abs=0.0501)


def test_our_scan_finds_every_device(worlds: dict[str, Held]) -> None:
    held = worlds["ref-5m-sunspec"]
    ports: dict[int, list[str]] = {}
    for device in held.plant.devices:
        ports.setdefault(parse_endpoint(device.url).port, []).append(device.id)
    gateway = next(port for port, devices in ports.items() if len(devices) > 1)

    async def ask(port: int, units: range) -> dict[str, Found | None]:
        return {url: found async for url, found in scan("127.0.0.1", [port], units)}

    for port in (held.port("meter"), held.port("pcs2"), held.port("bms12")):
        (found,) = asyncio.run(ask(port, range(1, 2))).values()
        assert found is not None
        assert found.sunspec is not None
    units = asyncio.run(ask(gateway, range(1, 8)))
    labels = [found.sunspec.label if found and found.sunspec else None for found in units.values()]
    assert labels == ["SunSpec models 1, 802, 803, 804, 805"] * 6 + [None]


# What both twins show


def quantum(twin: Twin, index: int) -> float:
    bound, i = twin.binding.locate(index)
    readings = twin.devices[bound.number]
    return float(readings.codec.quantum(i, readings.words))


def good(held: Held, names: tuple[str, ...]) -> dict[str, int]:
    return {name: index for index, name in enumerate(names) if held.now.quality[index] == Quality.GOOD}


def test_the_physics_of_both_worlds_is_the_same(worlds: dict[str, Held]) -> None:
    ours, theirs = (held.emulator.physics for held in worlds.values())
    assert ours.time_ns == theirs.time_ns
    assert np.array_equal(ours.quantity("cell", "voltage"), theirs.quantity("cell", "voltage"))
    assert np.array_equal(ours.quantity("meter", "energy_export"), theirs.quantity("meter", "energy_export"))


def test_both_worlds_show_the_same_readings(worlds: dict[str, Held]) -> None:
    vendor, sunspec = worlds["ref-5m"], worlds["ref-5m-sunspec"]
    mine, other = sunspec.twin.twin, vendor.twin.twin
    there = good(vendor, other.binding.ids)
    compared: dict[str, int] = {}
    for name, index in good(sunspec, mine.binding.ids).items():
        metric = mine.binding.metrics[index]
        if name not in there or metric is None or metric.unit in ("code", "text"):
            continue
        shown, seen = sunspec.now.values[index], vendor.now.values[there[name]]
        limit = (quantum(mine, index) + quantum(other, there[name])) / 2 + 1e-9 * abs(seen)
        assert abs(shown - seen) <= limit, (name, shown, seen, limit)
        compared[metric.key] = compared.get(metric.key, 0) + 1
    assert compared["cell.voltage"] == 4992
    assert compared["rack.soc"] == compared["rack.voltage"] == compared["rack.current"] == 12
    assert compared["module.voltage"] == compared["module.soc"] == 48
    assert {key.split(".")[0] for key in compared} == {"meter", "pcs", "rack", "module", "cell"}
    assert len(compared) > 80
    assert sum(compared.values()) > 5800


def errors(twin: Twin, values: Floats, index: int) -> float:
    """How far a derived figure may be off because each of its inputs is off by half a step; first order."""
    formula, _, inputs = twin.derived.locate(index)
    steps = np.array([quantum(twin, int(i)) / 2 for i in inputs])
    if len(inputs) > 1000:  # means, extremes and spreads of all cells
        return 2.0 * float(np.nanmax(steps))
    at = values[inputs]
    moved = formula.kernel(at[None, :] + np.diag(steps))
    return float(np.nansum(np.abs(moved - formula.kernel(at[None, :]))))


def test_both_worlds_show_the_same_derived_figures(worlds: dict[str, Held]) -> None:
    vendor, sunspec = worlds["ref-5m"], worlds["ref-5m-sunspec"]
    mine, other = sunspec.twin.twin, vendor.twin.twin
    by_place = {
        (formula.key, part): index
        for index in range(other.derived.size)
        for formula, part, _ in [other.derived.locate(index)]
    }
    compared: set[str] = set()
    for index in range(mine.derived.size):
        formula, part, inputs = mine.derived.locate(index)
        there = by_place.get((formula.key, part))
        if there is None or sunspec.now.derived_quality[index] != Quality.GOOD:
            continue
        if len(inputs) != len(other.derived.locate(there)[2]):
            continue
        assert vendor.now.derived_quality[there] == Quality.GOOD
        limit = errors(mine, sunspec.now.values, index) + errors(other, vendor.now.values, there)
        shown, seen = sunspec.now.derived_values[index], vendor.now.derived_values[there]
        assert abs(shown - seen) <= limit + 1e-9 * abs(seen), (formula.key, part, shown, seen, limit)
        compared.add(formula.key)
    wanted = {"pcs.efficiency", "container.cell_voltage_mean", "container.cell_voltage_max", "container.cells_read"}
    assert wanted | {"module.cell_voltage_sum", "rack.cell_voltage_spread"} <= compared


def test_the_levels_are_filled_as_far_as_sunspec_carries_them(worlds: dict[str, Held]) -> None:
    held = worlds["ref-5m-sunspec"]
    assert set(held.now.quality.tolist()) == {Quality.GOOD, Quality.NOT_IMPLEMENTED}
    filled = {}
    for level in held.twin.levels():
        for row in level.figures:
            assert (row.value is not None or row.text is not None) == (row.quality == "good"), row
        filled[level.key] = sum(row.quality == "good" for row in level.figures)
    # water and NTC of their own, gas, smoke, leaks and insulation: these models have no word for them
    assert {key for key, count in filled.items() if count < 3} == {"thermal-sensor", "safety"}
    assert filled["rack-and-bms"] >= 96
    assert filled["active-and-reactive-power"] >= 12


def test_one_gateway_is_one_connection(worlds: dict[str, Held]) -> None:
    held = worlds["ref-5m-sunspec"]
    lines = {poller.readings.bound.device.id: poller.line for poller in held.twin.twin.pollers}
    assert len({id(lines[f"bms{n:02d}"]) for n in range(1, 7)}) == 1
    assert len({id(line) for line in lines.values()}) == 10
