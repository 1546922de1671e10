"""The way down from the maximum: bars add up exactly, and each fault lands in its own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bessinside.market.dispatch.battery import BatteryError, Floats
from bessinside.market.dispatch.programme import Calendar
from bessinside.market.plans.follow import follow
from bessinside.market.plans.plan import rolling
from bessinside.market.prices.sample import sample
from bessinside.market.realised.measured import counted_energy, efficiencies, standing_draw
from bessinside.market.realised.waterfall import Realised, Waterfall, waterfall
from tests.market.years import ZONE, reference

KEYS = (
    "one_way", "foresight", "schedule", "cycle_cap", "frequency", "availability", "limits", "usable_energy",
    "efficiency", "unexplained", "auxiliaries", "meter",
)  # fmt: skip
PRICES = sample().price[: 7 * 96]
CALENDAR = Calendar.of(sample().start_ns[: 7 * 96], 900, ZONE)
N = len(CALENDAR)
BOUGHT = reference()


@cache
def wanted() -> Floats:
    """The schedule of a marketer who knows two days and follows it."""
    return rolling("plan", BOUGHT, PRICES, PRICES, CALENDAR).power_w


def week(
    *,
    available: Floats | None = None,
    limit: Floats | None = None,
    usable: Floats | None = None,
    soc_max: float = 1.0,
    efficiency: float | None = None,
    auxiliary: float = 0.0,
    transformer: float = 0.0,
    share_wanted: float = 1.0,
) -> Waterfall:
    """A week with the given faults, its registers exact."""
    plan = share_wanted * wanted()
    share = np.ones(N) if available is None else available
    power = np.ones(N) if limit is None else limit
    real = replace(
        BOUGHT,
        end_wh=None,
        charge_available=share * power,
        discharge_available=share * power,
        energy_available=usable,
        soc_max=soc_max,
        charging=efficiency or BOUGHT.charging,
        discharging=efficiency or BOUGHT.discharging,
    )
    charge, discharge = follow(real, plan, CALENDAR, forced=False)
    pcs = discharge - charge
    aux = np.full(N, auxiliary)
    found = Realised(
        meter_w=pcs - aux - transformer * np.abs(pcs),
        pcs_w=pcs,
        auxiliary_w=aux,
        schedule_w=plan,
        available=share,
        charge_limit=power,
        discharge_limit=power,
        soc_max=soc_max,
        full_at=usable,
        charging=efficiency,
        discharging=efficiency,
    )
    return waterfall(PRICES, CALENDAR, BOUGHT, found)


def outage() -> Floats:
    share = np.ones(N)
    share[2 * 96 : 3 * 96] = 0.0
    return share


def later(value: float) -> Floats:
    return np.where(np.arange(N) < 2 * 96, 1.0, value)


FAULTS = {
    "availability": {"available": outage()},
    "limits": {"limit": later(0.6)},
    "usable_energy": {"usable": later(0.8)},
    "efficiency": {"efficiency": 0.9},
    "auxiliaries": {"auxiliary": 15e3},
    "meter": {"transformer": 0.01},
    "schedule": {"share_wanted": 0.5},
}


@cache
def faulty(fault: str) -> Waterfall:
    """The week with one fault."""
    return week(**FAULTS[fault])  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_lands_in_its_own_bar(fault: str) -> None:
    found = faulty(fault)
    assert tuple(bar.key for bar in found.bars) == KEYS
    assert found.bar(fault).eur > 0.001 * found.bound_eur
    for bar in found.bars:
        if bar.key not in (fault, "one_way", "foresight"):
            assert abs(bar.eur) < 1e-6, f"{bar.key} has part of {fault}"
    assert found.unexplained_share < 1e-9


@pytest.mark.parametrize("fault", FAULTS)
def test_bars_add_up_and_their_slots_too(fault: str) -> None:
    found = faulty(fault)
    assert found.bound_eur - sum(bar.eur for bar in found.bars) == pytest.approx(found.realised_eur, abs=1e-9)
    assert found.bars[0].before_eur == pytest.approx(found.bound_eur, abs=1e-9)
    for bar in found.bars:
        assert bar.slot_eur.sum() == pytest.approx(bar.eur, abs=1e-9)
        assert np.all(np.abs(bar.slot_eur[bar.slots]) >= 0.005)
        assert np.all(np.diff(np.abs(bar.slot_eur[bar.slots])) <= 1e-12)
    for bar, following in zip(found.bars, found.bars[1:], strict=False):
        assert bar.after_eur == following.before_eur


def test_an_outage_lists_slots_of_the_outage_and_what_follows_from_it() -> None:
    bar = faulty("availability").bar("availability")
    assert 2 * 96 <= bar.slots[0] < 4 * 96
    assert bar.slots.min() >= 2 * 96


def test_all_faults_at_once_still_leave_no_rest() -> None:
    found = week(
        available=outage(), limit=later(0.7), usable=later(0.85), soc_max=0.95, efficiency=0.91, auxiliary=12e3,
        transformer=0.008, share_wanted=0.9,
    )  # fmt: skip
    assert found.unexplained_share < 1e-9
    assert sum(bar.eur for bar in found.bars) == pytest.approx(found.bound_eur - found.realised_eur, abs=1e-9)
    lost = {bar.key: bar.eur for bar in found.bars}
    assert min(lost[key] for key in ("schedule", "availability", "limits", "auxiliaries", "meter")) > 0
    assert found.realised_eur < found.bound_eur


def test_what_the_converters_did_not_follow_is_named_unexplained() -> None:
    plan = wanted()
    found = waterfall(PRICES, CALENDAR, BOUGHT, Realised(meter_w=0.9 * plan, pcs_w=0.9 * plan, schedule_w=plan))
    assert found.bar("unexplained").eur == pytest.approx(0.1 * found.bar("unexplained").before_eur, rel=1e-6)
    assert found.unexplained_share > 0.05
    missing = {bar.key for bar in found.bars if not bar.measured}
    assert missing == {"frequency", "availability", "limits", "usable_energy", "efficiency", "auxiliaries"}


def test_cycles_beyond_the_cap_are_carried_out_and_have_a_bar_of_their_own() -> None:
    """A plant that nobody holds to the cap earns more by it: the bar goes up, and nothing is left unexplained."""
    eager = replace(BOUGHT, cycles_day=None, end_wh=None)
    plan = rolling("eager", eager, PRICES, PRICES, CALENDAR).power_w
    found = waterfall(PRICES, CALENDAR, BOUGHT, Realised(meter_w=plan, pcs_w=plan, schedule_w=plan))
    assert found.bar("cycle_cap").eur < -0.01 * found.bound_eur
    assert found.bar("cycle_cap").measured
    assert found.unexplained_share < 1e-9
    kept = waterfall(PRICES, CALENDAR, eager, Realised(meter_w=plan, pcs_w=plan, schedule_w=plan))
    assert kept.bar("cycle_cap").eur == pytest.approx(0.0, abs=1e-9)
    assert kept.realised_eur == pytest.approx(found.realised_eur, abs=1e-9)


def answering(both_w: float = 0.0) -> tuple[Waterfall, Floats]:
    """A week under half the schedule, with an answer to the frequency that moves up to 60 kW in the mean of a slot, and
    `both_w` both ways within each."""
    response = np.random.default_rng(5).normal(0, 20e3, N)
    plan, both = 0.5 * wanted(), np.full(N, both_w)
    real = replace(BOUGHT, end_wh=None, start_wh=0.3 * BOUGHT.energy_wh, cycles_day=None)
    charge, discharge = follow(real, plan + response, CALENDAR, forced=False, both_w=both)
    pcs = discharge - charge
    found = Realised(
        meter_w=pcs, pcs_w=pcs, schedule_w=plan, response_w=response, response_both_w=both,
        available=np.ones(N), charge_limit=np.ones(N), discharge_limit=np.ones(N),
        charging=BOUGHT.charging, discharging=BOUGHT.discharging,
    )  # fmt: skip
    return waterfall(PRICES, CALENDAR, replace(BOUGHT, start_wh=0.3 * BOUGHT.energy_wh), found), response


@pytest.mark.parametrize("both_w", [0.0, 50e3])
def test_what_answers_the_frequency_has_a_bar_of_its_own(both_w: float) -> None:
    found, response = answering(both_w)
    bar = found.bar("frequency")
    assert bar.measured
    paid = -PRICES * response / 4e6
    if not both_w:
        assert np.median(np.abs(bar.slot_eur - paid)) < 1e-9, "where the battery could, to the cent"
    assert abs(bar.eur) > 0.001 * found.bound_eur
    for other in found.bars:
        if other.key not in ("one_way", "foresight", "schedule", "frequency"):
            assert abs(other.eur) < 1e-6, other.key
    assert found.unexplained_share < 1e-9


def test_what_goes_both_ways_within_a_slot_costs_its_losses() -> None:
    owned = replace(BOUGHT, end_wh=None, start_wh=1e6)
    rest, both = np.zeros(N), np.full(N, 20e3)
    charge, discharge = follow(owned, rest, CALENDAR, forced=False, both_w=both)
    lost = float(np.cumsum(charge * owned.charging - discharge / owned.discharging)[-1]) / 4
    eta = 0.88**0.5
    assert (charge[0], discharge[0]) == pytest.approx((20e3, 20e3))
    assert lost == pytest.approx(max(20e3 * (eta - 1 / eta) * N / 4, -1e6), rel=1e-6)
    pcs = discharge - charge
    energy = 1e6 + np.cumsum(charge * eta - discharge / eta) / 4
    mixed = pcs + np.where(np.arange(N) % 8 == 0, 40e3, 0) - np.where(np.arange(N) % 8 == 4, 50e3, 0)
    energy += np.cumsum(np.maximum(-(mixed - pcs), 0) * eta - np.maximum(mixed - pcs, 0) / eta) / 4
    assert efficiencies(mixed, energy, 1e6, 900, both_w=both) == pytest.approx((eta, eta))
    blind = efficiencies(mixed, energy, 1e6, 900)
    assert blind[0] * blind[1] < 0.97 * eta**2, "who sees the means alone takes these losses for worse converters"


def test_a_count_of_charge_that_lays_all_losses_on_one_way_is_taken_so() -> None:
    charge, discharge = follow(replace(BOUGHT, end_wh=None), wanted(), CALENDAR)
    for charging, drawn, fitted in ((0.90, 0.99, (0.9, 1.0)), (1.01, 1.12, (1.0, 1 / 1.12))):
        energy = np.cumsum(charge * charging - discharge * drawn) / 4
        found = efficiencies(discharge - charge, energy, 0.0, 900)
        assert found == pytest.approx(fitted, abs=0.001)
        assert 1.0 in found


def test_losses_are_measured_from_power_and_energy() -> None:
    charge, discharge = follow(replace(BOUGHT, end_wh=None), wanted(), CALENDAR)
    eta = 0.88**0.5
    energy = np.cumsum(charge * eta - discharge / eta) * 0.25
    assert efficiencies(discharge - charge, energy, 0.0, 900) == pytest.approx((eta, eta))
    assert counted_energy(discharge - charge, 0.0, eta, eta, 900) == pytest.approx(energy, abs=1e-6)
    corrected = energy + 1e5 * (np.arange(N) >= 300)  # a BMS that found its battery full and corrected its count
    apart = np.arange(N) != 300
    assert efficiencies(discharge - charge, corrected, 0.0, 900, apart) == pytest.approx((eta, eta))
    with pytest.raises(BatteryError, match="did not both charge and discharge"):
        efficiencies(np.zeros(4), np.zeros(4), 0.0, 900)
    with pytest.raises(BatteryError, match=r"cells get 1\.8"):
        efficiencies(discharge - charge, 2 * energy, 0.0, 900)


def test_the_standing_draw_is_what_the_meter_counts_at_rest() -> None:
    pcs = np.array([0.0, -1e6, 1e6, 0.0])
    assert standing_draw(pcs - 12e3 - 0.01 * np.abs(pcs), pcs) == pytest.approx(12e3)
    with pytest.raises(BatteryError, match="never rested"):
        standing_draw(pcs[1:3], pcs[1:3])


def test_a_hole_in_the_readings_is_refused() -> None:
    meter = np.zeros(N)
    meter[3] = np.nan
    with pytest.raises(BatteryError, match="meter_w: 672 slots need as many numbers"):
        waterfall(PRICES, CALENDAR, BOUGHT, Realised(meter_w=meter))
