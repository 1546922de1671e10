"""A plant at one moment as its devices describe it: figures, levels and passports over each device's readings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from bessinside.errors import BessError
from bessinside.plant import Binding, Plant, levels, vocabulary
from bessinside.twin import asked
from bessinside.twin.asked import Polled
from bessinside.twin.derived import Derived
from bessinside.twin.figure import FigureRow, LevelRow
from bessinside.twin.formulas import FORMULAS
from bessinside.twin.passport import DerivedPassport, Passport, Trend, derived_inputs, finite, reading_passport
from bessinside.twin.quality import Quality
from bessinside.twin.readings import Readings
from bessinside.twin.snapshot import Snapshot, take_snapshot


class UnknownFigure(BessError):
    """A figure id that this plant does not have."""


class State:
    """What is shown of a plant, now or at a moment that is past: the same rows and passports from the same readings.

    `devices` are the readings of each device of `binding`, `pollers` the same with how each device's link is.
    """

    plant: Plant
    binding: Binding
    derived: Derived
    devices: list[Readings]
    pollers: Sequence[Polled]

    def now_ns(self) -> int:
        """The moment that is shown, UTC ns."""
        raise NotImplementedError

    def snapshot(self) -> Snapshot:
        """The plant at its moment. Costs about a millisecond for 10,000 points."""
        return take_snapshot(self.now_ns(), self.binding, self.devices, self.derived)

    def ids(self) -> Iterable[str]:
        """Ids of all figures, readings first."""
        yield from self.binding.ids
        yield from self.derived.ids

    def figure(self, figure_id: str, snapshot: Snapshot | None = None, language: str = "en") -> FigureRow:
        """One figure with value, unit, quality and age. Raises UnknownFigure."""
        now = snapshot or self.snapshot()
        index = self.binding.find(figure_id)
        if index is not None:
            return self._reading_row(index, now, language)
        index = self.derived.find(figure_id)
        if index is not None:
            return self._derived_row(index, now, language)
        row = asked.sweep_figure(self.pollers, figure_id, now.time_ns, language)
        row = row or asked.residual_row(self.binding, figure_id, now, language)
        if row is not None:
            return row
        carried = ", ".join(name for name in self.ids() if name.split("@")[0] == figure_id)
        hint = f"there are {carried}" if carried else f"`bessinside read {self.plant.name} '*'` lists all"
        raise UnknownFigure(f"{figure_id}: this plant has no such figure; {hint}")

    def sweeps(self, language: str = "en") -> list[FigureRow]:
        """Facts of every device's newest sweep: requests, failures, time from the first question to the last answer."""
        return list(asked.sweep_rows(self.pollers, self.now_ns(), language))

    def levels(self, language: str = "en", snapshot: Snapshot | None = None) -> list[LevelRow]:
        """The 14 levels, each with its figures; a metric that no device carries is there as not mapped."""
        now = snapshot or self.snapshot()
        return [
            LevelRow(
                level.id,
                level.key,
                level.title(language),
                level.question(language),
                [row for key in level.show for row in self._rows(key, now, language)],
            )
            for level in levels()
        ]

    def _rows(self, key: str, now: Snapshot, language: str) -> list[FigureRow]:
        if key.startswith("derived."):
            formula_key = key.removeprefix("derived.")
            rows = [self._derived_row(index, now, language) for index in self.derived.of_key(formula_key)]
            label = next(formula.label(language) for formula in FORMULAS if formula.key == formula_key)
            unit = next(formula.unit for formula in FORMULAS if formula.key == formula_key)
        else:
            rows = [self._reading_row(index, now, language) for index in self.binding.of_metric(key)]
            label, unit = vocabulary()[key].label(language), vocabulary()[key].unit
        return rows or [FigureRow(key, label, "", None, None, unit, Quality.NOT_MAPPED.label, None)]

    def _reading_row(self, index: int, now: Snapshot, language: str) -> FigureRow:
        binding = self.binding
        metric = binding.metrics[index]
        bound, i = binding.locate(index)
        label = metric.label(language) if metric else bound.point(i).label or bound.point(i).name
        return FigureRow(
            binding.ids[index],
            label,
            binding.parts[index],
            finite(now.values[index]),
            self.text(index),
            binding.units[index],
            Quality(now.quality[index]).label,
            _age(now.time_ns, now.read_ns[index]),
        )

    def _derived_row(self, index: int, now: Snapshot, language: str) -> FigureRow:
        formula, part, _ = self.derived.locate(index)
        return FigureRow(
            self.derived.ids[index],
            formula.label(language),
            part,
            finite(now.derived_values[index]),
            None,
            formula.unit,
            Quality(now.derived_quality[index]).label,
            _age(now.time_ns, now.derived_ns[index]),
        )

    def text(self, index: int) -> str | None:
        """The text of a point that carries one (serial number, address), None for numbers and before the first read."""
        bound, i = self.binding.locate(index)
        readings = self.devices[bound.number]
        if bound.point(i).wire_type.kind != "text" or readings.block[i] < 0:
            return None
        return readings.codec.text(i, readings.words) or None

    def trend(self, index: int) -> tuple[list[float], list[float]]:
        """The five minutes of a point before this moment: times in ms UTC, values in SI."""
        bound, i = self.binding.locate(index)
        return self.devices[bound.number].trend(i)

    def passport(self, figure_id: str, language: str = "en") -> Passport:
        """Where a figure comes from. Raises UnknownFigure."""
        now = self.snapshot()
        row = self.figure(figure_id, now, language)
        index = self.binding.find(figure_id)
        if index is None:
            return self._derived_passport(figure_id, row, now, language)
        bound, i = self.binding.locate(index)
        readings = self.devices[bound.number]
        metric = self.binding.metrics[index]
        times, values = self.trend(index)
        return Passport(
            id=figure_id,
            label=row.label,
            kind="reading",
            part=row.part,
            metric=metric.key if metric else None,
            value=row.value,
            text=row.text,
            unit=row.unit,
            quality=row.quality,
            quality_note=readings.note(i),
            age_s=row.age,
            time_ms=_milliseconds(now.read_ns[index]),
            emulated=self.plant.emulated,
            reading=reading_passport(readings, i, figure_id, self.plant.name),
            derived=None,
            trend=Trend(times, [finite(value) for value in values]),
        )

    def _derived_passport(self, figure_id: str, row: FigureRow, now: Snapshot, language: str) -> Passport:
        index = self.derived.find(figure_id)
        if index is None:
            emulated = self.plant.emulated
            found = asked.sweep_passport(self.pollers, figure_id, now.time_ns, language, emulated)
            found = found or asked.residual_passport(self.binding, figure_id, now, language, emulated)
            if found is None:
                raise UnknownFigure(figure_id)
            return found
        formula, part, inputs = self.derived.locate(index)
        marks = [Quality(mark) for mark in now.quality[inputs]]
        times = now.read_ns[inputs]
        read = times[times > 0]
        return Passport(
            id=figure_id,
            label=row.label,
            kind="derived",
            part=part,
            metric=None,
            value=row.value,
            text=None,
            unit=row.unit,
            quality=row.quality,
            quality_note="",
            age_s=row.age,
            time_ms=_milliseconds(now.derived_ns[index]),
            emulated=self.plant.emulated,
            reading=None,
            derived=DerivedPassport(
                formula=formula.equation,
                reference=formula.reference,
                model=formula.model,
                inputs=derived_inputs(
                    [self.binding.ids[i] for i in inputs],
                    now.values[inputs],
                    [self.binding.units[i] for i in inputs],
                    marks,
                ),
                inputs_total=len(inputs),
                left_out=sum(mark is not Quality.GOOD for mark in marks),
                skew_ms=float(np.ptp(read)) / 1e6 if len(read) else None,
            ),
            trend=Trend([], []),
        )


def _age(now_ns: int, read_ns: int) -> float | None:
    age = (now_ns - int(read_ns)) / 1e9
    return round(age, 3) if read_ns and math.isfinite(age) else None


def _milliseconds(read_ns: int) -> float | None:
    return int(read_ns) / 1e6 if read_ns else None
