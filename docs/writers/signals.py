"""Signal pages: what each metric means, from the files in `plant/signals/`."""

from __future__ import annotations

import re

from bessinside.plant import levels
from bessinside.plant.signals import SECTIONS, Signal, subsystems
from writers.markdown import code, table

INTRO = """# Signals

What each metric means: how it is measured, what is normal for LFP and why, what it does for revenue, lifetime and
safety, and what goes wrong with it, told with the [scenarios](scenarios.md) of the emulated plant. The page of the
twin shows the same in English and German beside the plant's live registers. A number without a source, and the word
*here*, speak of the reference plant REF-5M. The files are in `src/bessinside/plant/signals/`. How to write one: [add a
metric](../guides/add-a-metric.md#a-page-that-explains-it).
"""
TITLES = {
    "measures": "How it is measured",
    "normal": "What is normal",
    "revenue": "Revenue",
    "lifetime": "Lifetime",
    "safety": "Safety",
    "wrong": "What goes wrong",
}


def page() -> str:
    """All pages, by subsystem, after a table of them."""
    rows = [
        (
            found.titles["en"], f"[{one.metric.en}](#{_anchor(one)})", code(one.metric.key), one.metric.unit,
            " ".join(str(level.id) for level in levels() if one.metric.key in level.metrics),
        )
        for found in subsystems()
        for one in found.signals
    ]  # fmt: skip
    parts = [INTRO, table(("Subsystem", "Signal", "Metric", "Unit", "Levels"), rows)]
    for found in subsystems():
        parts.append(f"## {found.titles['en']}\n")
        parts += map(_signal, found.signals)
    return "\n".join(parts)


def _anchor(one: Signal) -> str:
    """How a heading of one word becomes a link: `meter.active_power` as `meteractive_power`."""
    return one.metric.key.replace(".", "")


def _signal(one: Signal) -> str:
    texts = one.texts["en"]
    lines = [f"### {one.metric.key}\n", f"**{one.metric.en}** ({one.metric.de})\n"]
    lines += [f"- *{TITLES[section]}*: {_linked(texts[section])}" for section in SECTIONS]
    lines += [f"- *Fact*: {fact.texts['en']} ({fact.source})" for fact in one.facts]
    if one.also:
        lines.append("\nSpeaks also for " + ", ".join(code(metric.key) for metric in one.also) + ".")
    return "\n".join(lines) + "\n"


def _linked(text: str) -> str:
    return re.sub(r"\[([a-z0-9-]+)\]", r"([\1](scenarios.md#\1))", text)
