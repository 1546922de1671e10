"""The derived figures of one plant: formulas bound to the points they need, computed for all instances at once."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.plant import Binding
from bessinside.twin.formulas import FORMULAS, Formula
from bessinside.twin.quality import Quality, worst_of_rows


@dataclass(frozen=True, slots=True)
class Group:
    """All instances of one formula on a plant. `inputs` holds point indices, shape (instances, inputs)."""

    formula: Formula
    first: int
    parts: tuple[str, ...]
    inputs: NDArray[np.int32]


class Derived:
    """Derived figures under one index: `ids[i]`, with values and qualities from `compute`."""

    def __init__(self, binding: Binding, formulas: tuple[Formula, ...] = FORMULAS) -> None:
        self.binding = binding
        self.groups: list[Group] = []
        ids: list[str] = []
        for formula in formulas:
            # instances of different size (a plant of unlike containers) become groups of their own
            by_size: dict[int, list[tuple[str, list[int]]]] = {}
            for part, indices in formula.inputs(binding):
                by_size.setdefault(len(indices), []).append((part, indices))
            for instances in by_size.values():
                inputs = np.array([indices for _, indices in instances], dtype=np.int32)
                parts = tuple(part for part, _ in instances)
                self.groups.append(Group(formula, len(ids), parts, inputs))
                ids += [self._id(part, formula.name) for part in parts]
        self.ids = tuple(ids)
        self._by_id = {name: index for index, name in enumerate(ids)}

    @property
    def size(self) -> int:
        return len(self.ids)

    def _id(self, part: str, name: str) -> str:
        plain = f"{part}/{name}"
        carried = self.binding.find(plain) is not None or self.binding.may_carry(part, name)
        return f"{plain}@derived" if carried else plain

    def find(self, figure_id: str) -> int | None:
        """The index of a derived figure, None where there is none of that id."""
        return self._by_id.get(figure_id)

    def locate(self, index: int) -> tuple[Formula, str, NDArray[np.int32]]:
        """Formula, part and input point indices of a derived figure."""
        for group in reversed(self.groups):
            if index >= group.first:
                row = index - group.first
                return group.formula, group.parts[row], group.inputs[row]
        raise IndexError(index)

    def of_key(self, key: str) -> list[int]:
        """Indices of all figures of a formula, by its key (`pcs.efficiency`)."""
        return [
            index
            for group in self.groups
            if group.formula.key == key
            for index in range(group.first, group.first + len(group.parts))
        ]

    def compute(
        self, values: NDArray[np.float64], quality: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Values (NaN where there is none) and qualities of all derived figures from the plant's readings."""
        good = np.where(quality == Quality.GOOD, values, np.nan)
        out = np.full(self.size, np.nan)
        marks = np.zeros(self.size, dtype=np.uint8)
        for group in self.groups:
            rows = slice(group.first, group.first + len(group.parts))
            out[rows], enough = evaluate(group.formula, good[group.inputs])
            marks[rows] = self._marks(group, enough, out[rows], quality)
        return out, marks

    def oldest(self, read_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each derived figure the time of its oldest input that was ever read; 0 where none was."""
        out = np.zeros(self.size, dtype=np.int64)
        for group in self.groups:
            times = read_ns[group.inputs]
            oldest = np.where(times > 0, times, np.iinfo(np.int64).max).min(axis=1)
            rows = slice(group.first, group.first + len(group.parts))
            out[rows] = np.where(oldest == np.iinfo(np.int64).max, 0, oldest)
        return out

    def _marks(
        self, group: Group, enough: NDArray[np.bool_], results: NDArray[np.float64], quality: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        marks = np.where(np.isfinite(results), Quality.GOOD, Quality.NOT_IMPLEMENTED).astype(np.uint8)
        short = ~enough
        if short.any():
            marks[short] = worst_of_rows(quality[group.inputs[short]])
        return marks


def evaluate(formula: Formula, inputs: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """A formula over float64[rows, inputs], NaN where an input is not good: values, NaN where there is none, and
    whether each row had enough good inputs for one (all if the formula is strict, else any)."""
    used = np.isfinite(inputs)
    enough = np.asarray(used.all(axis=1) if formula.strict else used.any(axis=1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a row without any good input is NaN, rightly
        return np.where(enough, formula.kernel(inputs), np.nan), enough
