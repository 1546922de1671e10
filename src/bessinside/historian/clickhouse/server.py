"""The archive on ClickHouse servers: what can be asked of the past that they keep."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bessinside.errors import BessError
from bessinside.historian.basis.archive import Edition, Event, Extremes, Image, Latest, Rollup, Step, Sweeps, Words
from bessinside.historian.basis.batch import Batch, Times, stamps_ns
from bessinside.historian.basis.decoding import Decoding
from bessinside.historian.basis.folder import UnknownSweep
from bessinside.historian.basis.latest import latest
from bessinside.historian.basis.peak import Peak
from bessinside.historian.basis.reduce import Reducers
from bessinside.historian.basis.world import LOOK_AGAIN_S
from bessinside.historian.clickhouse.door import Door
from bessinside.historian.clickhouse.ledger import keep_map, load_editions, load_map_of, load_plant_of
from bessinside.historian.clickhouse.migration import check_version
from bessinside.historian.clickhouse.minutes import kept, made
from bessinside.historian.clickhouse.rows import registers_of, slots_of, times_from, trouble_from
from bessinside.historian.clickhouse.sweeps import (
    ALL,
    SHORT,
    Found,
    newest,
    newest_of,
    picked,
    read_spans,
    read_sweeps,
    read_words,
    within,
    words_of,
)
from bessinside.historian.clickhouse.tables import DECODINGS, EVENTS, EXTREMES, ROLLED, SWEEPS, half_md5, quoted
from bessinside.historian.sealed.rollup import Steps
from bessinside.modbus import Exchange, Outcome, ReadPlan, Sweep
from bessinside.modbus.exchange import exchanges
from bessinside.plant import Plant
from bessinside.registers import RegisterMap
from bessinside.runtime import clock


class Server:
    """What servers hold, see :class:`~bessinside.historian.basis.archive.Archive`. Safe in several threads.

    Raises HistoryError where nothing of this program is there, ServerError, ServerAway.
    """

    def __init__(self, door: Door) -> None:
        self.door, self.name = door, door.name
        check_version(door)
        self._lock, self._looked = threading.RLock(), 0.0
        self._editions: dict[tuple[str, int], Edition] = {}
        self._plans: dict[tuple[str, int], ReadPlan] = {}
        self._plants: dict[str, Plant] = {}
        self._maps: dict[str, RegisterMap] = {}
        self._reducers = Reducers(self)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self.door.close()

    def devices(self) -> list[str]:
        """See :meth:`Archive.devices`."""
        return list(dict.fromkeys(edition.device for edition in self._load()))

    def editions(self, device: str) -> list[Edition]:
        """See :meth:`Archive.editions`; in the order in which they began."""
        return [edition for edition in self._load() if edition.device == device]

    def _load(self, *, anew: bool = False) -> list[Edition]:
        """All editions, as they were a moment ago, or as they are now."""
        with self._lock:
            now = clock.monotonic()
            if anew or not self._editions or now - self._looked > LOOK_AGAIN_S:
                self._looked = now
                found = load_editions(self.door)
                self._editions = {(edition.device, edition.number): edition for edition in found}
            return list(self._editions.values())

    def span(self, device: str | None = None) -> tuple[int, int] | None:
        """See :meth:`Archive.span`."""
        found = list(self.spans([device] if device else self.devices()).values())
        return (min(low for low, _ in found), max(high for _, high in found)) if found else None

    def spans(self, devices: Sequence[str]) -> dict[str, tuple[int, int]]:
        """See :meth:`~bessinside.historian.basis.images.AtOnce.spans`."""
        found = read_spans(self.door, devices)
        return {device: found[number] for device in devices if (number := half_md5(device)) in found}

    def plant(self, plant_hash: str) -> Plant:
        """See :meth:`Archive.plant`."""
        if plant_hash not in self._plants:
            self._plants[plant_hash] = load_plant_of(self.door, plant_hash)
        return self._plants[plant_hash]

    def register_map(self, map_hash: str) -> RegisterMap:
        """See :meth:`Archive.register_map`."""
        if map_hash not in self._maps:
            self._maps[map_hash] = load_map_of(self.door, map_hash)
        return self._maps[map_hash]

    def sweeps(self, device: str, start_ns: int, end_ns: int) -> Sweeps:
        """See :meth:`Archive.sweeps`."""
        found = read_sweeps(self.door, SHORT, within(device, start_ns, end_ns))
        number, start, end, edition, failed = (found[name] for name in SHORT)
        return Sweeps(
            number.astype(np.int64), start.astype(np.int64), end.astype(np.int64), edition.astype(np.int32),
            failed.astype(np.int32),
        )  # fmt: skip

    def words(self, device: str, registers: Sequence[int], start_ns: int, end_ns: int) -> Words:
        """See :meth:`Archive.words`."""
        asked = np.asarray(registers, np.int64)
        wanted, place_of = np.unique(asked, return_inverse=True)
        condition = within(device, start_ns, end_ns)
        found = read_sweeps(self.door, ("number", "end_ns", "edition", "failed"), condition)
        number, end = found["number"].astype(np.int64), found["end_ns"].astype(np.int64)
        words, ok = read_words(self.door, device, number, end, wanted)
        if found["failed"].any():
            self._strike_out(device, condition, number, wanted, ok)
        return Words(number, end, words[:, place_of], ok[:, place_of])

    def _strike_out(
        self, device: str, condition: str, number: NDArray[np.int64], wanted: NDArray[np.int64], ok: NDArray[np.bool_]
    ) -> None:
        """Marks what failed requests did not bring."""
        failed = read_sweeps(self.door, ("number", "edition", "trouble"), f"{condition} AND failed > 0")
        row = np.searchsorted(number, failed["number"].astype(np.int64))
        for k, edition, trouble in zip(row.tolist(), failed["edition"].tolist(), failed["trouble"], strict=True):
            plan = self._plan(device, edition)
            found = trouble_from(trouble)
            if found is not None and k < len(number):
                outcome = np.frombuffer(found.outcome, np.uint8)
                block = plan.block(wanted >> 16, wanted & 0xFFFF)
                ok[k] &= (block >= 0) & (outcome[block] == Outcome.OK)

    def image(self, device: str, at_ns: int) -> Image | None:
        """See :meth:`Archive.image`."""
        found = newest(self.door, device, at_ns)
        if found is None:
            return None
        (batch,) = self._batches_of(device, found)
        return self._image(batch, 0)

    def images(self, devices: Sequence[str], at_ns: int) -> dict[str, Image]:
        """See :meth:`~bessinside.historian.basis.images.AtOnce.images`."""
        if not devices:
            return {}
        found = newest_of(self.door, devices, at_ns)
        words = words_of(self.door, found) if len(found["number"]) else {}
        images: dict[str, Image | None] = {}
        for device in devices:
            rows = np.flatnonzero(found["device"] == half_md5(device))
            if len(rows):
                its = (words["device"] == half_md5(device)) & (words["number"] == found["number"][rows[0]])
                mine = picked(words, np.flatnonzero(its))
                images[device] = self._image(self._batch_of(device, picked(found, rows), mine), 0)
            else:
                images[device] = self.image(device, at_ns)
        return {device: image for device, image in images.items() if image is not None}

    def latest(self, device: str, registers: Sequence[int], at_ns: int) -> Latest:
        """See :meth:`Archive.latest`."""
        return latest(self, device, registers, at_ns)

    def exchanges(self, device: str, number: int) -> list[Exchange]:
        """See :meth:`Archive.exchanges`."""
        where = f"device = {half_md5(device)} AND number = {number}"
        names = ("count", "low", "high")
        slots = self.door.ask(
            f"SELECT count() AS count, min(slot) AS low, max(slot) AS high FROM {ROLLED.name} "  # noqa: S608  numbers
            f"WHERE device = {half_md5(device)} AND first <= {number} AND last >= {number}",
            names,
        )
        if len(slots["count"]) and slots["count"][0]:
            where += f" AND slot BETWEEN {slots['low'][0]} AND {slots['high'][0]}"
        found = read_sweeps(self.door, ALL, where)
        if not len(found["number"]):
            raise UnknownSweep(f"{self.name}: sweep {number} of {device} is not kept, or not any more")
        (batch,) = self._batches_of(device, found)
        return list(exchanges(self._sweep(batch, 0)))

    def rollup(self, figures: Sequence[str], start_ns: int, end_ns: int, step: Step) -> Rollup:
        """See :meth:`Archive.rollup`."""
        begin = -(-start_ns // step) * step
        steps = max(0, -(-(end_ns - begin) // step))
        whole = Steps(step, begin, steps, len(figures))
        if steps:
            for device in self.devices():
                self._roll_up(whole, device, list(figures), begin, begin + steps * step)
        return whole.rollup()

    def _roll_up(self, whole: Steps, device: str, figures: list[str], begin_ns: int, end_ns: int) -> None:
        """Adds the steps of those figures that a device carries: minutes that are kept, and what has none yet."""
        known = {name for edition in self.editions(device) for name in self._ids(edition)}
        mine = [name for name in dict.fromkeys(figures) if name in known]
        if not mine:
            return
        there = made(self.door, device, begin_ns, end_ns)
        pieces = []
        if there.newest >= 0:
            pieces.append(kept(self.door, device, mine, begin_ns, end_ns, whole.step_ns, there.newest))
        if there.open:
            slots = ", ".join(map(str, there.open))
            found = read_sweeps(self.door, ALL, f"{within(device, begin_ns, end_ns)} AND slot IN ({slots})")
            left = there.without(found["number"].astype(np.int64), slots_of(found["end_ns"].astype(np.int64)))
            for batch in self._batches_of(device, picked(found, np.flatnonzero(left))):
                pieces.append(self._reducers.of(batch.edition).minutes(batch))
        for piece in pieces:
            place = {name: k for k, name in enumerate(piece.ids)}
            rows = [k for k, name in enumerate(figures) if name in place]
            if rows:
                whole.add(piece.rows([place[figures[k]] for k in rows]), rows)

    def _ids(self, edition: Edition) -> tuple[str, ...]:
        """The figures of which an edition has minutes; none where its map cannot be used."""
        try:
            return self._reducers.of(edition).ids
        except BessError:
            return ()

    def extremes(self, device: str, metric: str, start_ns: int, end_ns: int) -> Extremes:
        """See :meth:`Archive.extremes`."""
        names = ("number", "end_ns", "low", "high", "count")
        condition = within(device, start_ns, end_ns)
        there = read_sweeps(self.door, ("number",), condition)["number"]
        found = self.door.ask(
            f"SELECT {', '.join(names)} FROM {EXTREMES.name} WHERE {condition} AND metric = {quoted(metric)}",  # noqa: S608
            names,
        )
        _, at = np.unique(found["number"], return_index=True)
        rows = picked(found, at[np.isin(found["number"][at], there)])
        return Extremes(
            rows["number"].astype(np.int64), rows["end_ns"].astype(np.int64), rows["low"].astype(float),
            rows["high"].astype(float), rows["count"].astype(np.int32),
        )  # fmt: skip

    def peak(self, device: str, metric: str, start_ns: int, end_ns: int) -> Peak | None:
        """See :meth:`~bessinside.historian.basis.peak.Peaked.peak`."""
        condition, names = within(device, start_ns, end_ns), ("end_ns", "low", "high")
        found = self.door.ask(
            f"SELECT {', '.join(names)} FROM {EXTREMES.name} WHERE {condition} AND metric = {quoted(metric)} "  # noqa: S608
            f"AND count > 0 AND number GLOBAL IN (SELECT number FROM {SWEEPS.name} WHERE {condition}) "
            "ORDER BY high - low DESC, number LIMIT 1",
            names,
        )
        if not len(found["end_ns"]):
            return None
        return Peak(metric, int(found["end_ns"][0]), float(found["low"][0]), float(found["high"][0]))

    def events(self, start_ns: int, end_ns: int) -> list[Event]:
        """See :meth:`Archive.events`."""
        names = ("time_ns", "writer", "id", "kind", "subject", "text")
        found = self.door.ask(
            f"SELECT {', '.join(names)} FROM {EVENTS.name} "  # noqa: S608  numbers
            f"WHERE time_ns >= {start_ns} AND time_ns < {end_ns}",
            names,
        )
        rows = zip(*(found[name] for name in names), strict=True)
        every = sorted({(int(time), int(writer), int(number), *texts) for time, writer, number, *texts in rows})
        return [
            Event(time, kind.decode(), subject.decode(), text.decode())
            for time, _, _, kind, subject, text in sorted(every, key=lambda row: (row[0], row[2], row[1]))
        ]

    def decodings(self) -> tuple[Decoding, ...]:
        """Maps that came to stand for others, oldest first; see :func:`bessinside.historian.basis.decoding.load`."""
        names = ("recorded", "by", "from_ns", "to_ns", "applied_ns", "note")
        found = self.door.ask(f"SELECT {', '.join(names)} FROM {DECODINGS.name}", names)  # noqa: S608  our own names
        every = {
            Decoding(recorded.decode(), by.decode(), int(begin), int(end), int(applied), note.decode())
            for recorded, by, begin, end, applied, note in zip(*(found[name] for name in names), strict=True)
        }
        return tuple(sorted(every, key=lambda one: (one.applied_ns, one.recorded, one.by, one.from_ns)))

    def add_decodings(self, added: Sequence[Decoding]) -> None:
        """Writes decodings behind those that are there."""
        columns = {name: [getattr(one, name) for one in added] for name in DECODINGS.columns}
        self.door.put(DECODINGS.name, DECODINGS.columns, columns, len(added))

    def keep_map(self, register_map: RegisterMap) -> str:
        """Keeps a map that stands for others; gives its hash."""
        return keep_map(self.door, register_map)

    def batches(self, device: str, start_ns: int, end_ns: int) -> list[Batch]:
        """All that is known of the sweeps of a device that ended in a span: a batch for each edition."""
        found = read_sweeps(self.door, ALL, within(device, start_ns, end_ns))
        return self._batches_of(device, found)

    def _batches_of(self, device: str, found: Found) -> list[Batch]:
        """Sweeps (all columns) with their words, an edition each."""
        batches = []
        for number in dict.fromkeys(found["edition"].tolist()):
            mine = picked(found, np.flatnonzero(found["edition"] == number))
            edition, plan = self._edition(device, number), self._plan(device, number)
            times = times_from(mine, len(plan.requests))
            keys = registers_of(plan)
            order = np.argsort(keys)
            words = np.zeros((plan.size, len(times)), np.uint16)
            read, _ = read_words(self.door, device, times.number, times.end_ns, keys[order])
            words[order] = read.T
            batches.append(Batch(edition, plan, times, words))
        return batches

    def _batch_of(self, device: str, sweep: Found, words: Found) -> Batch:
        """One sweep (all columns) with its words."""
        number = int(sweep["edition"][0])
        edition, plan = self._edition(device, number), self._plan(device, number)
        keys = registers_of(plan)
        order = np.argsort(keys)
        place = np.minimum(np.searchsorted(keys, words["register"], sorter=order), plan.size - 1)
        to: NDArray[np.int64] = order[place]
        mine = keys[to] == words["register"]
        read = np.zeros((plan.size, 1), np.uint16)
        read[to[mine], 0] = words["word"][mine]
        return Batch(edition, plan, times_from(sweep, len(plan.requests)), read)

    def _edition(self, device: str, number: int) -> Edition:
        if (device, number) not in self._editions:
            self._load(anew=True)
        return self._editions[device, number]

    def _plan(self, device: str, number: int) -> ReadPlan:
        key = device, number
        if key not in self._plans:
            self._plans[key] = self._edition(device, number).plan()
        return self._plans[key]

    def _image(self, batch: Batch, position: int) -> Image:
        times, start = batch.times, int(batch.times.start_ns[position])
        return Image(
            int(times.number[position]), batch.edition, start, int(times.end_ns[position]),
            np.ascontiguousarray(batch.words[:, position]), stamps_ns(times.sent_us[:, position], start),
            stamps_ns(times.received_us[:, position], start), _bytes(times.outcome, times, position),
            _bytes(times.exception, times, position),
        )  # fmt: skip

    def _sweep(self, batch: Batch, position: int) -> Sweep:
        edition, times, image = batch.edition, batch.times, self._image(batch, position)
        tids = times.tids.get(position)
        if tids is None:
            requests = len(batch.plan.requests)
            rising = np.arange(requests) + int(times.tid[position])
            tids = (rising if edition.framing == "tcp" else np.zeros(requests)).astype(np.uint16)
        raw = {request: frame for (request, at), frame in times.raw.items() if at == position}
        return Sweep(
            image.number, edition.device, edition.framing, edition.unit, image.start_ns, image.end_ns, batch.plan,
            image.words.astype(">u2"), tids, image.sent_ns, image.received_ns, image.outcome, image.exception, {}, raw,
        )  # fmt: skip


def _bytes(column: NDArray[np.uint8] | None, times: Times, position: int) -> NDArray[np.uint8]:
    return np.zeros(len(times.sent_us), np.uint8) if column is None else column[:, position].copy()
