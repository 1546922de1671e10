"""Where a figure comes from: a reading down to the bytes, or a formula with readings as leaves."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from bessinside.modbus import Outcome, Sweep, parse_endpoint
from bessinside.registers import Point, RegisterMap
from bessinside.twin.quality import Quality
from bessinside.twin.readings import Readings


class StepRow(msgspec.Struct, frozen=True):
    """One decode step: what was done, with what, and what came out."""

    name: str
    expression: str
    result: str


class DeviceRow(msgspec.Struct, frozen=True):
    """The device that was asked."""

    id: str
    label: str
    url: str
    host: str
    port: int
    unit: int


class MapRow(msgspec.Struct, frozen=True):
    """The map that says what the words mean, and the document it was made from."""

    id: str
    label: str
    document: str
    issue: str
    date: str
    read_from: str
    file: str
    line: int


class ExchangeRow(msgspec.Struct, frozen=True):
    """One request and its answer: UTC ms, duration, and how it ended."""

    tid: int
    sent_ms: float | None
    received_ms: float | None
    duration_ms: float | None
    outcome: str
    note: str


class ReadingPassport(msgspec.Struct, frozen=True):
    """The way of one reading from the wire to its value."""

    device: DeviceRow
    map: MapRow
    point: str
    function_code: int
    address: int
    address_document: int
    words_count: int
    access: str
    type: str
    word_order: str
    words: list[str]
    request_hex: str
    response_hex: str
    value_start: int
    value_length: int
    exchange: ExchangeRow
    steps: list[StepRow]
    scale: str
    sign: str
    sentinel: list[str]
    range: list[float] | None
    source: str
    suspect: str | None
    verified_by: list[str]
    symbols: dict[str, str]
    commands: dict[str, str]


class Input(msgspec.Struct, frozen=True):
    """One leaf of a derived figure."""

    id: str
    value: float | None
    unit: str
    quality: str


class DerivedPassport(msgspec.Struct, frozen=True):
    """A formula over readings. `left_out` counts inputs without a good reading, `skew_ms` is their spread in time."""

    formula: str
    reference: str
    model: bool
    inputs: list[Input]
    inputs_total: int
    left_out: int
    skew_ms: float | None


class Trend(msgspec.Struct, frozen=True):
    """The last five minutes: UTC ms and values in SI."""

    t: list[float]
    v: list[float | None]


class Passport(msgspec.Struct, frozen=True):
    """Everything behind one figure. Exactly one of `reading` and `derived` is there."""

    id: str
    label: str
    kind: str
    part: str
    metric: str | None
    value: float | None
    text: str | None
    unit: str
    quality: str
    quality_note: str
    age_s: float | None
    time_ms: float | None
    emulated: bool
    reading: ReadingPassport | None
    derived: DerivedPassport | None
    trend: Trend


def finite(value: float) -> float | None:
    """JSON has no NaN: a missing value is null."""
    return float(value) if math.isfinite(value) else None


def reading_passport(readings: Readings, i: int, figure_id: str, plant: str) -> ReadingPassport:
    """The passport of point `i` of a device from its newest good answer."""
    bound = readings.bound
    point = bound.point(i)
    fc, address = int(bound.layout.fc[i]), int(bound.layout.address[i])
    count = int(bound.layout.words[i])
    block = int(readings.block[i])
    answer = readings.answer[block] if block >= 0 else None
    offset = int(readings.offset[i])
    words = [f"{int(word):04X}" for word in readings.words[offset : offset + count]] if answer is not None else []
    endpoint = parse_endpoint(bound.device.url)
    steps = readings.codec.steps(i, readings.words) if readings.times()[i] else []
    start, length = _value_span(answer, block, offset, count, readings) if answer is not None else (0, 0)
    return ReadingPassport(
        device=DeviceRow(
            bound.device.id, bound.device.label, bound.device.url, endpoint.host, endpoint.port, endpoint.unit
        ),
        map=_map_row(bound.map, point),
        point=point.name,
        function_code=fc,
        address=address,
        address_document=address + bound.map.addressing.printed,
        words_count=count,
        access=point.access,
        type=point.type,
        word_order="low word first" if point.low_first else "high word first",
        words=words,
        request_hex=answer.request_bytes(block).hex(" ") if answer else "",
        response_hex=answer.response_bytes(block).hex(" ") if answer else "",
        value_start=start,
        value_length=length,
        exchange=_exchange(readings, i, block, answer),
        steps=[StepRow(step.name, step.expression, step.result) for step in steps],
        scale=f"× register {point.sf}" if isinstance(point.sf, str) else f"× 10^{point.sf}",
        sign="turned round: the device counts charging as positive" if point.sign < 0 else "as the device counts",
        sentinel=[f"{raw:#x}" for raw in point.sentinel],
        range=_range(point, bound.metrics[i]),
        source=point.source,
        suspect=point.suspect,
        verified_by=list(point.verified_by),
        symbols={str(symbol.value): symbol.label or symbol.name for symbol in point.symbols},
        commands=_commands(readings, i, fc, address, count) | {"bessinside": f"bessinside read {plant} {figure_id}"},
    )


def _range(point: Point, metric: Any) -> list[float] | None:
    limits = metric.range if metric is not None and metric.range is not None else point.range
    return list(limits) if limits else None


def _map_row(found: RegisterMap, point: Point) -> MapRow:
    source = found.source
    name = found.path.rsplit("/", 1)[-1]
    return MapRow(found.id, found.label, source.document, source.issue, source.date, source.read_from, name, point.line)


def _exchange(readings: Readings, i: int, block: int, answer: Sweep | None) -> ExchangeRow:
    if block < 0:
        return ExchangeRow(0, None, None, None, "not asked", readings.refusal(i))
    note = readings.block_note[block]
    if answer is None:
        return ExchangeRow(0, None, None, None, "no answer yet", note)
    sent, received = int(answer.sent_ns[block]), int(answer.received_ns[block])
    newest = readings.sweep
    outcome = Outcome(newest.outcome[block]) if newest is not None else Outcome.NOT_SENT
    return ExchangeRow(
        int(answer.tid[block]),
        sent / 1e6,
        received / 1e6,
        (received - sent) / 1e6,
        outcome.name.lower().replace("_", " "),
        note,
    )


def _value_span(answer: Sweep, block: int, offset: int, count: int, readings: Readings) -> tuple[int, int]:
    """Where the value's bytes stand in the answer: first byte and length; bits share a byte."""
    request = readings.plan.requests[block]
    header = len(answer.response_bytes(block)) - (2 * request.count if not request.bits else (request.count + 7) // 8)
    if answer.framing == "rtu":
        header -= 2  # check sum at the end
    first = offset - int(readings.plan.starts[block])
    return (header + first // 8, 1) if request.bits else (header + 2 * first, 2 * count)


def _commands(readings: Readings, i: int, fc: int, address: int, count: int) -> dict[str, str]:
    """Ready-made lines that read the same register with other tools."""
    endpoint = parse_endpoint(readings.bound.device.url)
    table = {1: "0", 2: "1", 3: "4", 4: "3"}[fc]
    lines: dict[str, str] = {}
    method = {1: "read_coils", 2: "read_discrete_inputs", 3: "read_holding_registers", 4: "read_input_registers"}[fc]
    if endpoint.kind == "tcp":
        # mbpoll counts from 1 unless -0 is given
        lines["mbpoll"] = (
            f"mbpoll -0 -1 -a {endpoint.unit} -p {endpoint.port} -t {table}{':hex' if fc > 2 else ''} "
            f"-r {address} -c {count} {endpoint.host}"
        )
        lines["pymodbus"] = (
            f"ModbusTcpClient({endpoint.host!r}, port={endpoint.port}).{method}({address}, count={count}, "
            f"device_id={endpoint.unit})"
        )
    elif endpoint.kind == "serial":
        parity = {"N": "none", "E": "even", "O": "odd"}[endpoint.parity]
        lines["mbpoll"] = (
            f"mbpoll -0 -1 -m rtu -a {endpoint.unit} -b {endpoint.baudrate} -P {parity} -t {table} "
            f"-r {address} -c {count} {endpoint.path}"
        )
    return lines


def derived_inputs(
    ids: list[str], values: np.ndarray[Any, Any], units: list[str], marks: list[Quality], most: int = 200
) -> list[Input]:
    """The leaves of a derived figure; beyond `most` only the first are listed (the total is stated beside them)."""
    rows = zip(ids[:most], values[:most], units[:most], marks[:most], strict=True)
    return [Input(name, finite(value), unit, mark.label) for name, value, unit, mark in rows]
