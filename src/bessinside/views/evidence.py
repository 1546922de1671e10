"""What facts rest on: the plant at a moment, what was recorded in a span, prices, and what the plant file states.

Everything is asked once and kept, so that all facts of one base speak of the same readings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bessinside.errors import BessError
from bessinside.historian.basis.archive import Event, Step
from bessinside.historian.basis.series import Plot, draw
from bessinside.historian.past.counter import Counted, counted, modulus_of
from bessinside.historian.past.past import Past
from bessinside.market.prices.cache import PriceCache
from bessinside.market.prices.day_ahead import at_hand
from bessinside.market.prices.series import PriceSeries, iso
from bessinside.market.prices.sources import files
from bessinside.market.realised.minutes import rolled
from bessinside.market.realised.registers import FREQUENCIES
from bessinside.plant import Plant
from bessinside.plant.economics import Economics, Warranty
from bessinside.twin.snapshot import Snapshot
from bessinside.twin.state import State, UnknownFigure
from bessinside.views import carried as parts
from bessinside.views.carried import Carried
from bessinside.views.fact import Missing, Origin
from bessinside.views.found import ASSUMPTION, Lacking, no_history, no_input, no_prices, no_register

T = TypeVar("T")
SWEEPS_NS = 2 * int(Step.HOUR)  # up to such a span every sweep is read, beyond it the minutes that were kept
MOST_TRACKED = 2_000  # figures asked for at once
TRACKED = (
    "meter.energy_export", "meter.energy_import", "meter.active_power", "pcs.active_power", "pcs.active_power_setpoint",
    "pcs.dc_power", "pcs.ac_energy_charged", "pcs.ac_energy_discharged", "pcs.dc_energy_charged",
    "pcs.dc_energy_discharged", "pcs.state_fault", "pcs.state_derating", "pcs.state", "container.auxiliary_energy",
    "container.soc", "container.soh", "bus.soc", "bus.soh", "bus.cell_voltage_max", "bus.cell_voltage_min",
    "bus.current", "rack.soc", "rack.soh", "rack.current", "rack.relay_positive", "rack.connection_state",
    "rack.temperature_max", "rack.temperature_min", "rack.cell_voltage_spread", *FREQUENCIES,
)  # fmt: skip
MINUTES_NS = 62 * 24 * int(Step.HOUR)  # up to such a span minutes are read, beyond it hours


class Evidence:
    """`state` and `now`: the plant at the moment. `past` with `start_ns`, `end_ns`: the recorded span, None without.

    `prices`: a series in place of what this machine has. `imbalance`: imbalance prices that somebody fetched. `owner`:
    the plant file whose nameplate, money and warranty count; that of the moment unless said.
    """

    def __init__(
        self,
        state: State,
        now: Snapshot,
        past: Past | None = None,
        start_ns: int = 0,
        end_ns: int = 0,
        *,
        prices: PriceSeries | None = None,
        imbalance: PriceSeries | None = None,
        cache: PriceCache | None = None,
        owner: Plant | None = None,
    ) -> None:
        self.state = state
        self.binding = state.binding  # a device that is discovered later brings another one
        self.now = now
        self.past = past
        self.start_ns, self.end_ns = start_ns, end_ns
        self.plant = owner or state.plant
        self._prices = prices
        self.imbalance = imbalance
        self._cache = cache
        self._kept: dict[Any, Any] = {}

    @property
    def hours(self) -> float:
        """Length of the span, h."""
        return (self.end_ns - self.start_ns) / Step.HOUR

    def once(self, key: Any, work: Callable[[], T]) -> T:
        """What `work` gives, asked at most once for a key; a Lacking is kept too."""
        if key not in self._kept:
            try:
                self._kept[key] = work()
            except Lacking as error:
                self._kept[key] = error
        found = self._kept[key]
        if isinstance(found, Lacking):
            raise found
        kept: T = found
        return kept

    # -- this moment

    def carried(self, *metrics: str) -> Carried:
        """The first of these metrics that a device carries, on all its parts. Raises Lacking."""
        for metric in metrics:
            if self.binding.of_metric(metric):
                return self._carried(metric)
        raise Lacking(no_register(*metrics))

    def _carried(self, metric: str) -> Carried:
        return self.once(("carried", metric), lambda: parts.carried(self.binding, self.now, metric))

    def carries(self, metric: str) -> bool:
        """Whether any device carries a metric."""
        return bool(self.binding.of_metric(metric))

    # -- the span

    def archive(self) -> Past:
        """The past. Raises Lacking where nothing is recorded."""
        if self.past is None or self.end_ns <= self.start_ns:
            raise Lacking(no_history("nothing was recorded in this span"))
        return self.past

    def counters(self, *metrics: str) -> tuple[float, tuple[Origin, ...], list[Counted]]:
        """What all parts that carry the first of these metrics counted in the span, summed: value, origins, details.

        Raises Lacking where a part has fewer than two good readings.
        """
        found = self.carried(*metrics)
        rows = [self.counter(name) for name in found.ids]
        bad = [name for name, one in zip(found.ids, rows, strict=True) if not np.isfinite(one.total)]
        if bad:
            raise Lacking(*(no_history(f"{name}: fewer than two good readings in this span") for name in bad))
        origin = tuple(
            Origin("counter", name, one.total, found.unit, "partly" if one.resets else "good", _link(name), _words(one))
            for name, one in zip(found.ids, rows, strict=True)
        )
        return float(sum(one.total for one in rows)), origin, rows

    def counter(self, figure_id: str) -> Counted:
        """What one counter counted in the span: from every sweep of a short span, else from kept steps."""
        return self.once(("counter", figure_id), lambda: self._counter(figure_id))

    def _counter(self, figure_id: str) -> Counted:
        past = self.archive()
        if self.end_ns - self.start_ns <= SWEEPS_NS:
            try:
                return past.counted(figure_id, self.start_ns, self.end_ns)
            except UnknownFigure as error:
                raise Lacking(no_history(str(error))) from error
        kept = self.track(figure_id)
        index = self.binding.find(figure_id)
        assert index is not None  # it is carried
        bound, i = self.binding.locate(index)
        modulus = modulus_of(bound.point(i), float(bound.factor[i]))
        some = kept.count > 0
        if modulus is not None:
            some &= kept.high - kept.low < 0.8 * modulus  # it began anew inside: lowest and highest say nothing
        time = np.column_stack([kept.time[some], kept.time[some] + kept.step_ns - 1]).ravel()
        return counted(time, np.column_stack([kept.low[some], kept.high[some]]).ravel(), modulus)

    def step(self) -> Step:
        """The step in which a long span is read."""
        return Step.MINUTE if self.end_ns - self.start_ns <= MINUTES_NS else Step.HOUR

    def track(self, figure_id: str) -> Plot:
        """A figure over the span in steps: ten seconds up to two hours, minutes up to two months, else hours."""
        return self.once(("track", figure_id), lambda: self._track(figure_id))

    def _track(self, figure_id: str) -> Plot:
        past = self.archive()
        if self.end_ns - self.start_ns <= SWEEPS_NS:
            try:
                return draw(past.series(figure_id, self.start_ns, self.end_ns), self.start_ns, 10_000_000_000)
            except UnknownFigure as error:
                raise Lacking(no_history(str(error))) from error
        usual = self.once("kept", self._kept_steps)
        return usual[figure_id] if figure_id in usual else self._steps([figure_id])[figure_id]

    def _kept_steps(self) -> dict[str, Plot]:
        """All figures that facts look at over the span, asked at once, which costs little more than one."""
        names = [
            self.binding.ids[index] for metric in TRACKED for index in self.binding.by_part(metric).values()
        ]  # fmt: skip
        return self._steps(names) if len(names) <= MOST_TRACKED else {}

    def _steps(self, names: list[str]) -> dict[str, Plot]:
        step = self.step()
        kept = rolled(self.archive(), names, self.start_ns, self.end_ns, step)
        found = {}
        for k, name in enumerate(names):
            some = kept.count[:, k] + kept.left_out[:, k] > 0
            found[name] = Plot(
                name, "", "", int(step), kept.begin_ns[some], kept.low[some, k], kept.high[some, k],
                kept.mean[some, k], kept.count[some, k].astype(np.int64), kept.left_out[some, k].astype(np.int64),
                step.name.lower(),
            )  # fmt: skip
        return found

    def tracks(self, *metrics: str) -> tuple[Carried, list[Plot]]:
        """The first of these metrics that is carried, each part over the span. Raises Lacking without a good value."""
        found = self.carried(*metrics)
        rows = [self.track(name) for name in found.ids]
        if not any(row.count.any() for row in rows):
            raise Lacking(no_history(f"{found.metric}: no good reading in this span"))
        return found, rows

    def aligned(self, *metrics: str) -> tuple[Carried, NDArray[np.int64], NDArray[np.float64], int]:
        """The same on one grid of time: the parts, int64[n] begins, float64[n, parts] means (NaN), the step in ns."""
        found, rows = self.tracks(*metrics)
        every = np.unique(np.concatenate([row.time for row in rows]))
        value = np.full((len(every), len(rows)), np.nan)
        for k, row in enumerate(rows):
            value[np.searchsorted(every, row.time), k] = row.mean
        return found, every, value, max(row.step_ns for row in rows)

    def events(self, kind: str) -> list[Event]:
        """Events of a kind in the span, by time."""
        past = self.archive()
        return [one for one in past.archive.events(self.start_ns, self.end_ns) if one.kind == kind]

    def spanned(self, names: Sequence[str], unit: str, what: str = "over the span") -> tuple[Origin, ...]:
        """Figures over the span as origins."""
        return tuple(Origin("figure", name, None, unit, "good", _link(name), what) for name in names[:24])

    # -- prices and what the owner states

    def prices(self, start_ns: int | None = None, end_ns: int | None = None) -> PriceSeries:
        """Day-ahead prices known on this machine for a time, without a gap. Raises Lacking."""
        begin = self.start_ns if start_ns is None else start_ns
        end = self.end_ns if end_ns is None else end_ns
        if end <= begin:
            raise Lacking(no_history("nothing was recorded in this span"))
        return self.once(("prices", begin, end), lambda: self._known(begin, end))

    def _known(self, start_ns: int, end_ns: int) -> PriceSeries:
        whole = self._prices or self._own_prices() or at_hand(start_ns - int(Step.HOUR), end_ns, cache=self._cache)
        inside = None if whole is None else whole.take(
            (whole.start_ns + whole.length_ns > start_ns) & (whole.start_ns < end_ns)
        )  # fmt: skip
        if inside is None or not inside.size:
            raise Lacking(no_prices(f"this machine has none from {iso(start_ns)} to {iso(end_ns)}"))
        gaps = inside.gaps(min(start_ns, int(inside.start_ns[0])) if inside.start_ns[0] > start_ns else None)
        if len(gaps) or inside.end_ns < end_ns or inside.start_ns[0] > start_ns:
            raise Lacking(no_prices(f"they have gaps between {iso(start_ns)} and {iso(end_ns)}"))
        return inside

    def _own_prices(self) -> PriceSeries | None:
        """The file of prices that the plant file names, None where it names none. Raises Lacking where it is no use."""
        try:
            name, _ = self.stated("economics.prices", "a file of prices")
        except Lacking:
            return None
        path = Path(self.plant.path).parent / str(name)
        try:
            return self.once("own prices", lambda: files.read(path))
        except (OSError, BessError) as error:
            raise Lacking(no_prices(str(error))) from error

    def used_prices(self) -> list[PriceSeries]:
        """Every price series that was asked for so far."""
        return [one for one in self._kept.values() if isinstance(one, PriceSeries)]

    def stated(self, key: str, what: str) -> tuple[Any, Origin]:
        """A key of the plant file (`economics.capex_eur`, `warranty.health`) with its origin. Raises Lacking."""
        table, _, name = key.partition(".")
        source: Economics | Warranty | None = self.plant.economics if table == "economics" else self.plant.warranty
        value = getattr(source, name) if source is not None else None
        if source is None or value is None or value == ():
            raise Lacking(no_input(key, what))
        number = float(value) if isinstance(value, int | float) else None
        mark = ASSUMPTION if source.assumption else "good"
        return value, Origin("input", key, number, "", mark, "", source.source)

    def number(self, key: str, what: str) -> tuple[float, Origin]:
        """The same where it is a number."""
        value, origin = self.stated(key, what)
        return float(value), origin

    def rated_power(self) -> tuple[float, Origin]:
        """The nameplate's power, W. Raises Lacking."""
        return self._nameplate("power", self.plant.power_w, "W")

    def rated_energy(self) -> tuple[float, Origin]:
        """The nameplate's energy, Wh. Raises Lacking."""
        return self._nameplate("energy", self.plant.energy_wh, "Wh")

    def _nameplate(self, name: str, value: float | None, unit: str) -> tuple[float, Origin]:
        key = f"plant.nameplate.{name}"
        if value is None:
            raise Lacking(no_input(key, f"the nameplate's {name}"))
        return value, Origin("nameplate", key, value, unit, "good", "", f"nameplate in {Path(self.plant.name).name}")

    def soc(self) -> Carried:
        """State of charge where it stands highest: of containers, DC buses, racks, or relayed by the PCS."""
        return self.carried(*SOC)


SOC = ("container.soc", "bus.soc", "rack.soc", "pcs.bms_soc")


def price_origin(prices: PriceSeries) -> Origin:
    """A price series as an origin, with source and licence."""
    credit = prices.provenance[0] if prices.provenance else None
    words = "" if credit is None else f"{credit.attribution}, {credit.licence}"
    name = f"day-ahead {prices.zone} {iso(int(prices.start_ns[0]))} – {iso(prices.end_ns)}"
    return Origin("prices", name, float(np.mean(prices.price)), "EUR/MWh", "good", "/api/prices", words)


def _link(figure_id: str) -> str:
    return f"/api/figures/{figure_id}/passport"


def _words(one: Counted) -> str:
    gap = one.longest_gap_ns / 1e9
    words = [f"{one.readings} readings from {iso(one.first_ns)} to {iso(one.last_ns)}", f"longest gap {gap:,.0f} s"]
    if one.rollovers:
        words.append(f"{one.rollovers} rollovers")
    if one.resets:
        words.append(f"{one.resets} steps back that count nothing")
    return "; ".join(words)


def lacking_reading(name: str, why: str, how: str = "look at its passport, and its device") -> Missing:
    """A reading that cannot be used."""
    return Missing("reading", name, why, how)
