"""What the physics computes is what strangers read and the page shows, for every served point of every plant.

Standing still there is no skew: |shown - truth| is at most half a step of the register.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bessinside.emulator.basis.design import Design
from bessinside.emulator.worlds.wording import NAMES, symbol_names
from bessinside.plant import parts
from bessinside.twin import Quality
from tests.closed_loop.conftest import Loop
from tests.closed_loop.strangers import Said, factor, read

pytestmark = pytest.mark.xdist_group("closed-loop-standing")
ROUNDING = 1e-9  # of the value: arithmetic in another order


@pytest.fixture(scope="module")
def strangers(standing: Loop) -> dict[str, dict[int, Said]]:
    return {image.bound.device.id: read(image) for image in standing.emulator.world.images}


def entry(part: str, design: Design) -> int:
    """Which entry of a quantity's array a part is, by the numbers in its path."""
    n, kind = parts.numbers(part), parts.kind_of(part)
    rack, module = n.get("rack", 1) - 1, n.get("module", 1) - 1
    module += rack * design.modules
    inside = {"cell": design.cells, "sensor": len(design.sensor_cells)}
    if kind in inside:
        return module * inside[kind] + n[kind] - 1
    return {"rack": rack, "module": module}.get(kind, n.get(kind, 1) - 1)


def test_registers_are_given_what_the_physics_says(standing: Loop) -> None:
    world, physics = standing.emulator.world, standing.emulator.physics
    compared, coded = 0, 0
    for index, metric in enumerate(world.binding.metrics):
        bound, i = world.binding.locate(index)
        if metric is None or not world.images[bound.number].served[i]:
            continue
        at = entry(world.binding.parts[index], physics.design)
        given = world.values[index]
        if (metric.kind, metric.name) in NAMES and bound.point(i).symbols and bound.map.id != "sunspec":
            names = symbol_names(physics, metric.kind, metric.name, at)
            numbers = [symbol.value for symbol in bound.point(i).symbols if symbol.name in names]
            bits = bound.point(i).type.startswith("bitfield")
            assert given == (sum(1 << n for n in numbers) if bits else max(numbers, default=0)), bound.names[i]
            coded += 1
        elif metric.name in physics.readings(metric.kind) and metric.unit != "code":
            true = float(physics.quantity(metric.kind, metric.name)[at])
            assert given == pytest.approx(true, rel=ROUNDING, nan_ok=True), world.binding.ids[index]
            compared += 1
    assert compared > 0.5 * world.binding.size
    assert coded > 0 or all(bound.map.id == "sunspec" for bound in world.binding.devices)


def test_strangers_read_the_truth(standing: Loop, strangers: dict[str, dict[int, Said]]) -> None:
    world = standing.emulator.world
    wrong: list[Any] = []
    numbers = 0
    for image in world.images:
        bound = image.bound
        said = strangers[bound.device.id]
        for i in np.flatnonzero(image.served).tolist():
            index = bound.first + i
            truth, heard = world.values[index], said.get(i)
            if heard is None:
                assert bound.map.id == "sunspec", bound.names[i]  # the marker in front of the chain
                assert bound.point(i).name == "SunS"
            elif not bound.point(i).wire_type.numeric:
                assert (heard.value or "") == image.codec.text(i, image.words), bound.names[i]
            elif heard.value is None:
                assert math.isnan(truth), (world.binding.ids[index], truth)
            else:
                numbers += 1
                scale = factor(bound.point(i).units, world.binding.units[index])
                value, step = float(heard.value * scale), heard.step * float(scale)  # type: ignore[operator]
                if not abs(value - truth) <= step / 2 + ROUNDING * abs(truth):
                    wrong.append((world.binding.ids[index], value, truth, step))
    assert wrong == []
    assert numbers > 0.5 * world.binding.size


def test_the_page_shows_what_strangers_read(standing: Loop, strangers: dict[str, dict[int, Said]]) -> None:
    world, page, twin = standing.emulator.world, standing.page, standing.twin
    standing.until_swept()
    frame = standing.frame()
    assert frame.schema == page.hash
    shown = page.values(frame.words)
    place = {name: n for n, name in enumerate(page.ids)}
    now = twin.snapshot()
    good = 0
    for image in world.images:
        bound = image.bound
        for i, heard in strangers[bound.device.id].items():
            index = bound.first + i
            name = world.binding.ids[index]
            n, t = place[name], twin.binding.find(name)
            assert t is not None
            quality = Quality(frame.quality[n])
            assert quality == now.quality[t], name
            if not bound.point(i).wire_type.numeric:
                assert (twin.text(t) or "") == (heard.value or ""), name
            elif heard.value is None:
                assert quality is Quality.NOT_IMPLEMENTED, name
                assert math.isnan(shown[n]), name
                assert math.isnan(now.values[t]), name
            elif not bound.point(i).write_only:
                scale = factor(bound.point(i).units, twin.binding.units[t])
                value = float(heard.value * scale)  # type: ignore[operator]
                assert quality in (Quality.GOOD, Quality.STALE), (name, quality)
                assert shown[n] == pytest.approx(value, rel=ROUNDING), name
                assert now.values[t] == pytest.approx(value, rel=ROUNDING), name
                good += 1
    assert good > 0.5 * world.binding.size


def test_single_figures_are_those_of_the_frame(standing: Loop) -> None:
    page = standing.page
    shown = page.values(standing.frame().words)
    asked = np.flatnonzero(np.isfinite(shown))[::97].tolist()
    assert len(asked) > 15
    for n in asked:
        row = standing.get(f"/api/figures/{page.ids[n]}")
        assert row["value"] == pytest.approx(shown[n], rel=ROUNDING), page.ids[n]
        assert row["quality"] in ("good", "stale"), row


def test_what_is_not_served_is_not_shown(standing: Loop) -> None:
    world, page = standing.emulator.world, standing.page
    frame = standing.frame()
    shown = page.values(frame.words)
    place = {name: n for n, name in enumerate(page.ids)}
    hidden = 0
    for image in world.images:
        for i in np.flatnonzero(~image.served).tolist():
            n = place[world.binding.ids[image.bound.first + i]]
            other = image.unit.table(int(image.bound.layout.fc[i])).readable
            first, words = int(image.bound.layout.address[i]), int(image.bound.layout.words[i])
            if not other[first : first + words].all():  # else another point has the same register
                assert math.isnan(shown[n]) or not page.carried[n], page.ids[n]
                assert Quality(frame.quality[n]) in (Quality.DEVICE_EXCEPTION, Quality.NOT_MAPPED), page.ids[n]
                hidden += 1
    assert hidden > 0 or all(bound.map.id == "sunspec" for bound in world.binding.devices)


def test_a_register_that_lies_is_found(standing: Loop) -> None:
    """One count off in one register, and the comparison above does not hold."""
    world = standing.emulator.world
    image = world.images[0]
    i = next(
        i
        for i in np.flatnonzero(image.served).tolist()
        if np.isfinite(world.values[image.bound.first + i]) and image.bound.metrics[i] is not None
    )
    table = image.unit.table(int(image.bound.layout.fc[i]))
    last = int(image.bound.layout.address[i]) + int(image.bound.layout.words[i]) - 1
    kept = int(table.words[last])
    table.words[last] = kept ^ 2
    try:
        heard = read(image)[i]
    finally:
        table.words[last] = kept
    scale = factor(image.bound.point(i).units, world.binding.units[image.bound.first + i])
    off = abs(float(heard.value * scale) - world.values[image.bound.first + i])  # type: ignore[operator]
    assert off > heard.step * float(scale) / 2 * (1 + ROUNDING)
