"""Signal pages as the page of this plant shows them: texts, the registers that carry the metric, the scenarios."""

from __future__ import annotations

import msgspec

from bessinside.emulator.trouble.scenario import load
from bessinside.errors import BessError
from bessinside.plant import levels, vocabulary
from bessinside.plant.signals import Signal, signals, subsystems
from bessinside.registers.located import did_you_mean
from bessinside.registers.metrics import Metric
from bessinside.twin import Twin

MOST_REGISTERS = 50


class UnknownSignal(BessError):
    """No page speaks for this metric."""


class SignalRow(msgspec.Struct, frozen=True):
    """One page in the list. `registers`: how many of this plant carry the metric; `also`: metrics it speaks for too."""

    metric: str
    title: str
    unit: str
    levels: list[int]
    registers: int
    also: list[str]


class SubsystemRow(msgspec.Struct, frozen=True):
    """The pages of one subsystem."""

    id: str
    title: str
    signals: list[SignalRow]


class SignalFact(msgspec.Struct, frozen=True):
    """A number from elsewhere, and whose it is."""

    text: str
    source: str


class SignalScenario(msgspec.Struct, frozen=True):
    """A fault of the emulated plant that a page tells of."""

    id: str
    title: str
    story: str
    levels: list[int]


class SignalPage(msgspec.Struct, frozen=True):
    """The page of a metric. `texts` by section; `wrong` names scenarios in square brackets.

    `registers`: ids of the plant's figures that carry the metric, at most 50 of `total`; `alike`: the metrics that the
    same page speaks for and this plant carries.
    """

    metric: str
    title: str
    unit: str
    subsystem: str
    levels: list[int]
    texts: dict[str, str]
    facts: list[SignalFact]
    registers: list[str]
    total: int
    alike: list[SignalRow]
    scenarios: list[SignalScenario]


def signal_list(twin: Twin, language: str = "en") -> list[SubsystemRow]:
    """All pages by subsystem."""
    return [
        SubsystemRow(
            found.id,
            found.titles[language],
            [_row(twin, one.metric, language, [metric.key for metric in one.also]) for one in found.signals],
        )
        for found in subsystems()
    ]


def signal_page(twin: Twin, key: str, language: str = "en") -> SignalPage:
    """The page of a metric, its own or that of its like. Raises UnknownSignal."""
    if key not in signals():
        raise UnknownSignal(f"no page speaks for the signal {key!r}; {did_you_mean(key, signals())}")
    found, metric = signals()[key], vocabulary()[key]
    carried = twin.binding.of_metric(key)
    alike = [_row(twin, other, language) for other in found.metrics if other.key != key]
    return SignalPage(
        metric=key,
        title=metric.label(language),
        unit=metric.unit,
        subsystem=next(one.titles[language] for one in subsystems() if found in one.signals),
        levels=_levels(key),
        texts=found.texts[language],
        facts=[SignalFact(fact.texts[language], fact.source) for fact in found.facts],
        registers=[twin.binding.ids[index] for index in carried[:MOST_REGISTERS]],
        total=len(carried),
        alike=[row for row in alike if row.registers],
        scenarios=_scenarios(found, language),
    )


def _row(twin: Twin, metric: Metric, language: str, also: list[str] | None = None) -> SignalRow:
    carried = len(twin.binding.of_metric(metric.key))
    return SignalRow(metric.key, metric.label(language), metric.unit, _levels(metric.key), carried, also or [])


def _levels(key: str) -> list[int]:
    """Numbers of the levels that the metric belongs to."""
    return [level.id for level in levels() if key in level.metrics]


def _scenarios(found: Signal, language: str) -> list[SignalScenario]:
    def spoken(words: object) -> str:
        return str(getattr(words, language))

    return [
        SignalScenario(one.id, spoken(one.title), spoken(one.story), list(one.levels))
        for one in map(load, found.scenarios)
    ]
