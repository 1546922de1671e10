"""From the maximum to what was earned: each bar the difference of two worths of the same slots, and no rest.

The worths, from the top: the bound of the battery as bought; its best schedule; the best schedule of somebody who knows
prices only as far as they were published; the schedule that was wanted, within the cap on cycles and then without it;
that with what answered the grid's frequency; these orders carried out by a battery that was available as this one was,
then with the power and the window that were in force, then with the energy that was usable, then with the losses that
were measured; what the converters gave; that less what the auxiliaries took; what the meter counted. The battery's
terminals are those of its converters, so that auxiliaries and everything between converters and meter have bars of
their own. What the converters gave besides what the battery could have given is named `unexplained`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bessinside.market.dispatch.battery import Battery, BatteryError, Curve, Floats
from bessinside.market.dispatch.model import Model
from bessinside.market.dispatch.programme import Calendar, check_arrays, window
from bessinside.market.plans.follow import follow
from bessinside.market.plans.plan import rolling

SLOT_EUR = 0.005  # a slot is listed where it moves at least half a cent


@dataclass(frozen=True, slots=True)
class Realised:
    """What registers say of the same slots, each float64[n]; powers positive out of the battery, W, as means of a slot.

    `meter_w`: at the grid meter. `pcs_w`: at the converters' terminals. `auxiliary_w`: taken by auxiliaries.
    `schedule_w`: the power that was wanted at the terminals, without `response_w`: what was wanted in answer to the
    grid's frequency; `schedule_both_w`, `response_both_w`: what was wanted both ways within a slot besides these means
    (None: nothing). `available`: share of the power whose devices were in
    service. `charge_limit`, `discharge_limit`: share of the power that devices allowed while in service. `soc_min`,
    `soc_max`: window in force. `empty_at`, `full_at`: energy over `energy_wh` at which the battery gave and took no
    more. `charging`, `discharging`: losses by :func:`~bessinside.market.realised.measured.efficiencies`. None where
    there is no register: its bar is then zero and marked as not measured.
    """

    meter_w: Floats
    pcs_w: Floats | None = None
    auxiliary_w: Floats | None = None
    schedule_w: Floats | None = None
    schedule_both_w: Floats | None = None
    response_w: Floats | None = None
    response_both_w: Floats | None = None
    available: Floats | None = None
    charge_limit: Floats | None = None
    discharge_limit: Floats | None = None
    soc_min: float | None = None
    soc_max: float | None = None
    empty_at: Floats | None = None
    full_at: Floats | None = None
    charging: float | Curve | None = None
    discharging: float | Curve | None = None

    @property
    def wanted_w(self) -> Floats | None:
        """All that was wanted at the terminals, schedule and answer to the frequency."""
        if self.schedule_w is None or self.response_w is None:
            return self.schedule_w
        found: Floats = self.schedule_w + self.response_w
        return found


@dataclass(frozen=True, slots=True)
class Bar:
    """One step down. `key` names it; `before_eur` less `after_eur` is `eur`, positive where something was lost.

    `slot_eur` float64[n] adds up to `eur`; `slots` int64[k] are those that move at least half a cent, the dearest
    first. `measured` is False where the register that it needs is missing.
    """

    key: str
    eur: float
    before_eur: float
    after_eur: float
    slot_eur: Floats
    slots: NDArray[np.int64]
    measured: bool


@dataclass(frozen=True, slots=True)
class Waterfall:
    """`bound_eur` less all bars is `realised_eur`. Worths have the battery's wear taken off."""

    bound_eur: float
    bars: tuple[Bar, ...]
    realised_eur: float

    def bar(self, key: str) -> Bar:
        """The bar of that name. Raises KeyError."""
        for bar in self.bars:
            if bar.key == key:
                return bar
        raise KeyError(key)

    @property
    def unexplained_share(self) -> float:
        """The unexplained bar over the bound, 0 to 1; zero where nothing could be earned."""
        return abs(self.bar("unexplained").eur) / self.bound_eur if self.bound_eur else 0.0


def waterfall(
    prices: Floats, calendar: Calendar, battery: Battery, realised: Realised, *, known_days: int = 2
) -> Waterfall:
    """The way down from `battery`, as bought and counted at its converters' terminals, to the meter.

    Its cap on cycles binds the bound and the schedules of the upper half; a plant can break it, so from the bar
    `cycle_cap` on nothing does, and what was earned by that may lie above the bound.

    `prices` float64[n] EUR/MWh. `known_days`: how many local days ahead, today included, prices are known. The
    schedules of the upper half end at `battery.end_wh`; from the wanted schedule on energy stays where it falls.
    """
    _check(prices, battery, realised, len(calendar))
    steps: list[tuple[str, Floats, bool]] = []
    model = Model(prices, calendar.starts_ns, calendar.slot_s, battery, zone=calendar.zone)
    bound = model.bound()
    top = bound.slot_eur + (bound.eur - bound.slot_eur.sum()) / len(calendar)  # the proof's last digits

    def worth(power_w: Floats) -> Floats:
        eur: Floats = (prices * power_w - battery.wear_eur_mwh * np.maximum(power_w, 0)) * (calendar.hours / 1e6)
        return eur

    steps.append(("one_way", worth(model.dispatch().power_w), True))
    known = rolling("known prices", battery, prices, prices, calendar, ahead=known_days)
    steps.append(("foresight", worth(known.power_w), True))

    pcs = realised.meter_w if realised.pcs_w is None else realised.pcs_w
    if realised.pcs_w is None and realised.auxiliary_w is not None:
        pcs = realised.meter_w + realised.auxiliary_w
    wanted = pcs if realised.schedule_w is None else realised.schedule_w
    for step in _chain(battery, realised, len(calendar)):
        power, both = _orders(wanted, realised, step.answers)
        charge, discharge = follow(step.owned, power, calendar, forced=False, between=step.between, both_w=both)
        steps.append((step.key, worth(discharge - charge), step.measured))
    steps.append(("unexplained", worth(pcs), realised.pcs_w is not None or realised.auxiliary_w is not None))
    auxiliary = np.zeros(len(calendar)) if realised.auxiliary_w is None else realised.auxiliary_w
    net = worth(pcs) - prices * auxiliary * calendar.hours / 1e6
    steps.append(("auxiliaries", net, realised.auxiliary_w is not None))
    wear = battery.wear_eur_mwh * np.maximum(pcs, 0) * calendar.hours / 1e6
    counted = prices * realised.meter_w * calendar.hours / 1e6 - wear
    steps.append(("meter", counted, realised.pcs_w is not None))
    return Waterfall(float(bound.eur), _bars(top, steps), float(counted.sum()))


Between = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class _Step:
    """Orders followed by `owned` with its least and most energy; `answers`: with the answer to the frequency."""

    key: str
    owned: Battery
    between: Between
    measured: bool
    answers: bool = True


def _chain(battery: Battery, realised: Realised, n: int) -> list[_Step]:
    """The battery as bought, then with one property after another as it was."""
    capped = replace(battery, end_wh=None)
    free = replace(capped, cycles_day=None, cycles_year=None, throughput_wh=None)
    bought = window(battery, n)
    whole = bought[0] * 1e6, bought[1] * 1e6
    shared = _shared(free, realised.available, realised.available)
    limited = _shared(shared, realised.charge_limit, realised.discharge_limit)
    held = _narrowed(battery, whole, realised.soc_min, realised.soc_max)
    usable = _narrowed(battery, held, realised.empty_at, realised.full_at)
    real = replace(
        limited,
        charging=battery.charging if realised.charging is None else realised.charging,
        discharging=battery.discharging if realised.discharging is None else realised.discharging,
    )
    limits = (realised.charge_limit, realised.discharge_limit, realised.soc_min, realised.soc_max)
    energies, losses = (realised.empty_at, realised.full_at), (realised.charging, realised.discharging)
    return [
        _Step("schedule", capped, whole, realised.schedule_w is not None, answers=False),
        _Step("cycle_cap", free, whole, True, answers=False),
        _Step("frequency", free, whole, realised.response_w is not None),
        _Step("availability", shared, whole, realised.available is not None),
        _Step("limits", limited, held, any(limit is not None for limit in limits)),
        _Step("usable_energy", limited, usable, any(energy is not None for energy in energies)),
        _Step("efficiency", real, usable, any(loss is not None for loss in losses)),
    ]


def _orders(schedule_w: Floats, realised: Realised, answers: bool) -> tuple[Floats, Floats]:
    """The power that was wanted in each slot, and what was wanted both ways within it, W float64[n]."""

    def given(one: Floats | None) -> Floats:
        return np.zeros(len(schedule_w)) if one is None else one

    both = given(realised.schedule_both_w)
    if not answers:
        return schedule_w, both
    return schedule_w + given(realised.response_w), np.maximum(both + given(realised.response_both_w), 0.0)


def _narrowed(battery: Battery, between: Between, least: float | Floats | None, most: float | Floats | None) -> Between:
    """A window made narrower by shares of `energy_wh`."""
    low, high = between
    if least is not None:
        low = np.maximum(low, np.asarray(least) * battery.energy_wh)
    if most is not None:
        high = np.minimum(high, np.asarray(most) * battery.energy_wh)
    return np.minimum(low, high), high


def _shared(battery: Battery, charge: Floats | None, discharge: Floats | None) -> Battery:
    """The battery with further shares of its power."""

    def both(held: Floats | None, more: Floats | None) -> Floats | None:
        if held is None or more is None:
            return more if held is None else held
        return held * more

    return replace(
        battery,
        charge_available=both(battery.charge_available, charge),
        discharge_available=both(battery.discharge_available, discharge),
    )


def _bars(top: Floats, steps: list[tuple[str, Floats, bool]]) -> tuple[Bar, ...]:
    bars, before = [], top
    for key, after, measured in steps:
        lost = before - after
        order = np.argsort(-np.abs(lost), kind="stable")
        listed = order[np.abs(lost[order]) >= SLOT_EUR]
        from_eur, to_eur = float(before.sum()), float(after.sum())
        bars.append(Bar(key, from_eur - to_eur, from_eur, to_eur, lost, listed, measured))
        before = after
    return tuple(bars)


def _check(prices: Floats, battery: Battery, realised: Realised, n: int) -> None:
    check_arrays(prices, battery, n)
    for name in Realised.__slots__:
        series = getattr(realised, name)
        if isinstance(series, np.ndarray) and (series.shape != (n,) or not np.all(np.isfinite(series))):
            raise BatteryError(f"{name}: {n} slots need as many numbers; leave out of the time slots without a reading")
    for name in ("available", "charge_limit", "discharge_limit", "empty_at", "full_at"):
        share = getattr(realised, name)
        if share is not None and not (np.all(share >= 0) and np.all(share <= 1)):
            raise BatteryError(f"{name}: shares must lie in 0 to 1")
