"""Following the page "Add a map" leads to a plant whose values are the ones that were put into the registers."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import numpy as np
import pytest

from bessinside.modbus import Server, Table, Unit
from bessinside.registers import Codec, Layout, flatten, load_map
from bessinside.registers.lint import lint
from bessinside.twin import Twin

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "add-a-map.md"
TRUTH = {
    "c1/r01/voltage": 106.4,
    "c1/r01/current": -12.5,
    "c1/r01/soc": 63.2,
    "c1/r01/energy_discharged": 70_123.0,
    "c1/r01/state": 1.0,
    "c1/r01/m1/cell001/voltage": 3.301,
    "c1/r01/m2/cell003/voltage": 3.337,
    "c1/r01/m2/cell016/voltage": 3.35,
    "c1/r01/m1/ntc02/temperature": -4.5,
    "c1/r01/m2/ntc01/temperature": 24.8,
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with the map and the plant file of the page, under the names that it gives them."""
    guide = GUIDE.read_text(encoding="utf-8")
    for language, name in (("yaml", "example-rack.yaml"), ("toml", "plant.toml")):
        assert f"`{name}`" in guide
        (text,) = re.findall(rf"^```{language}\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
        (tmp_path / name).write_text(text)
    return tmp_path


def put(table: Table, layout: Layout, values: np.ndarray) -> None:
    """Encodes values in the map's own units and signs into a table, hole for hole."""
    size = int((layout.address + layout.words).max())
    words = np.zeros(size, np.uint16)
    Codec(layout, layout.address.astype(np.int32)).encode(values, words)
    for address, count in zip(layout.address.tolist(), layout.words.tolist(), strict=True):
        table.put(address, words[address : address + count])


async def read(files: Path, unit: Unit) -> dict[str, float | None]:
    """What a twin of the page's plant says once every device was swept."""
    async with Server({1: unit}) as server:
        port = await server.start("127.0.0.1", 0)
        plant = files / "plant.toml"
        plant.write_text(plant.read_text().replace("192.0.2.10:502", f"127.0.0.1:{port}"))
        async with Twin(plant) as twin:
            async with asyncio.timeout(10):
                while not all(readings.sweeps for readings in twin.devices):
                    await asyncio.sleep(0.02)
            now = twin.snapshot()
            rows = [twin.figure(name, now) for name in twin.binding.ids]
            return {row.id: row.value if row.quality == "good" else None for row in rows}


def test_the_map_of_the_page_is_clean(files: Path) -> None:
    findings = lint(load_map(files / "example-rack.yaml"))
    assert [finding for finding in findings if finding.level != "note"] == []


async def test_values_come_back_through_map_and_plant(files: Path) -> None:
    twin = Twin(files / "plant.toml")
    (bound,) = twin.binding.devices
    assert set(TRUTH) <= set(twin.binding.ids)
    values = np.full(bound.size, 3.3) / bound.factor
    for name, value in TRUTH.items():
        index = twin.binding.find(name)
        assert index is not None
        values[index] = value / bound.factor[index]
    values = np.where([bound.point(i).words > 1 for i in range(bound.size)], np.rint(values), values)
    unit = Unit()
    put(unit.holding, bound.layout, values)
    found = await read(files, unit)
    assert {name: found[name] for name in TRUTH} == pytest.approx(TRUTH, abs=1e-9)
    assert None not in found.values()


async def test_words_of_the_vendors_table_give_the_values_that_it_means(files: Path) -> None:
    unit = Unit()
    unit.holding.put(0, [1064, 125, 65535, 70_123 & 0xFFFF, 70_123 >> 16, 2])
    for module in (0, 1):
        unit.holding.put(100 + 100 * module, [3300 + 20 * module + cell for cell in range(16)])
        unit.holding.put(120 + 100 * module, [248, 65536 - 45])
    found = await read(files, unit)
    assert found["c1/r01/voltage"] == pytest.approx(106.4)
    assert found["c1/r01/current"] == pytest.approx(-12.5)  # the device counts charging positive
    assert found["c1/r01/soc"] is None  # 65535: not available
    assert found["c1/r01/energy_discharged"] == 70_123.0
    assert found["c1/r01/state"] == 2.0
    assert found["c1/r01/m2/cell003/voltage"] == pytest.approx(3.322)
    assert found["c1/r01/m1/ntc02/temperature"] == pytest.approx(-4.5)


def test_the_layout_is_the_one_of_the_table(files: Path) -> None:
    layout = flatten(load_map(files / "example-rack.yaml"))
    places = dict(zip(layout.names(), layout.address.tolist(), strict=True))
    assert places["energy_discharged"] == 3
    assert places["module[1].cell[16].voltage"] == 115
    assert places["module[2].cell[3].voltage"] == 202
    assert places["module[2].sensor[1].temperature"] == 220
