"""Alarms and fields of the past as the page gets them."""

from __future__ import annotations

import msgspec
import numpy as np

from bessinside.historian.past.alarms import Alarm
from bessinside.historian.past.field import Field


class AlarmRow(msgspec.Struct, frozen=True):
    """An alarm bit, or a code, of a register: `since` and `until` UTC ms, until null while it stands. `found`: it stood
    at the beginning of the span already, and came before."""

    id: str
    part: str
    device: str
    code: int
    name: str
    label: str
    since: float
    until: float | None
    found: bool


def alarm_row(alarm: Alarm) -> AlarmRow:
    """An alarm with its times in ms."""
    until = None if alarm.until_ns is None else alarm.until_ns / 1e6
    return AlarmRow(
        alarm.id,
        alarm.part,
        alarm.device,
        alarm.code,
        alarm.name,
        alarm.label,
        alarm.since_ns / 1e6,
        until,
        alarm.found,
    )  # fmt: skip


class FieldAbout(msgspec.Struct, frozen=True):
    """What the numbers of a field are: k parts, m spans of `step_ms` from `begin_ms` on."""

    metric: str
    unit: str
    begin_ms: float
    step_ms: float
    spans: int
    source: str
    id: list[str]
    part: list[str]


def encode_field(field: Field) -> bytes:
    """u32 length of what follows, that JSON (FieldAbout) with blanks up to a multiple of 4, then little-endian
    float32[k, m] three times (mean, low, high) and uint32[k, m] twice (good sweeps, sweeps without a value)."""
    about = msgspec.json.encode(
        FieldAbout(
            field.metric, field.unit, field.begin_ns / 1e6, field.step_ns / 1e6, field.mean.shape[1], field.source,
            list(field.id), list(field.part),
        )
    )  # fmt: skip
    about += b" " * (-len(about) % 4)
    floats = (np.ascontiguousarray(column, "<f4") for column in (field.mean, field.low, field.high))
    whole = (np.ascontiguousarray(column, "<u4") for column in (field.count, field.left_out))
    return b"".join([len(about).to_bytes(4, "little"), about, *(column.tobytes() for column in (*floats, *whole))])
