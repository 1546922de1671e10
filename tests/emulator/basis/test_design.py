from __future__ import annotations

import re

import numpy as np
import pytest

from bessinside.emulator.basis.design import REF_5M, Design, DesignError, spread
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.whole.schedule import Schedule
from bessinside.plant import load_plant, parse_plant
from bessinside.plant.plantfile import SHIPPED

REF_1M_FILE = (SHIPPED / "ref-1m.toml").read_text(encoding="utf-8")
NOON = 1_750_000_000 * 10**9


def of(text: str) -> Design:
    return Design.of(parse_plant(text, "plant.toml"))


def changed(*pairs: tuple[str, str]) -> str:
    text = REF_1M_FILE
    for old, new in pairs:
        assert re.search(old, text), old
        text = re.sub(old, new, text)
    return text


def test_the_reference_plant_is_what_its_file_says() -> None:
    assert Design.of(load_plant("ref-5m")) == REF_5M
    assert REF_5M.all_cells == 4992
    assert (REF_5M.amps, REF_5M.level, REF_5M.size, REF_5M.share, REF_5M.power, REF_5M.feeders) == (1.0,) * 6
    assert (REF_5M.dc_voltage, REF_5M.max_apparent, REF_5M.transformer_rating) == (1331.2, 1.375e6, 2.75e6)
    assert REF_5M.parts["sensor"] == 1152


def test_ref_1m_is_four_buses_of_two_racks() -> None:
    design = of(REF_1M_FILE)
    assert (design.buses, design.racks, design.modules, design.cells) == (4, 8, 20, 12)
    assert (design.rated_power, design.max_apparent) == (250e3, 275e3)
    assert design.parts == {
        "meter": 1,
        "pcs": 4,
        "bus": 4,
        "container": 1,
        "rack": 8,
        "module": 160,
        "cell": 1920,
        "sensor": 640,
        "cooling": 1,
        "smoke": 1,
        "leak": 1,
    }
    assert design.dc_voltage == 768.0
    # the meter stands on the converters' voltage: nothing lies between, and its transformers are for 2,000 A
    assert (design.ac_voltage, design.grid_voltage, design.transformer_rating) == (400.0, 400.0, 0.0)
    assert design.ct_current == 2000.0


def test_the_cell_s_capacity_scales_its_resistance() -> None:
    design = of(changed((r"1929\.216 kWh", "3440.64 kWh"), ("314 Ah", "560 Ah")))
    assert design.cell.capacity == 560.0
    assert design.cell.r0 * 560.0 == pytest.approx(REF_5M.cell.r0 * 314.0)
    without = of(changed((r', cell = "314 Ah LFP, 3\.2 V"', "")))
    assert without.cell.capacity == pytest.approx(314.0)


def test_where_the_file_does_not_say_where_sensors_sit_they_sit_evenly() -> None:
    assert of(changed((r"sensor_cells.*\n", ""))).sensor_cells == (2, 5, 8, 11)
    # and where it says nothing of sensors, the BMS has its own all the same
    assert of(changed((r"sensors = 4\nsensor_cells.*\n", ""))).sensor_cells == spread(12, 3) == (3, 7, 11)


def test_a_meter_without_current_transformers_is_made_for_the_plant() -> None:
    assert of(changed((r'ct = "2000/5 A"\n', ""))).ct_current == pytest.approx(1443.4, abs=0.1)
    assert of(changed((r'ct = "2000/5 A"\n', 'vt = "10000/100 V"\n'))).transformer_rating == 1.1e6


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (r'power = "1 MW", ', "", r"plant\.nameplate\.power is missing"),
        (r"1929\.216 kWh", "2500 kWh", r"2500 kWh, but the anatomy's cells .* 1929\.22 kWh"),
        (r'energy = "1929\.216 kWh", cell = "314 Ah LFP, 3\.2 V", ', "", r"neither `cell = \"314 Ah\"` nor `energy`"),
        (r'racks = \["c1/r07", "c1/r08"\]', "racks = []", "every rack on a bus"),
        (r'"c1/r01", "c1/r02"', '"c1/r02", "c1/r01"', "in plant order"),
        (r'racks = \["c1/r01", "c1/r02"\]', 'racks = ["c1/r01"]', "every rack on a bus"),
        (r'pcs = "pcs4"', 'pcs = "pcs3"', r"bus\.bus4\.pcs: expected 'pcs4', got 'pcs3'"),
        (r'pcs = "pcs4"\n', "", r"expected 'pcs4', got None"),
        (r'ct = "2000/5 A"', 'ct = "2 kA"', r"metadata\.meter\.ct: expected a ratio such as '100/5 A', got '2 kA'"),
    ],
)
def test_what_cannot_be_emulated_says_why(old: str, new: str, says: str) -> None:
    text = changed((old, new))
    with pytest.raises(DesignError, match=says) as error:
        of(text)
    assert str(error.value).startswith("plant.toml: ")


def test_two_containers_are_refused_by_name() -> None:
    text = REF_1M_FILE.replace("[anatomy.c1]", "[anatomy.c2]\nracks = 1\nmodules = 1\ncells = 1\n\n[anatomy.c1]")
    with pytest.raises(DesignError, match="one container, the file has c2, c1"):
        of(text)


# Any plant: what is true of one of its size.


def flat(power: float) -> Schedule:
    return Schedule.parse(f"time,power\n00:00,{power}\n")


@pytest.fixture(scope="module", params=["ref-5m", "ref-1m", "one", "large cells"])
def working(request: pytest.FixtureRequest) -> Plant:
    if request.param == "one":
        design = Design(
            buses=1, racks=3, modules=5, cells=64, sensor_cells=spread(64, 7), rated_power=3.6e5, ct_current=20.0
        )
    elif request.param == "large cells":
        design = of(changed((r"1929\.216 kWh", "3440.64 kWh"), ("314 Ah", "560 Ah"), ("1 MW", "1.75 MW")))
    else:
        design = Design.of(load_plant(request.param))
    plant = Plant(seed=3, start_ns=NOON, schedule=flat(0.9 * design.rated_power * design.buses), design=design)
    for _ in range(40):
        plant.step(15.0)
    return plant


def test_it_follows_its_schedule_and_every_rack_carries_its_share(working: Plant) -> None:
    design = working.design
    assert working.meter.power == pytest.approx(0.9 * design.rated_power * design.buses, rel=2e-3)
    current = working.circuit.current.reshape(design.buses, -1)
    np.testing.assert_allclose(current.sum(axis=1), working.circuit.bus_current, rtol=1e-9)
    assert current.std() / current.mean() < 0.02
    assert working.alarms("rack") == [set()] * design.racks
    assert working.alarms("pcs") == [set()] * design.buses


def test_its_voltages_are_those_of_its_cells(working: Plant) -> None:
    design = working.design
    assert working.circuit.voltage == pytest.approx(design.dc_voltage, rel=0.04)
    assert working.pcs.dc_voltage == pytest.approx(design.dc_voltage, rel=0.04)
    low, high = working.pcs.dc_band
    assert low < 2.81 * design.series < 3.6 * design.series < high
    assert working.pcs.phase_voltage == pytest.approx(design.ac_voltage / 3**0.5, rel=0.05)
    assert working.quantity("meter", "voltage_ll") == pytest.approx(design.grid_voltage, rel=0.03)


def test_losses_and_temperatures_are_of_the_usual_size(working: Plant) -> None:
    efficiency = working.pcs.power / working.pcs.dc_power
    assert (efficiency > 0.980).all()
    assert (efficiency < 0.988).all()
    assert 20.0 < working.bms.temperature_extremes.high.max() < 32.0
    rise = working.pcs.heat_sinks.igbt.max() - working.weather.temperature
    assert 20.0 < rise < 38.0
    lost = working.transformer.loss / working.meter.power
    assert lost == 0.0 if working.design.transformer_rating == 0.0 else 0.006 < lost < 0.02


def test_every_quantity_has_one_value_for_each_part(working: Plant) -> None:
    for kind, count in working.parts.items():
        for name, values in working.readings(kind).items():
            assert values.shape == (count,), f"{kind}.{name}"


def test_a_fuller_history_belongs_to_a_larger_plant(working: Plant) -> None:
    size = working.design.all_cells / 4992.0
    out, back = (
        working.quantity("pcs", "dc_energy_discharged").sum(),
        working.quantity("pcs", "dc_energy_charged").sum(),
    )
    assert out == pytest.approx(size * working.design.amps * 410 * 4.9e6, rel=0.05)
    assert 0.93 < out / back < 0.97
