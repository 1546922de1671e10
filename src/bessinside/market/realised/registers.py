"""What the registers of a plant say of every slot, as the waterfall takes it, and which registers those are.

All but counters come from the historian's minutes: the mean of a slot is that of its minutes. A slot of which less than
half the minutes are known is not known; a register of which a slot is not known is not used, and its bar says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bessinside.historian.basis.archive import Rollup, Step
from bessinside.historian.past.past import Past
from bessinside.market.basis.localtime import MINUTE_NS
from bessinside.market.dispatch.battery import BatteryError, Floats
from bessinside.market.realised.frequency import Droop, mean_activation
from bessinside.market.realised.measured import counted_energy, efficiencies
from bessinside.market.realised.metered import Times, count
from bessinside.market.realised.minutes import rolled
from bessinside.market.realised.orders import Orders, split
from bessinside.market.realised.waterfall import Realised
from bessinside.plant import Binding

# Cell voltages of LFP from which a BMS holds charging back and lets no more be taken (its flat part ends there).
FULL_V, EMPTY_V = 3.45, 2.95
LEVELS = ("bus.soc", "rack.soc", "container.soc")
FREQUENCIES = ("meter.frequency", "container.frequency", "pcs.frequency")  # the finest first
KNOWN = 0.5  # of a slot's minutes
MINUTES = (
    "pcs.active_power_setpoint", "pcs.active_power", "pcs.state_fault", "pcs.state_derating", "rack.relay_positive",
    "bus.cell_voltage_max", "bus.cell_voltage_min", "bus.soc", "rack.soc", "container.soc", "bus.soh", "rack.soh",
    "container.soh", *FREQUENCIES,
)  # fmt: skip
_OPEN = re.compile(r"\b(open|off|disconnected)\b", re.IGNORECASE)


@dataclass(slots=True)
class Said:
    """What registers say of slots: `realised` for the waterfall, `start_wh` held at the cells before the first slot
    (None without a state of charge), `figures` the ids behind each field, `missing` why a field has none, `droop` by
    which orders answer the frequency (None where that cannot be measured)."""

    realised: Realised
    start_wh: float | None = None
    figures: dict[str, tuple[str, ...]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    droop: Droop | None = None


def said(past: Past, starts_ns: Times, slot_ns: int, meter_w: Floats, rated_w: float, energy_wh: float) -> Said:
    """The registers over slots that follow each other. `meter_w` float64[n] by the meter's counters; `rated_w` at the
    converters' terminals and `energy_wh` at the cells by the nameplate. Raises NothingRecorded."""
    found = Said(Realised(meter_w))
    slots = _Slots(past, starts_ns, slot_ns)
    pcs, both = _power(slots, found, "pcs_w", ("pcs.ac_energy_discharged", 1.0), ("pcs.ac_energy_charged", -1.0))
    auxiliary, _ = _power(slots, found, "auxiliary_w", ("container.auxiliary_energy", 1.0))
    wanted = _wanted(slots, found)
    realised = replace(found.realised, pcs_w=pcs, auxiliary_w=auxiliary)
    if wanted is not None:
        realised = replace(
            realised, schedule_w=wanted.schedule_w, schedule_both_w=wanted.schedule_both_w,
            response_w=wanted.response_w, response_both_w=wanted.response_both_w,
        )  # fmt: skip
    realised = replace(realised, available=_available(slots, found))
    power = meter_w if pcs is None else pcs
    realised = _limited(slots, found, realised, power, rated_w)
    realised, start = _cells(slots, found, realised, power, both, energy_wh)
    found.realised, found.start_wh = realised, start
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """Energy at the cells at a moment, Wh, and the registers that say so."""

    wh: float
    figures: tuple[str, ...]


def held(past: Past, begin_ns: int, slot_ns: int, energy_wh: float) -> Held | None:
    """What was in the cells at the begin of a slot: state of charge · health · `energy_wh`, the first of each that is
    known in it. None without a register of the state of charge, or without a good reading of it."""
    return _held(_Slots(past, np.array([begin_ns], np.int64), slot_ns), energy_wh)


def _held(slots: _Slots, energy_wh: float) -> Held | None:
    level = next((key for key in LEVELS if slots.ids(key)), None)
    if level is None:
        return None
    soc = slots.first(level)
    health = slots.first(level.replace("soc", "soh"))
    if soc is None:
        return None
    share = soc[0] / 100 * (1.0 if health is None else health[0] / 100)
    return Held(share * energy_wh, (*soc[1], *(() if health is None else health[1])))


class _Slots:
    """Minutes of figures, laid on slots."""

    def __init__(self, past: Past, starts_ns: Times, slot_ns: int) -> None:
        self.past, self.slot_ns = past, slot_ns
        self.begin, self.end = int(starts_ns[0]), int(starts_ns[-1]) + slot_ns
        self.n, self.each = len(starts_ns), slot_ns // MINUTE_NS
        self.binding: Binding = past.newest().binding
        self._asked: dict[str, tuple[Rollup, int]] = {}

    def ids(self, metric: str) -> dict[str, str]:
        """The figure of every part that carries a metric."""
        return {part: self.binding.ids[index] for part, index in self.binding.by_part(metric).items()}

    def minutes(self, figures: Sequence[str], which: str = "mean") -> Floats:
        """float64[n, minutes, k], NaN in minutes without a good reading."""
        kept = np.full((self.n * self.each, len(figures)), np.nan)
        for column, figure in enumerate(figures):
            of, k = self._rolled(figure)
            value = getattr(of, which)[:, k]
            kept[(of.begin_ns - self.begin) // MINUTE_NS, column] = np.where(of.count[:, k] > 0, value, np.nan)
        return kept.reshape(self.n, self.each, len(figures))

    def _rolled(self, figure: str) -> tuple[Rollup, int]:
        """The minutes of a figure, and its column in them: those of all usual figures come with one question."""
        if figure not in self._asked:
            usual = [name for metric in MINUTES for name in self.ids(metric).values()]
            names = usual if figure in usual else [figure]
            found = rolled(self.past, names, self.begin, self.end, Step.MINUTE)
            self._asked.update({name: (found, k) for k, name in enumerate(names)})
        return self._asked[figure]

    def first(self, metric: str) -> tuple[float, tuple[str, ...]] | None:
        """The mean of all parts in the first minute of the first slot that has a good reading, and their figures."""
        figures = tuple(self.ids(metric).values())
        if not figures:
            return None
        minutes = self.minutes(figures)[0]
        known = np.flatnonzero(np.isfinite(minutes).any(axis=1))
        return (float(np.nanmean(minutes[known[0]])), figures) if len(known) else None

    def mean(self, found: Said, name: str, metric: str) -> Floats | None:
        """float64[n, k] of all parts; None, and the reason in `found`, where a slot is not known."""
        figures = tuple(self.ids(metric).values())
        if not figures:
            found.missing[name] = f"no register carries {metric}"
            return None
        return self.over(found, name, metric, self.minutes(figures), figures)

    def over(self, found: Said, name: str, metric: str, minutes: Floats, figures: tuple[str, ...]) -> Floats | None:
        """Means over the minutes of each slot; None, and the reason in `found`, where a slot is not known."""
        known = np.isfinite(minutes).mean(axis=1) >= KNOWN
        if not known.all():
            bad = int((~known.all(axis=1)).sum())
            found.missing[name] = f"{metric} is not known in {bad} of {self.n} slots"
            return None
        found.figures[name] = found.figures.get(name, ()) + figures
        mean: Floats = np.nanmean(minutes, axis=1)
        return mean


def _wanted(slots: _Slots, found: Said) -> Orders | None:
    """The orders of all converters: their schedule and what answers the frequency, where a register carries it."""
    figures = tuple(slots.ids("pcs.active_power_setpoint").values())
    if not figures:
        found.missing["schedule_w"] = "no register carries pcs.active_power_setpoint"
        found.missing["response_w"] = found.missing["schedule_w"]
        return None
    minutes = slots.minutes(figures)
    if slots.over(found, "schedule_w", "pcs.active_power_setpoint", minutes, figures) is None:
        found.missing["response_w"] = found.missing["schedule_w"]
        return None
    grid = next((one for one in FREQUENCIES if slots.ids(one)), None)
    if grid is None:
        found.missing["response_w"] = f"no register carries {' or '.join(FREQUENCIES)}"
        return split(minutes.sum(axis=2), None)
    seen = tuple(slots.ids(grid).values())[:1]
    low, mean, high = (slots.minutes(seen, which) for which in ("low", "mean", "high"))
    if slots.over(found, "response_w", grid, mean, seen) is None:
        return split(minutes.sum(axis=2), None)
    wanted = split(minutes.sum(axis=2), mean_activation(low, mean, high)[:, :, 0])
    found.figures["response_w"] += figures
    found.droop = wanted.droop
    return wanted


def _power(slots: _Slots, found: Said, name: str, *metrics: tuple[str, float]) -> tuple[Floats | None, Floats | None]:
    """Mean power of every slot by counters of all parts, and the power that went both ways in it, W float64[n]."""
    total, ways = np.zeros(slots.n), {1.0: np.zeros(slots.n), -1.0: np.zeros(slots.n)}
    used: list[str] = []
    for metric, sign in metrics:
        figures = tuple(slots.ids(metric).values())
        if not figures:
            found.missing[name] = f"no register carries {metric}"
            return None, None
        for figure in figures:
            wh = count(slots.past, figure, slots.begin, slots.end, slots.slot_ns).wh
            total += sign * wh
            ways[sign] += wh
        used += figures
    bad = int((~np.isfinite(total)).sum())
    if bad:
        found.missing[name] = f"{', '.join(metric for metric, _ in metrics)}: not counted in {bad} of {slots.n} slots"
        return None, None
    found.figures[name] = tuple(used)
    per_hour = 3600e9 / slots.slot_ns
    return total * per_hour, np.minimum(ways[1.0], ways[-1.0]) * per_hour


def _available(slots: _Slots, found: Said) -> Floats | None:
    """Share of converters that had no fault and a rack on their bus, float64[n]."""
    faults = slots.ids("pcs.state_fault")
    if not faults:
        found.missing["available"] = "no register carries pcs.state_fault"
        return None
    parts, figures = tuple(faults), tuple(faults.values())
    minutes = slots.minutes(figures)
    served = np.where(np.isfinite(minutes), 1.0 - np.clip(minutes, 0, 1), np.nan)
    relays = slots.ids("rack.relay_positive")
    if relays:
        position = slots.minutes(tuple(relays.values()), "high")
        closed = np.stack(
            [_closed(slots.binding, figure, position[:, :, k]) for k, figure in enumerate(relays.values())], axis=-1
        )
        racks = {rack: k for k, rack in enumerate(relays)}
        for column, pcs in enumerate(parts):
            buses = [bus for bus in slots.binding.plant.anatomy.buses if bus.pcs == pcs]
            mine = [racks[rack] for bus in buses for rack in bus.racks if rack in racks]
            if mine:  # a contactor of which nothing is known is not called open
                served[:, :, column] *= np.nan_to_num(closed[:, :, mine], nan=1.0).max(axis=-1)
        found.figures["available"] = tuple(relays.values())
    mean = slots.over(found, "available", "pcs.state_fault", served, figures)
    return None if mean is None else np.clip(mean.mean(axis=1), 0.0, 1.0)


def _closed(binding: Binding, figure: str, value: Floats) -> Floats:
    """1 where a contactor is closed, 0 where its map calls the value open, NaN without a reading."""
    index = binding.find(figure)
    assert index is not None  # it came from this binding
    bound, i = binding.locate(index)
    opened = [one.value for one in bound.point(i).symbols if _OPEN.search(one.label or one.name)]
    closed: Floats = np.where(np.isfinite(value), (~np.isin(value, opened)).astype(float), np.nan)
    return closed


def _limited(slots: _Slots, found: Said, realised: Realised, power_w: Floats, rated_w: float) -> Realised:
    """Limits in force and the slots in which cells were full or empty: while a converter derates."""
    derating = slots.ids("pcs.state_derating")
    if not derating:
        found.missing["limits"] = "no register carries pcs.state_derating"
        return realised
    active, high, low = (
        slots.ids(metric) for metric in ("pcs.active_power", "bus.cell_voltage_max", "bus.cell_voltage_min")
    )
    by_pcs = {bus.pcs: bus.id for bus in slots.binding.plant.anatomy.buses}
    parts = [part for part in derating if part in active and by_pcs.get(part) in high and by_pcs.get(part) in low]
    if len(parts) != len(derating):
        found.missing["limits"] = "pcs.active_power or the highest and lowest cell voltage of a bus has no register"
        return realised
    buses = [str(by_pcs[part]) for part in parts]
    columns = [
        tuple(derating[part] for part in parts),
        tuple(active[part] for part in parts),
        tuple(high[bus] for bus in buses),
        tuple(low[bus] for bus in buses),
    ]
    state, watts, top, bottom = (slots.minutes(figures) for figures in columns)
    if slots.over(found, "limits", "pcs.state_derating", state, columns[0]) is None:
        return realised
    for figures in columns[1:]:
        found.figures["limits"] += figures
    derated = np.nan_to_num(state) > 0
    charging = (power_w < 0)[:, None, None]
    ended = derated & np.where(charging, np.nan_to_num(top) >= FULL_V, np.nan_to_num(bottom, nan=9.9) <= EMPTY_V)
    share = np.where(derated & ~ended, np.minimum(np.abs(np.nan_to_num(watts)) / (rated_w / len(parts)), 1.0), 1.0)
    limit = share.mean(axis=(1, 2))
    any_end = ended.any(axis=(1, 2))
    return replace(
        realised, charge_limit=limit, discharge_limit=limit,
        full_at=np.where(any_end & (power_w < 0), 0.0, 1.0), empty_at=np.where(any_end & (power_w > 0), 1.0, 0.0),
    )  # fmt: skip


def _cells(
    slots: _Slots, found: Said, realised: Realised, power_w: Floats, both_w: Floats | None, energy_wh: float
) -> tuple[Realised, float | None]:
    """Measured losses, and the energies at which the battery was full or empty (marked so far with 0 and 1)."""
    ended = None
    if realised.full_at is not None and realised.empty_at is not None:
        ended = (realised.full_at == 0.0), (realised.empty_at == 1.0)
    realised = replace(realised, full_at=None, empty_at=None)
    level = next((key for key in LEVELS if slots.ids(key)), None)
    if level is None:
        found.missing["charging"] = found.missing["usable"] = "no register carries a state of charge"
        return realised, None
    figures = tuple(slots.ids(level).values())
    minutes = slots.minutes(figures)
    health = slots.mean(found, "health", level.replace("soc", "soh"))
    whole = 1.0 if health is None else float(health.mean()) / 100
    if slots.over(found, "charging", level, minutes, figures) is None:
        found.missing["usable"] = found.missing["charging"]
        return realised, None
    soc = _filled(np.nanmean(minutes, axis=2).reshape(-1)).reshape(slots.n, slots.each) / 100
    held = soc[:, -1] * whole * energy_wh
    begins = _held(slots, energy_wh)
    start = float(soc[0, 0] * whole * energy_wh) if begins is None else begins.wh
    slot_s = slots.slot_ns / 1e9
    at_end = np.zeros(slots.n, bool) if ended is None else ended[0] | ended[1]
    try:
        charging, discharging = efficiencies(power_w, held, start, slot_s, ~at_end, both_w)
    except BatteryError as error:
        found.missing["charging"] = found.missing["usable"] = str(error)
        return realised, start
    realised = replace(realised, charging=charging, discharging=discharging)
    if ended is None:
        found.missing["usable"] = found.missing.get("limits", "")
        return realised, start
    counted = counted_energy(power_w, start, charging, discharging, slot_s, both_w)
    reached = np.clip(counted / energy_wh, 0.0, 1.0)
    most = min(1.0, max(whole, float(reached.max())))
    found.figures["usable"] = found.figures["charging"] + found.figures.get("health", ())
    return replace(
        realised, empty_at=np.where(ended[1], reached, 0.0), full_at=np.where(ended[0], reached, most)
    ), start  # fmt: skip


def _filled(value: Floats) -> Floats:
    """Minutes without a reading take the one before, the first ones the first that is known."""
    known = np.isfinite(value)
    at = np.maximum.accumulate(np.where(known, np.arange(len(value)), -1))
    found: Floats = value[np.where(at < 0, int(np.argmax(known)), at)]
    return found
