"""`[economics]` and `[warranty]` of a plant file: what is read, and errors that name file, line and key."""

from __future__ import annotations

import re
from datetime import date

import pytest

from bessinside.plant import PlantError, load_plant, parse_plant

HEAD = '[plant]\nid = "p"\nlabel = "P"\n[[device]]\nid = "d"\nmap = "janitza-umg96rme"\nat = "meter"\nurl = "modbus+tcp://h"\n'
WARRANTY = '[warranty]\nsource = "contract"\n'
ECONOMICS = '[economics]\nsource = "contract"\n'


def test_what_is_stated_is_read_and_the_rest_stays_none() -> None:
    plant = parse_plant(
        HEAD
        + ECONOMICS
        + "capex_eur = 1000\n"
        + WARRANTY
        + "start = 2025-10-01\nhealth = [[0, 100], [10, 70]]\ntemperature = [10, 35]\nassumption = true\n"
    )
    assert plant.economics is not None
    assert plant.warranty is not None
    assert (plant.economics.capex_eur, plant.economics.opex_eur_year, plant.economics.assumption) == (
        1000.0,
        None,
        False,
    )
    assert plant.warranty.start == date(2025, 10, 1)
    assert plant.warranty.health == ((0.0, 100.0), (10.0, 70.0))
    assert plant.warranty.temperature == (10.0, 35.0)
    assert plant.warranty.assumption


def test_a_plant_without_them_has_none() -> None:
    plant = parse_plant(HEAD)
    assert (plant.economics, plant.warranty) == (None, None)


@pytest.mark.parametrize(
    ("tables", "line", "key", "expected"),
    [
        ("[economics]\ncapex_eur = 1\n", 9, "economics.source", "is missing, expected a text"),
        (ECONOMICS + "capex = 1\n", 11, "economics.capex", "did you mean 'capex_eur'"),
        (ECONOMICS + 'capex_eur = "much"\n', 11, "economics.capex_eur", "expected a number from 0"),
        (ECONOMICS + "discount_percent = 700\n", 11, "economics.discount_percent", "expected a number from -20 to 100"),
        (ECONOMICS + "assumption = 1\n", 11, "economics.assumption", "expected true or false"),
        (ECONOMICS + "schedule = 3\n", 11, "economics.schedule", "expected a text"),
        (WARRANTY + 'start = "2025"\n', 11, "warranty.start", "expected a date such as 2025-10-01"),
        (WARRANTY + "health = [[0, 100]]\n", 11, "warranty.health", "expected two or more pairs"),
        (WARRANTY + "health = [[0, 90], [1, 95]]\n", 11, "warranty.health", "a health that does not rise"),
        (WARRANTY + "health = [[5, 90], [1, 85]]\n", 11, "warranty.health", "in order of years"),
        (WARRANTY + "temperature = [35, 10]\n", 11, "warranty.temperature", "the low end below the high one"),
        (WARRANTY + "soc = [5]\n", 11, "warranty.soc", "expected a pair"),
        ("economics = 3\n", 9, "economics", "expected a table"),
    ],
)
def test_an_error_names_file_line_and_key(tables: str, line: int, key: str, expected: str) -> None:
    text = tables + HEAD if tables.startswith("economics =") else HEAD + tables
    line = 1 if tables.startswith("economics =") else line
    with pytest.raises(PlantError, match=re.escape(expected)) as raised:
        parse_plant(text, "my.toml")
    assert (raised.value.path, raised.value.line, raised.value.key) == ("my.toml", line, key)


def test_the_values_of_the_reference_plant_are_named_assumptions() -> None:
    owner = load_plant("ref-5m").economics
    assert owner is not None
    assert owner.assumption
    assert "example" in owner.source
