"""What the page needs to decode frames, sent once: devices, blocks, points and derived figures in columns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from litestar import Request, Response
from litestar.status_codes import HTTP_200_OK, HTTP_304_NOT_MODIFIED
from numpy.typing import NDArray

from bessinside.modbus import ReadPlan, parse_endpoint
from bessinside.plant import Binding, levels
from bessinside.twin import State

_CELL_METRICS = {"cells": ("cell", "cell.voltage"), "sensors": ("sensor", "sensor.temperature")}


@dataclass(frozen=True, slots=True)
class Schema:
    """What the page needs, as JSON. `hash` tells whether frames fit it, in any language; `tag` names its very bytes."""

    hash: str
    body: bytes

    @property
    def tag(self) -> str:
        return hashlib.blake2b(self.body, digest_size=8).hexdigest()


def schema_answer(request: Request[Any, Any, Any], schema: Schema) -> Response[bytes]:
    """A schema for a page, or word that the page has it already (its tag is in If-None-Match)."""
    tag = f'W/"{schema.tag}"'
    known = request.headers.get("if-none-match") == tag
    return Response(
        b"" if known else schema.body,
        status_code=HTTP_304_NOT_MODIFIED if known else HTTP_200_OK,
        media_type="application/json",
        headers={"Cache-Control": "no-cache", "ETag": tag},
    )


class Schemas:
    """The schema of a twin in each language, made once for each plan of its reads."""

    def __init__(self, twin: State) -> None:
        self.twin = twin
        self._binding: Binding | None = None
        self._plans: tuple[ReadPlan, ...] = ()
        self._made: dict[str, Schema] = {}

    def get(self, language: str = "en") -> Schema:
        """The present schema."""
        plans = tuple(readings.plan for readings in self.twin.devices)
        if self.twin.binding is not self._binding or plans != self._plans:
            self._binding, self._plans, self._made = self.twin.binding, plans, {}
        if language not in self._made:
            self._made[language] = Schema(*page_schema(self.twin, language))
        return self._made[language]


def page_schema(twin: State, language: str = "en") -> tuple[str, bytes]:
    """The schema as JSON and its hash (8 hex digits); the hash does not depend on the language."""
    points = _points(twin, language)
    figures = _figures(twin, language, np.array(points["block"], dtype=np.int64))
    content: dict[str, Any] = {
        "endian": "little",
        "devices": _devices(twin),
        "blocks": _blocks(twin),
        "points": points,
        "figures": figures,
        "levels": [{"id": level.id, "key": level.key} for level in levels()],
        **{name: _layout(twin, *where) for name, where in _CELL_METRICS.items()},
    }
    neutral = content | {
        "points": points | {"label": []},
        "figures": [figure["id"] for figure in figures],
        # what is refused shows in the blocks; a moment of the past does not know how many registers that were
        "devices": [device | {"refused": 0} for device in content["devices"]],
    }
    digest = hashlib.blake2b(msgspec.json.encode(neutral), digest_size=4).hexdigest()
    return digest, msgspec.json.encode({"hash": digest, **content})


def _devices(twin: State) -> list[dict[str, Any]]:
    return [
        {
            "id": readings.bound.device.id,
            "label": readings.bound.device.label,
            "map": readings.bound.map.id,
            "map_label": readings.bound.map.label,
            "url": readings.bound.device.url,
            "unit": parse_endpoint(readings.bound.device.url).unit,
            "every_s": readings.bound.device.every_s,
            "refused": len(readings.refusals.registers),
        }
        for readings in twin.devices
    ]


def _blocks(twin: State) -> list[dict[str, int]]:
    blocks, first = [], 0
    for number, readings in enumerate(twin.devices):
        for request, start in zip(readings.plan.requests, readings.plan.starts.tolist(), strict=True):
            blocks.append(
                {
                    "device": number,
                    "fc": request.fc,
                    "address": request.address,
                    "count": request.count,
                    "offset": first + start,
                }
            )
        first += readings.plan.size
    return blocks


def _points(twin: State, language: str) -> dict[str, Any]:
    binding = twin.binding
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    symbols: dict[str, list[dict[str, Any]]] = {}
    first_word = first_block = 0
    for readings in twin.devices:
        bound, layout = readings.bound, readings.bound.layout
        columns["offset"] += np.where(readings.offset >= 0, readings.offset + first_word, -1).tolist()
        columns["block"] += np.where(readings.block >= 0, readings.block + first_block, -1).tolist()
        columns["fc"] += layout.fc.tolist()
        columns["address"] += layout.address.tolist()
        columns["words"] += layout.words.tolist()
        columns["factor"] += bound.factor.tolist()
        for i in range(bound.size):
            point, metric, index = bound.point(i), bound.metrics[i], bound.first + i
            row = (
                index,
                bound.number,
                point.name,
                metric.label(language) if metric else point.label or point.name,
                bound.parts[i],
                metric.key if metric else None,
                binding.units[index],
                point.type,
                point.access,
                int(point.low_first),
                point.mask,
                point.shift,
                point.sf if isinstance(point.sf, int) else None,
                bound.first + int(layout.sf_point[i]) if layout.sf_point[i] >= 0 else -1,
                point.offset,
                point.sign,
                list(point.sentinel) or None,
                int(point.bcd),
                point.suspect,
            )
            for name, value in zip(_PER_POINT, row, strict=True):
                columns[name].append(value)
            if point.symbols:
                symbols[str(index)] = [
                    {"value": symbol.value, "name": symbol.name, "label": symbol.label} for symbol in point.symbols
                ]
        first_word += readings.plan.size
        first_block += len(readings.plan.requests)
    columns["id"] = list(binding.ids)
    return columns | {"symbols": symbols}


_PER_POINT = (
    *("id", "device", "name", "label", "part", "metric", "unit", "type", "access", "low_first", "mask", "shift"),
    *("sf", "sf_point", "add", "sign", "sentinel", "bcd", "suspect"),
)
_COLUMNS = (*_PER_POINT, "offset", "block", "fc", "address", "words", "factor")


def _figures(twin: State, language: str, block_of: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Derived figures; `blocks` are those that their inputs come from, so that the page can tell their age."""
    rows = []
    for index, figure_id in enumerate(twin.derived.ids):
        formula, part, inputs = twin.derived.locate(index)
        blocks = np.unique(block_of[inputs])
        rows.append(
            {
                "id": figure_id,
                "label": formula.label(language),
                "part": part,
                "key": formula.key,
                "unit": formula.unit,
                "kind": "derived",
                "model": formula.model,
                "formula": formula.equation,
                "blocks": blocks[blocks >= 0].tolist(),
            }
        )
    return rows


def _layout(twin: State, kind: str, metric: str) -> dict[str, Any]:
    """Every part of a kind in plant order with the point that carries its metric, -1 where none does."""
    anatomy = twin.plant.anatomy
    paths = anatomy.all(kind)
    return {"metric": metric, "part": list(paths), "point": twin.binding.matrix(metric, paths).tolist()}
