"""The public surface, pinned: a name that comes or goes is a line in the changelog under "API"."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

import bessinside
from bessinside.errors import BessError

NAMES = [
    "BessError",
    "FigureRow",
    "LevelRow",
    "MapError",
    "Passport",
    "Plant",
    "PlantError",
    "Quality",
    "RegisterMap",
    "Session",
    "Snapshot",
    "Twin",
    "UnknownFigure",
    "__version__",
    "load_map",
    "load_plant",
    "open",
]
SESSION = ["close", "figure", "figures", "ids", "levels", "passport", "snapshot", "values", "wait"]
TWIN = [
    "figure",
    "ids",
    "levels",
    "listen",
    "now_ns",
    "passport",
    "snapshot",
    "start",
    "stop",
    "sweeps",
    "text",
    "trend",
]
ROW = ("id", "label", "part", "value", "text", "unit", "quality", "age")


def test_the_names() -> None:
    assert bessinside.__all__ == NAMES


def methods(kind: type) -> list[str]:
    return sorted(name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_"))


def test_the_methods() -> None:
    assert methods(bessinside.Session) == SESSION
    assert methods(bessinside.Twin) == TWIN


def test_the_fields_of_a_figure() -> None:
    assert bessinside.FigureRow.__struct_fields__ == ROW
    assert bessinside.LevelRow.__struct_fields__ == ("id", "key", "title", "question", "figures")


def test_the_numbers_of_the_qualities_that_travel_to_the_page() -> None:
    assert {quality.name: int(quality) for quality in bessinside.Quality} == {
        "NONE": 0,
        "GOOD": 1,
        "STALE": 2,
        "NOT_IMPLEMENTED": 3,
        "IMPLAUSIBLE": 4,
        "DEVICE_EXCEPTION": 5,
        "NO_ANSWER": 6,
        "NOT_MAPPED": 7,
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there_and_explained(name: str) -> None:
    thing = getattr(bessinside, name)
    if name != "__version__":
        assert inspect.getdoc(thing)
        assert thing.__module__.startswith("bessinside.")


def test_errors_have_one_root() -> None:
    for name in ("MapError", "PlantError", "UnknownFigure"):
        assert issubclass(getattr(bessinside, name), BessError)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'bessinside' has no attribute 'close'"):
        getattr(bessinside, "close")  # noqa: B009  as a reader would write it


@pytest.mark.parametrize("floor", ["registers", "modbus", "plant", "twin", "web", "emulator"])
def test_what_a_floor_exports_is_there(floor: str) -> None:
    module = importlib.import_module(f"bessinside.{floor}")
    for name in getattr(module, "__all__", ()):
        assert hasattr(module, name), name


def test_importing_the_package_loads_none_of_its_floors() -> None:
    code = (
        "import bessinside, sys; print([m for m in sys.modules if m.startswith(('bessinside.', 'numpy', 'litestar'))])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
