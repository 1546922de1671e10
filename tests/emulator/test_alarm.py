from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.alarm import RULES, AlarmBank

CALM = {
    "cell_high": 3.33,
    "cell_low": 3.31,
    "cell_spread": 0.02,
    "rack_voltage": 1380.0,
    "module_high": 345.0,
    "charging_hot": 25.0,
    "charging_cold": 24.0,
    "discharging_hot": 25.0,
    "discharging_cold": 24.0,
    "temperature_spread": 2.0,
    "temperature_rise": 0.1,
    "charge_current": -150.0,
    "discharge_current": 150.0,
    "insulation": 1e7,
    "soc": 50.0,
}


def bank(**given: float) -> AlarmBank:
    made = AlarmBank(2)
    step(made, **given)
    return made


def step(made: AlarmBank, **given: float) -> None:
    made.step({name: np.array([given.get(name, value), value]) for name, value in CALM.items()})


def test_a_calm_rack_is_silent() -> None:
    assert bank().names() == [set(), set()]
    assert not bank().trips.any()


def test_levels_climb_and_clear_with_hysteresis() -> None:
    made = bank()
    seen = []
    for voltage in (3.61, 3.63, 3.66, 3.71, 3.64, 3.60, 3.58):
        step(made, cell_high=voltage)
        seen.append([level for level in (1, 2, 3) if made.names(level)[0]])
    assert seen == [[], [1], [1, 2], [1, 2, 3], [1, 2], [1], []]


def test_only_the_rack_concerned_has_the_alarm() -> None:
    assert bank(soc=2.0).names() == [{"LOW_SOC"}, set()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_rising_severity_and_sets_at_its_thresholds(rule: object) -> None:
    assert rule in RULES
    chosen = next(each for each in RULES if each is rule)
    signed = [chosen.sign * threshold for threshold in chosen.thresholds]
    assert signed == sorted(signed)
    assert chosen.hysteresis > 0
    for level, threshold in enumerate(chosen.thresholds, start=1):
        beyond = threshold + chosen.sign * 1e-3 * max(abs(threshold), 1.0)
        made = bank(**{chosen.quantity: beyond})
        assert chosen.name in made.names(level)[0]
        assert made.trips[0] == (level == 3 and chosen.trips)


def test_level_two_stops_the_direction_that_made_it() -> None:
    high, low = bank(cell_high=3.66), bank(cell_low=2.6)
    assert high.stops_charge.tolist() == [True, False]
    assert not high.stops_discharge.any()
    assert low.stops_discharge.tolist() == [True, False]
    assert not low.stops_charge.any()


def test_an_unknown_level_is_an_error() -> None:
    with pytest.raises(ValueError, match="levels 1, 2 and 3"):
        bank().names(4)


def test_a_word_has_the_bit_of_its_rule() -> None:
    made = bank(soc=2.0)
    bit = next(index for index, rule in enumerate(RULES) if rule.name == "LOW_SOC")
    assert made.word(1).tolist() == [float(2**bit), 0.0]
