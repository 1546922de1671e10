"""The metric vocabulary, and which maps carry what."""

from __future__ import annotations

from bessinside.plant import levels, vocabulary
from writers import served
from writers.markdown import code, span, table

INTRO = """# Metrics

One name for one measurable thing at one kind of part, whatever the vendor of the device. A map binds a point to a
metric with `x-metric`; the kind of part comes from the nearest `x-anatomy` around it. Units are those of the core
(SI base units, °C, %); `code` is an enumeration or bit field, `text` a string, `1` a plain number or a position
that counts from 1. A value outside its range is marked *implausible*, never changed. Powers and currents are
positive when discharging, reactive power when over-excited. How to add one: [add a
metric](../guides/add-a-metric.md).
"""
_EXAMPLES = {
    "meter": "meter",
    "pcs": "pcs1",
    "bus": "bus1",
    "container": "c1",
    "rack": "c1/r04",
    "module": "c1/r04/m3",
    "cell": "c1/r04/m3/cell026",
    "sensor": "c1/r04/m3/ntc05",
    "cooling": "c1/cooling1",
    "smoke": "c1/smoke1",
    "leak": "c1/leak1",
}


def page() -> str:
    """All metrics, by kind of part."""
    parts = [INTRO]
    for kind, example in _EXAMPLES.items():
        rows = [
            (
                code(metric.key), metric.unit, span(metric.range), metric.en, metric.de,
                " ".join(str(level.id) for level in levels() if metric.key in level.metrics), served.links(metric.key),
            )
            for metric in vocabulary().values()
            if metric.kind == kind
        ]  # fmt: skip
        parts.append(f"## {kind}\n\nSuch a part is written `{example}`, its figures `{example}/…`.\n")
        parts.append(table(("Metric", "Unit", "Range", "English", "German", "Levels", "Maps"), rows))
    return "\n".join(parts)
