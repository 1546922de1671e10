"""Factors between the units of registers and the units of the core."""

from __future__ import annotations

import pytest

from bessinside.registers import UnitError, core_unit, factor
from bessinside.registers.metrics import kinds, metrics


@pytest.mark.parametrize(
    ("units", "wanted", "expected"),
    [
        ("kW", "W", 1000.0),
        ("MWh", "Wh", 1e6),
        ("kvar", "var", 1000.0),
        ("kVA", "VA", 1000.0),
        ("mV", "V", 0.001),
        ("uA", "A", 1e-6),
        ("kOhm", "Ω", 1000.0),
        ("Ohm", "Ω", 1.0),
        ("C", "°C", 1.0),
        ("K", "K", 1.0),
        ("C", "K", 1.0),  # a spread
        ("kPa", "Pa", 1000.0),
        ("bar", "Pa", 1e5),
        ("l/min", "m3/s", 1 / 60000),
        ("Pct", "%", 1.0),
        ("%WHRtg", "%", 1.0),
        ("Pct", "1", 0.01),
        ("", "1", 1.0),
        ("", "%", 100.0),
        ("", "code", 1.0),
        ("", "text", 1.0),
        ("ft", "m", 0.3048),
        ("Varh", "varh", 1.0),
        ("W", "kW", 0.001),
    ],
)
def test_factor(units: str, wanted: str, expected: float) -> None:
    assert factor(units, wanted) == expected


@pytest.mark.parametrize(
    ("units", "wanted"), [("V", "A"), ("", "V"), ("K", "°C"), ("W", "Wh"), ("%", "W"), ("V", "code")]
)
def test_what_does_not_lead_there_is_refused(units: str, wanted: str) -> None:
    with pytest.raises(UnitError, match=r"does not lead"):
        factor(units, wanted)


def test_an_unknown_unit_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnitError, match=r"'kWatt' is unknown.*"):
        factor("kWatt", "W")
    with pytest.raises(UnitError, match=r"did you mean 'kOhm'"):
        factor("kOhms", "Ω")


def test_an_unknown_unit_is_shown_as_it_is() -> None:
    assert core_unit("furlong") == ("furlong", 1.0)
    assert core_unit("kWh") == ("Wh", 1000.0)


def test_every_unit_of_the_vocabulary_can_be_reached() -> None:
    for metric in metrics().values():
        assert factor("" if metric.unit in ("1", "code", "text") else metric.unit, metric.unit) == 1.0
    assert "rack" in kinds()


def test_power_and_current_that_may_be_negative_have_a_direction() -> None:
    vocabulary = metrics()
    assert vocabulary["rack", "current"].directed
    assert vocabulary["pcs", "reactive_power"].directed
    assert not vocabulary["rack", "charge_current_limit"].directed
    assert not vocabulary["rack", "temperature_min"].directed
