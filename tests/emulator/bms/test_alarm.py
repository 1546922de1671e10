from __future__ import annotations

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from bessinside.emulator.bms.alarm import RULES, AlarmBank

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
    "unheard": 0.0,
}


def bank(**given: float) -> AlarmBank:
    made = AlarmBank(2)
    step(made, **given)
    return made


def step(made: AlarmBank, **given: float) -> None:
    assert set(given) <= set(CALM) == set(made.quantity)
    for name, value in CALM.items():
        made.quantity[name][:] = given.get(name, value), value
    made.step()


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


@drawn(st.data())
def test_hysteresis_holds_for_any_course(data: st.DataObject) -> None:
    """Set beyond the threshold, cleared only when back by the hysteresis, kept between: a reference in plain words."""
    rule = data.draw(st.sampled_from(RULES))
    width = max(abs(rule.thresholds[2] - rule.thresholds[0]), rule.hysteresis)
    middle = rule.thresholds[1]
    course = data.draw(st.lists(st.floats(middle - 2.0 * width, middle + 2.0 * width), min_size=1, max_size=30))
    made, active = AlarmBank(2), [False] * 3
    for value in course:
        made.quantity[rule.quantity][:] = value, CALM[rule.quantity]
        for name in set(CALM) - {rule.quantity}:
            made.quantity[name][:] = CALM[name]
        made.step()
        for level, threshold in enumerate(rule.thresholds):
            bad, edge = rule.sign * value, rule.sign * threshold
            active[level] = bad > edge or (active[level] and bad > edge - rule.hysteresis)
        assert [rule.name in made.names(level)[0] for level in (1, 2, 3)] == active
        assert made.silent == (not made.active.any())


def test_an_unknown_quantity_changes_no_alarm() -> None:
    made = bank(cell_high=3.66)
    step(made, cell_high=float("nan"))
    assert made.names(2)[0] == {"CELL_OVERVOLTAGE"}
    step(made, cell_high=3.3)
    step(made, cell_high=float("nan"))
    assert made.names()[0] == set()
