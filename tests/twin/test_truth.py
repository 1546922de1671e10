"""The closed loop: what the physics computes is what the twin shows, after register, socket and decoding.

The only tests that look into the emulator's memory; between the two there is a socket of the machine.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bessinside.emulator.worlds import sunspec, sunspec_words
from bessinside.emulator.worlds.wording import NAMES, symbol_names
from bessinside.plant import parts
from bessinside.twin import Quality

# What a rack's SunSpec device says about itself; no quantity of the physics stands behind it.
CONSTANTS = {"SunS", "ID", "L", "ModIdx", "NStr", "StrNMod", "ModNCell", "NCell", "Idx", "StrIdx", "WHRtg", "AHRtg"}
CONSTANTS |= {"Typ", "LocRemCtl", "AlmRst", "Mn", "Md", "Vr", "SN", *(name for _, name in sunspec.ONE_STRING)}
NO_EVENTS = {"Evt2", "EvtVnd1", "EvtVnd2", "StrEvt2", "StrEvtVnd1", "StrEvtVnd2"}


def entry(part: str) -> int:
    """Which entry of a quantity's array a part is, by the numbers in its path (4 modules, 104 cells, 24 NTC)."""
    n = parts.numbers(part)
    kind = parts.kind_of(part)
    module = (n.get("rack", 1) - 1) * 4 + n.get("module", 1) - 1
    if kind == "cell":
        return module * 104 + n["cell"] - 1
    if kind == "sensor":
        return module * 24 + n["sensor"] - 1
    return {"rack": n.get("rack", 1) - 1, "module": module}.get(kind, n.get(kind, 1) - 1)


def registers(bound: Any, i: int) -> set[tuple[str, int, int]]:
    """The registers of a point: device, function code, address."""
    first = int(bound.layout.address[i])
    return {(bound.device.id, int(bound.layout.fc[i]), first + word) for word in range(int(bound.layout.words[i]))}


def quantum(twin: Any, index: int) -> float:
    bound, i = twin.binding.locate(index)
    readings = twin.devices[bound.number]
    return float(readings.codec.quantum(i, readings.words))


def test_every_served_point_shows_what_the_physics_computes(emulated: Any, reference: Any) -> None:
    twin, physics, now = reference.twin, emulated.emulator.physics, reference.snapshot()
    served: set[tuple[str, int, int]] = set()
    for image in emulated.emulator.world.images:
        served = served.union(*(registers(image.bound, i) for i in np.flatnonzero(image.served)))
    compared, coded, wrong = 0, 0, []
    for index, metric in enumerate(twin.binding.metrics):
        bound, i = twin.binding.locate(index)
        if not registers(bound, i) <= served:
            assert now.quality[index] == Quality.DEVICE_EXCEPTION, twin.binding.ids[index]
            continue
        if metric is None:
            continue
        part, value = twin.binding.parts[index], float(now.values[index])
        if metric.unit == "text" and bound.device.map == "sunspec":
            assert twin.text(index) == physics.text(metric.kind, metric.name)[entry(part)]
            continue
        own = None
        if bound.device.map == "sunspec":
            own = sunspec_words.CODED.get((metric.kind, sunspec.model_of(bound, i) or 0, bound.point(i).name))
        if own is not None or (metric.kind, metric.name) in NAMES:
            named = symbol_names(physics, metric.kind, metric.name, entry(part)) if own is None else set()
            names = named if own is None else own(physics, entry(part))
            symbols = {symbol.name: symbol.value for symbol in bound.point(i).symbols}
            known = [symbols[name] for name in names if name in symbols]
            bits = bound.point(i).type.startswith("bitfield")
            truth = float(sum(1 << bit for bit in known) if bits else max(known, default=0))
            limit = 0.0
            coded += 1
        else:
            try:
                truth = float(physics.quantity(metric.kind, metric.name)[entry(part)])
            except KeyError:
                # SunSpec serves it and says so
                assert now.quality[index] == Quality.NOT_IMPLEMENTED, twin.binding.ids[index]
                continue
            limit = quantum(twin, index) / 2 + 1e-9 * abs(truth)
        if math.isnan(truth):
            assert now.quality[index] == Quality.NOT_IMPLEMENTED
            continue
        compared += 1
        if not (abs(value - truth) <= limit and now.quality[index] == Quality.GOOD):
            wrong.append((twin.binding.ids[index], value, truth, limit, Quality(now.quality[index]).label))
    assert wrong == []
    assert compared > 9000
    assert coded > 90


def test_nothing_is_shown_that_the_physics_does_not_know(reference: Any) -> None:
    """Every good number without a metric is a constant of the SunSpec device, or shows what a bound point shows."""
    twin, now = reference.twin, reference.snapshot()
    with_metric: set[tuple[str, int, int]] = set()
    for index in np.flatnonzero([metric is not None for metric in twin.binding.metrics]):
        with_metric |= registers(*twin.binding.locate(int(index)))
    unexplained = []
    for index in np.flatnonzero(now.quality == Quality.GOOD):
        if twin.binding.metrics[index] is not None:
            continue
        bound, i = twin.binding.locate(int(index))
        if bound.device.map == "sunspec":
            point = bound.point(i)
            own = ("rack", sunspec.model_of(bound, i), point.name)
            words = own in sunspec_words.READINGS or own in sunspec_words.CODED or point.name in {"DoD", "NCellBal"}
            known = words or point.type == "sunssf" or point.name in CONSTANTS | NO_EVENTS
            if not known and sunspec.hidden_metric(bound, i) is None:
                unexplained.append(twin.binding.ids[index])
        elif not registers(bound, i) <= with_metric:  # a second reading of a register that shows a metric
            unexplained.append(twin.binding.ids[index])
    assert unexplained == []


def test_a_point_that_is_not_served_answers_exception_2(emulated: Any, reference: Any) -> None:
    refused = [readings.refusals.registers for readings in reference.twin.devices]
    assert sum(map(len, refused)) > 300
    assert {code for registers in refused for code in registers.values()} == {2}
    assert refused[-1] == {}  # a SunSpec reader takes whole models


def test_the_sunspec_rack_shows_the_same_figures(reference: Any) -> None:
    twin, now = reference.twin, reference.snapshot()
    compared = set()
    for index, name in enumerate(twin.binding.ids):
        plain, _, device = name.partition("@")
        if device != "ss12" or twin.binding.metrics[index] is None:
            continue
        other = twin.binding.find(plain)  # the rack's own BMS comes first in the plant file
        if other is None or other == index or now.quality[index] != Quality.GOOD:
            continue
        assert now.quality[other] == Quality.GOOD, plain
        limit = (quantum(twin, index) + quantum(twin, other)) / 2 + 1e-9
        if twin.binding.units[index] != "code":
            assert abs(now.values[index] - now.values[other]) <= limit, plain
            compared.add(plain)
    cells = {name for name in compared if name.startswith("c1/r12/m") and "/cell" in name and name.endswith("/voltage")}
    assert len(cells) == 416
    rack = {"soc", "soh", "voltage", "current", "cell_voltage_max", "cell_voltage_min"}
    assert {f"c1/r12/{name}" for name in rack} <= compared


def test_every_passport_recomputes_its_value(reference: Any) -> None:
    """Steps in plain Python against the codec's arrays, and both against the bytes of the answer."""
    twin, now = reference.twin, reference.snapshot()
    checked = 0
    good = [i for i in np.flatnonzero(now.quality == Quality.GOOD) if np.isfinite(now.values[i])]
    cells = [i for i in good if "/cell" in twin.binding.ids[i] or "/ntc" in twin.binding.ids[i]]
    chosen = sorted(set(good) - set(cells))[::4] + cells[::29]
    for index in chosen:
        passport = reference.passport(twin.binding.ids[index])
        reading = passport.reading
        assert float(reading.steps[-1].result) == pytest.approx(passport.value, rel=1e-9, abs=1e-12), passport.id
        response = bytes.fromhex(reading.response_hex)
        span = response[reading.value_start : reading.value_start + reading.value_length]
        if reading.function_code > 2:
            assert span.hex().upper() == "".join(reading.words), passport.id
        else:
            first = int.from_bytes(bytes.fromhex(reading.request_hex)[8:10], "big")
            assert span[0] >> (reading.address - first) % 8 & 1 == passport.value, passport.id
        checked += 1
    assert checked > 500


def test_derived_figures_follow_from_the_physics(emulated: Any, reference: Any) -> None:
    physics = emulated.emulator.physics
    ac, dc = physics.quantity("pcs", "active_power"), physics.quantity("pcs", "dc_power")
    assert ac[0] > 5e5  # the test's schedule discharges
    for n in (1, 2):
        shown = reference.figure(f"pcs{n}/efficiency").value
        assert shown == pytest.approx(100 * ac[n - 1] / dc[n - 1], abs=0.05)
    cells = physics.quantity("cell", "voltage")
    assert reference.figure("c1/cell_voltage_max").value == pytest.approx(cells.max(), abs=6e-4)
    assert reference.figure("c1/r03/cell_voltage_sum").value == pytest.approx(cells[2 * 416 : 3 * 416].sum(), abs=0.25)
    assert reference.figure("c1/cells_read").value == 4992


def test_all_fourteen_levels_have_readings(reference: Any) -> None:
    rows = reference.levels()
    assert [level.id for level in rows] == list(range(1, 15))
    for level in rows:
        good = [row for row in level.figures if row.quality == "good"]
        assert len(good) >= 3, level.key
        for row in level.figures:
            assert (row.value is not None or row.text is not None) == (row.quality == "good"), row
            if row.quality == "good":
                assert row.age is not None
                assert row.age < 8


def test_the_twin_follows_the_plant(emulated: Any, reference: Any) -> None:
    from time import monotonic, sleep

    before = reference.figure("meter/energy_export").value
    emulated.step(60.0)
    truth = float(emulated.emulator.physics.quantity("meter", "energy_export")[0])
    ends = monotonic() + 10
    while reference.figure("meter/energy_export").value == before and monotonic() < ends:
        sleep(0.05)
    after = reference.figure("meter/energy_export").value
    index = reference.twin.binding.find("meter/energy_export")
    assert after == pytest.approx(truth, abs=quantum(reference.twin, index))
    assert after - before == pytest.approx(1.2e6 / 60, rel=0.1)
