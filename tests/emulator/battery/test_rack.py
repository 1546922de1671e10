from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bessinside.emulator.battery.rack import BUS, CABLE, PRECHARGE, DcCircuit

seeds = st.integers(0, 2**32 - 1)
powers = st.floats(-1.25e6, 1.25e6)


def make(seed: int, spread: float = 1.0) -> DcCircuit:
    chance = np.random.default_rng(seed)
    circuit = DcCircuit(12, 2)
    circuit.set_sources(1370.0 + spread * chance.standard_normal(12), 0.066 * (1 + 0.03 * chance.standard_normal(12)))
    return circuit


@given(seeds, powers, powers)
def test_kirchhoff_and_the_power_asked_for(seed: int, first: float, second: float) -> None:
    circuit = make(seed)
    power = np.array([first, second])
    circuit.solve(power)
    np.testing.assert_allclose(circuit.current.reshape(2, 6).sum(axis=1), circuit.bus_current, atol=1e-7)
    np.testing.assert_allclose(circuit.pcs_voltage * circuit.bus_current, power, atol=1e-3)
    # Every mesh: source, rack, cable, bus.
    outside = np.repeat(circuit.bus_voltage, 6)
    np.testing.assert_allclose(circuit.emf - circuit.current * circuit.resistance, outside, atol=1e-9)
    np.testing.assert_allclose(circuit.voltage - circuit.current * CABLE, outside, atol=1e-9)
    np.testing.assert_allclose(circuit.bus_voltage - circuit.bus_current * BUS, circuit.pcs_voltage, atol=1e-9)


@given(seeds, powers, st.floats(0.0, 1.0))
def test_what_is_held_over_a_step_is_what_flows_at_its_end(seed: int, power: float, softening: float) -> None:
    circuit = make(seed)
    circuit.solve(np.array([power, 0.0]))
    before = circuit.current.copy()
    soft = np.full(12, softening)
    circuit.hold(soft)
    np.testing.assert_allclose(circuit.current.reshape(2, 6).sum(axis=1), circuit.bus_current, atol=1e-7)
    # Sources that fell by so much for each ampere put one voltage on every rack of a bus.
    outside = (circuit.emf - soft * circuit.current - circuit.current * circuit.resistance).reshape(2, 6)
    np.testing.assert_allclose(outside, outside[:, :1].repeat(6, axis=1), atol=1e-9)
    if not softening:
        np.testing.assert_allclose(circuit.current, before, atol=1e-7)


def test_an_open_rack_and_a_dead_bus_hold_nothing() -> None:
    circuit = make(3)
    circuit.closed[[2, *range(6, 12)]] = False
    circuit.set_sources(circuit.emf, np.full(12, 0.066))
    circuit.solve(np.array([1e6, 0.0]))
    circuit.hold(np.full(12, 0.1))
    assert circuit.current[2] == 0.0
    assert not circuit.current[6:].any()


def test_the_two_buses_know_nothing_of_each_other() -> None:
    circuit = make(1)
    circuit.solve(np.array([1e6, 0.0]))
    second = circuit.current[6:].copy()
    circuit.solve(np.array([-1e6, 0.0]))
    np.testing.assert_array_equal(circuit.current[6:], second)


def test_an_open_contactor_carries_nothing_and_its_neighbours_take_over() -> None:
    circuit = make(2, spread=0.0)
    circuit.solve(np.array([1.2e6, 1.2e6]))
    before = circuit.current.copy()
    circuit.closed[2] = False
    circuit.set_sources(circuit.emf, np.full(12, 0.066))
    circuit.solve(np.array([1.2e6, 1.2e6]))
    assert circuit.current[2] == 0.0
    assert circuit.voltage[2] == circuit.emf[2] > circuit.bus_voltage[0] + 5.0
    np.testing.assert_allclose(circuit.current[[0, 1, 3, 4, 5]] / before[0], 1.2, rtol=0.01)


def test_a_rack_far_from_its_bus_must_not_be_connected() -> None:
    circuit = make(3, spread=0.0)
    circuit.closed[0] = False
    circuit.set_sources(circuit.emf, np.full(12, 0.066))
    circuit.solve(np.array([1.2e6, 0.0]))
    assert not circuit.may_close(0)
    circuit.solve(np.zeros(2))
    assert circuit.may_close(0)


def test_a_bus_without_racks_is_dead() -> None:
    circuit = make(4)
    circuit.closed[:6] = False
    circuit.set_sources(circuit.emf, np.full(12, 0.066))
    circuit.solve(np.zeros(2))
    assert circuit.bus_voltage[0] == 0.0
    assert (circuit.current[:6] == 0.0).all()
    assert circuit.bus_voltage[1] > 1300.0
    assert circuit.may_close(0)


def test_racks_of_unequal_charge_equalise_at_rest() -> None:
    circuit = DcCircuit(12, 2)
    emf = np.full(12, 1370.0)
    emf[0] = 1372.0
    circuit.set_sources(emf, np.full(12, 0.066))
    circuit.solve(np.zeros(2))
    assert circuit.current[0] > 0.0
    assert (circuit.current[1:6] < 0.0).all()
    assert abs(circuit.current[:6].sum()) < 1e-9


def test_a_rack_is_precharged_before_its_contactors_close() -> None:
    circuit = make(5, spread=0.0)
    circuit.disconnect(4)
    circuit.set_sources(circuit.emf, np.full(12, 0.066))
    circuit.solve(np.zeros(2))
    assert circuit.connect(4)
    seconds = 0
    while not circuit.closed[4]:
        assert circuit.precharge[4] > 0.0
        circuit.step(0.5)
        seconds += 0.5
    assert seconds == PRECHARGE
    assert not circuit.precharge.any()
    assert circuit.connect(4)  # it is already


def test_a_rack_that_no_longer_fits_after_its_precharge_stays_open() -> None:
    circuit = make(5, spread=0.0)
    circuit.disconnect(4)
    circuit.set_sources(circuit.emf, np.full(12, 0.066))
    circuit.solve(np.zeros(2))
    assert circuit.connect(4)
    circuit.solve(np.array([1.2e6, 0.0]))  # the bus falls under load
    assert not circuit.may_close(4)
    circuit.step(60.0)
    assert not circuit.closed[4]
    assert not circuit.precharge.any()
    assert not circuit.connect(4)
