"""The past of a plant, decoded when it is asked for: the whole plant at any moment, and any figure over time.

Nothing decoded is kept. What a register meant is looked up in the map and the plant file of its own time, so that a map
that is corrected later corrects the past.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bessinside.historian.basis.archive import Archive, Edition, Image, Step
from bessinside.historian.basis.decoding import Decoding
from bessinside.historian.basis.folder import NothingRecorded
from bessinside.historian.basis.images import images
from bessinside.historian.basis.series import Plot, Series, draw, merge
from bessinside.historian.basis.trace import derived_series, label_of, reading_series
from bessinside.historian.basis.when import iso
from bessinside.historian.basis.world import World, Worlds
from bessinside.historian.decoded.rollups import Rollups
from bessinside.historian.past.alarms import Alarms, alarms
from bessinside.historian.past.cells import Cells, Distribution, Spread, cells, distribution, largest_spread
from bessinside.historian.past.complete import Completeness, completeness
from bessinside.historian.past.counter import Counted, counted, modulus_of
from bessinside.historian.past.field import Field, field
from bessinside.historian.past.recalled import Recalled
from bessinside.modbus import Outcome, parse_quirks
from bessinside.plant import Binding
from bessinside.twin.derived import Derived
from bessinside.twin.passport import Passport
from bessinside.twin.quality import Quality
from bessinside.twin.state import State, UnknownFigure

TREND_NS = 300_000_000_000
_PLAN_NS = 150_000_000_000  # a read that breaks the link is asked again within a minute


class Link:
    """A device of the past, and how its link was."""

    def __init__(self, readings: Recalled) -> None:
        self.readings = readings

    @property
    def state(self) -> str:
        return self.readings.state_of_link


class Then(State):
    """The plant at a moment that is past: the same figures, levels and passports as live."""

    def __init__(self, past: Past, world: World, devices: list[Recalled], at_ns: int) -> None:
        self.past = past
        self.world = world
        self.plant = world.binding.plant
        self.binding: Binding = world.binding
        self.derived: Derived = world.derived
        self.devices = list(devices)
        self.recalled = devices
        self.pollers = [Link(readings) for readings in devices]
        self.at_ns = at_ns

    def now_ns(self) -> int:
        return self.at_ns

    def trend(self, index: int) -> tuple[list[float], list[float]]:
        found = self.past.series(self.binding.ids[index], self.at_ns - TREND_NS, self.at_ns + 1)
        read = found.quality != Quality.NO_ANSWER
        return (found.time[read] / 1e6).tolist(), found.value[read].tolist()

    def passport(self, figure_id: str, language: str = "en") -> Passport:
        found = super().passport(figure_id, language)
        if found.reading is not None:  # what asks the device would bring the present
            found.reading.commands.clear()
            found.reading.commands["bessinside"] = (
                f"bessinside read {self.plant.id} {figure_id} --at {iso(self.at_ns)} --history {self.past.name}"
            )
        return found


class Past:
    """The past of one plant over an archive. `decodings` name maps (by content) that stand for recorded ones; the
    rollups that were made of them lie in the folder `root`.

    past = Past(archive)
    then = past.at(time_ns)                              # a State: figure, levels, passport, snapshot
    past.series("c1/r04/m3/cell026/voltage", start, end)
    """

    def __init__(
        self, archive: Archive, decodings: Sequence[Decoding] = (), name: str = "DIR", root: Path | None = None
    ) -> None:
        self.archive = archive
        self.worlds = Worlds(archive, decodings)
        self.rollups, self.root = Rollups(self.worlds, root), root
        self.name = name
        self._templates: dict[tuple[int, int], Recalled] = {}

    def span(self) -> tuple[int, int]:
        """Ends of the first and the last sweep, UTC ns. Raises NothingRecorded."""
        found = self.archive.span()
        if found is None:
            raise NothingRecorded(
                f"{self.name} holds no sweep yet; `bessinside run PLANT --history {self.name}` records"
            )
        return found

    def newest(self) -> World:
        """The plant as it was read last. Raises NothingRecorded."""
        found = self.worlds.newest()
        if found is None:
            self.span()
            raise NothingRecorded(f"{self.name} holds no sweep yet")
        return found

    def at(self, at_ns: int) -> Then:
        """The plant at a moment. Raises NothingRecorded before the first sweep."""
        known = images(self.archive, self.archive.devices(), at_ns)
        if not known:
            first = self.span()[0]
            raise NothingRecorded(f"nothing was recorded by {iso(at_ns)}; the first sweep ended at {iso(first)}")
        world = self.worlds.of([image.edition for image in known.values()], at_ns)
        lost = self._lost({device: image.end_ns for device, image in known.items()}, at_ns)
        devices = []
        for bound in world.binding.devices:
            device = bound.device.id
            image = known.get(device)
            if image is not None:
                edition = self._whole(image)
            else:
                edition = Edition(-1, device, at_ns, "tcp", 0, world.plant_hash, "", ())
            key = id(bound), edition.number
            if key not in self._templates:
                quirks = parse_quirks({**bound.map.quirks, **bound.device.quirks})
                self._templates[key] = Recalled(self.archive, bound, quirks, edition)
            devices.append(self._templates[key].at(at_ns, image, lost.get(device)))
        return Then(self, world, devices, at_ns)

    def _lost(self, last: Mapping[str, int], at_ns: int) -> dict[str, str]:
        """Devices that could not be reached at all since their last sweep, and what was said of it."""
        events = self.archive.events(min(last.values()), at_ns + 1)
        return {
            event.subject: event.text
            for event in events
            if event.kind == "link" and event.time_ns >= last.get(event.subject, 0)
        }

    def _whole(self, image: Image) -> Edition:
        """The edition of the whole plan at a sweep, which may have left out what was silent."""
        mine = image.edition
        larger = {
            other.number: other
            for other in self.worlds.editions(mine.device)
            if (other.plant_hash, other.map_hash) == (mine.plant_hash, mine.map_hash)
            and set(other.requests) > set(mine.requests)
        }
        if not larger:
            return mine
        sweeps = self.archive.sweeps(mine.device, image.end_ns - _PLAN_NS, image.end_ns + 1)
        used = [
            larger[number]
            for number in np.unique(sweeps.edition).tolist()
            if number in larger
            and not self._refused(mine, larger[number], int(sweeps.end_ns[sweeps.edition == number][-1]))
        ]
        return max(used, key=lambda edition: len(edition.requests), default=mine)

    def _refused(self, mine: Edition, larger: Edition, end_ns: int) -> bool:
        """Whether all that a plan has left out was answered with an exception, in the sweep that ended then: that was
        refused, and not silent."""
        image = self.archive.image(mine.device, end_ns)
        if image is None or image.edition.number != larger.number:
            return False
        left = [k for k, request in enumerate(larger.requests) if request not in set(mine.requests)]
        return bool((image.outcome[left] == Outcome.EXCEPTION).all())

    def find(self, figure_id: str) -> World:
        """The newest world that has a figure. Raises UnknownFigure."""
        newest = self.newest()
        if newest.binding.find(figure_id) is not None or newest.derived.find(figure_id) is not None:
            return newest
        for device in self.archive.devices():
            for edition in reversed(self.worlds.editions(device)):
                world = self.worlds.of([edition])
                if world.binding.find(figure_id) is not None or world.derived.find(figure_id) is not None:
                    return world
        raise UnknownFigure(f"{figure_id}: {self.name} has no such figure")

    def series(self, figure_id: str, start_ns: int, end_ns: int, language: str = "en") -> Series:
        """Every value of a figure in [start, end), one a sweep, or of a foreign reading. Raises UnknownFigure."""
        if figure_id.startswith("foreign/"):
            return self.foreign(figure_id, start_ns, end_ns)
        world = self.find(figure_id)
        index = world.binding.find(figure_id)
        if index is not None:
            return reading_series(self.worlds, world, index, start_ns, end_ns, language)
        number = world.derived.find(figure_id)
        assert number is not None  # find() named a world that has it
        return derived_series(self.worlds, world, number, start_ns, end_ns, language)

    def foreign(self, figure_id: str, start_ns: int, end_ns: int) -> Series:
        """A reading of another system that was imported beside this history. Raises UnknownFigure."""
        if self.root is None:
            raise UnknownFigure(f"{figure_id}: {self.name} keeps no tables of other systems; a folder does")
        from bessinside.historian.foreign.foreign import Foreign  # Arrow is loaded where it is needed only

        return Foreign(self.root).series(figure_id, start_ns, end_ns)

    def plot(self, figure_id: str, start_ns: int, end_ns: int, pixels: int = 1000, language: str = "en") -> Plot:
        """A figure over [start, end) as `pixels` spans with their lowest, highest and mean value and what is missing.

        Spans of a minute and more come from the rollups, where the figure is a reading.
        """
        step = max(1, -(-(end_ns - start_ns) // max(1, pixels)))
        if figure_id.startswith("foreign/"):
            return draw(self.foreign(figure_id, start_ns, end_ns), start_ns, step)
        world = self.find(figure_id)
        index = world.binding.find(figure_id)
        device = None if index is None else world.binding.locate(index)[0].device.id
        if device is None or step < Step.MINUTE:
            return draw(self.series(figure_id, start_ns, end_ns, language), start_ns, step)
        return merge(
            self.rollup(figure_id, start_ns, end_ns, Step.HOUR if step >= Step.HOUR else Step.MINUTE, language),
            start_ns,
            step,
        )

    def rollup(self, figure_id: str, start_ns: int, end_ns: int, step: Step, language: str = "en") -> Plot:
        """The steps of a reading as they were kept. Raises UnknownFigure, also for figures that are derived."""
        world = self.find(figure_id)
        index = world.binding.find(figure_id)
        if index is None:
            raise UnknownFigure(f"{figure_id} is derived: rollups are kept of readings; ask for its series")
        name = world.binding.ids[index]
        device = world.binding.locate(index)[0].device.id
        kept = self.rollups.of(device, [name], start_ns, end_ns, step)
        some = (kept.count[:, 0] + kept.left_out[:, 0]) > 0
        return Plot(
            name, label_of(world, index, language), world.binding.units[index], int(step), kept.begin_ns[some],
            kept.low[some, 0], kept.high[some, 0], kept.mean[some, 0], kept.count[some, 0].astype(np.int64),
            kept.left_out[some, 0].astype(np.int64), step.name.lower(),
        )  # fmt: skip

    def field(self, metric: str, part: str, start_ns: int, end_ns: int, columns: int = 300) -> Field:
        """Every part inside `part` that carries a metric, over [start, end). Raises UnknownFigure."""
        return field(self.worlds, self.rollups, self._carrying(metric), metric, part, start_ns, end_ns, columns)

    def alarms(self, start_ns: int, end_ns: int, language: str = "en") -> Alarms:
        """Every alarm bit that stood in [start, end): when it came and when it went. Raises NothingRecorded."""
        return alarms(self.worlds, self.newest(), start_ns, end_ns, language)

    def cells(self, metric: str, at_ns: int) -> Cells:
        """Every part that carries a metric (`cell.voltage`) at a moment. Raises UnknownFigure."""
        found = cells(self.worlds, self._carrying(metric), metric, at_ns)
        if not found.time.any():
            raise NothingRecorded(f"{metric}: nothing was recorded in the hour before {iso(at_ns)}")
        return found

    def spread(
        self, metric: str, start_ns: int, end_ns: int, *, recompute: bool = False, named: int = 1
    ) -> list[Spread]:
        """The largest spread of a metric in a span on each device that carries it, largest first; the `named` first
        with the parts that were lowest and highest then."""
        world = self._carrying(metric)
        return largest_spread(self.worlds, world, metric, start_ns, end_ns, recompute=recompute, named=named)

    def distribution(self, metric: str, at_ns: int, bins: int = 40) -> Distribution:
        """How all parts that carry a metric lie at a moment."""
        found = self.cells(metric, at_ns)
        return distribution(found.value, found.quality, bins)

    def completeness(self, start_ns: int, end_ns: int, device: str | None = None) -> Completeness:
        """What share of the expected sweeps came, for each device and hour."""
        return completeness(self.worlds, start_ns, end_ns, device)

    def _carrying(self, metric: str) -> World:
        world = self.newest()
        if not world.binding.of_metric(metric):
            near = ", ".join(sorted({one.key for one in world.binding.metrics if one is not None})[:12])
            raise UnknownFigure(f"{metric}: no device carries this metric; there are {near}, …")
        return world

    def counted(self, figure_id: str, start_ns: int, end_ns: int) -> Counted:
        """What a counter counted in a span, over gaps and rollovers. Raises UnknownFigure."""
        world = self.find(figure_id)
        index = world.binding.find(figure_id)
        if index is None:
            raise UnknownFigure(f"{figure_id} is derived, not a counter of a device")
        bound, i = world.binding.locate(index)
        found = reading_series(self.worlds, world, index, start_ns, end_ns)
        return counted(
            found.time[found.good], found.value[found.good], modulus_of(bound.point(i), float(bound.factor[i]))
        )
