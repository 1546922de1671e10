"""Mutated frames through every parser of the wire: nothing leaves them but named outcomes, and no buffer grows.

BESSINSIDE_FUZZ=<n> runs n frames through each parser; without it, as many of 1,000,000 as fit into a few seconds.
BESSINSIDE_FUZZ_SEED replays a run.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bessinside.modbus import ModbusError, Outcome, Quirks, ReadPlan, Request, Server, Unit
from bessinside.modbus.connection import Connection
from bessinside.modbus.connection_rtu import RtuConnection
from bessinside.modbus.connection_tcp import TcpConnection
from bessinside.modbus.errors import FrameError
from bessinside.modbus.frames import parse_rtu, parse_tcp, rtu_frame, tcp_frame
from bessinside.modbus.job import Job, Prepared
from bessinside.modbus.link import Link
from bessinside.modbus.link_rtu import RtuLink
from bessinside.modbus.link_tcp import TcpLink
from bessinside.runtime.simulation import SimLoop

pytestmark = pytest.mark.timeout(1800)
WANTED = int(os.environ.get("BESSINSIDE_FUZZ", "0"))
SEED = int(os.environ.get("BESSINSIDE_FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
COUNT, BUDGET_S = (WANTED, float("inf")) if WANTED else (1_000_000, 4.0)
BATCH = 1000
CORPUS = [
    bytes.fromhex(line.split()[0])
    for line in Path(__file__).with_name("corpus.txt").read_text().splitlines()
    if not line.startswith("#")
]
PLAN = ReadPlan([Request(3, 0, 2), Request(1, 0, 11), Request(4, 7, 125), Request(3, 2, 1)])
TID = 1


@pytest.fixture(autouse=True)
def _only_frames_are_timed() -> Iterator[None]:
    """Other tests' objects are not walked through while a frame is timed."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


class Sink(asyncio.Transport):
    """A transport that counts."""

    def __init__(self) -> None:
        super().__init__()
        self.wrote = 0
        self.closed = False

    def write(self, data: bytes) -> None:
        self.wrote += len(data)

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def is_reading(self) -> bool:
        return True

    def pause_reading(self) -> None:
        return None


def mutate(chance: random.Random, frame: bytes, others: list[bytes]) -> bytes:
    """A frame with up to four things done to it."""
    made = bytearray(frame)
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3, 5))):
        kind, at = chance.randrange(8), chance.randrange(len(made) + 1)
        if kind == 0 and made:
            made[at % len(made)] ^= 1 << chance.randrange(8)
        elif kind == 1 and made:
            made[at % len(made)] = chance.choice((0, 1, 2, 3, 0x7F, 0x80, 0x83, 0xFE, 0xFF))
        elif kind == 2:
            made[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif kind == 3:
            del made[at : at + chance.randrange(1, 9)]
        elif kind == 4:
            del made[at:]
        elif kind == 5 and len(made) > 5:
            made[4:6] = chance.choice((0, 1, 2, 3, 4, 6, 254, 255, 65535)).to_bytes(2, "big")
        elif kind == 6:
            made += chance.choice(others)
        elif kind == 7:
            made = bytearray(chance.choice(others))
    return bytes(made[:1000])


def batches() -> Iterator[int]:
    """Numbers of frames to run until there are enough, or time is over."""
    until, done = time.monotonic() + BUDGET_S, 0
    while done < COUNT and time.monotonic() < until:
        yield min(BATCH, COUNT - done)
        done += min(BATCH, COUNT - done)


def feed(protocol: Link | Connection, stream: bytes, sink: Sink, cut: int) -> None:
    """Lets the stream arrive in two pieces."""
    for piece in (stream[:cut], stream[cut:]):
        if isinstance(protocol, Connection):
            if piece and not sink.closed:
                protocol.data_received(piece)
            continue
        rest = memoryview(piece)
        while rest and not sink.closed:
            space = protocol.get_buffer(-1)
            taken = min(len(space), len(rest))
            assert taken
            space[:taken] = rest[:taken]
            protocol.buffer_updated(taken)
            rest = rest[taken:]


def report(name: str, done: int, seen: Counter[str], worst: float, began: float) -> None:
    spent = time.process_time() - began
    print(f"\n{name}: {done:,} frames, seed {SEED}, {done / spent:,.0f}/s, slowest {worst * 1e3:.1f} ms, {dict(seen)}")
    assert worst < 0.25, f"a frame took {worst:.3f} s of CPU"


async def fuzz_client(link_type: type[Link]) -> tuple[int, Counter[str]]:
    chance = random.Random(SEED)
    loop = asyncio.get_running_loop()
    quirks, framing = Quirks(), link_type.framing
    prepared = Prepared(PLAN, 1, framing)
    words = [bytes(range(4)), b"\xff\x07", bytes(250), b"\0\1"]
    pdus = [bytes((r.fc, len(p))) + p for r, p in zip(PLAN.requests, words, strict=True)]
    if framing == "tcp":
        answers = [tcp_frame(TID + i, 1, pdu) for i, pdu in enumerate(pdus)]
        others = CORPUS
    else:
        answers = [rtu_frame(1, pdu) for pdu in pdus]
        others = [rtu_frame(frame[6], frame[7:]) for frame in CORPUS if len(frame) > 7]
    everything = answers + others
    image = np.zeros(PLAN.size, ">u2")
    seen: Counter[str] = Counter()
    done, worst, began = 0, 0.0, time.process_time()
    for count in batches():
        for _ in range(count):
            link, sink = link_type("device", quirks), Sink()
            link.connection_made(sink)
            link.window = chance.choice((1, 2, 4)) if framing == "tcp" else 1
            job = Job.sweep(prepared, image, TID, framing, loop.create_future())
            begun = time.thread_time()
            link.start(job)
            fed = b""
            for answer in answers:
                if sink.closed or link._job is None:
                    break
                if link._later is not None:  # the pause between two requests on a line
                    link._later.cancel()
                    link._later = None
                    link._send(job)
                piece = mutate(chance, answer, everything)
                fed += piece
                feed(link, piece, sink, chance.randrange(len(piece) + 1))
                assert link._end <= 300
            worst = max(worst, time.thread_time() - begun)
            if link._job is not None:
                link.connection_lost(None)
            assert job.waiter.done()
            assert all(outcome <= Outcome.NOT_SENT for outcome in job.outcome)
            assert all(isinstance(fault, ModbusError) for fault in job.faults.values())
            assert all(len(raw) <= 300 for raw in job.raw.values())
            for i, outcome in enumerate(job.outcome):
                seen[Outcome(outcome).name] += 1
                if outcome == Outcome.OK and PLAN.requests[i].fc != 1:
                    # an oracle that knows nothing of the parser: these very words came
                    assert image[PLAN.starts[i] :][: PLAN.requests[i].count].tobytes() in fed
            done += 1
        await asyncio.sleep(0)
    report(link_type.__name__, done, seen, worst, began)
    return done, seen


async def fuzz_server(connection_type: type[Connection]) -> tuple[int, Counter[str]]:
    chance = random.Random(SEED)
    unit = Unit(identification={0: "V", 1: "P", 2: "R"})
    unit.holding.define(0, 100, writable=True)
    unit.coils.define(0, 100, writable=True)
    server = Server({1: unit})
    frames = CORPUS
    if connection_type is RtuConnection:
        frames = [rtu_frame(frame[6], frame[7:]) for frame in CORPUS if len(frame) > 7]
    seen: Counter[str] = Counter()
    done, worst, began = 0, 0.0, time.process_time()
    for count in batches():
        for _ in range(count):
            connection, sink = connection_type(server), Sink()
            connection.connection_made(sink)
            stream = mutate(chance, chance.choice(frames), frames)
            begun = time.thread_time()
            feed(connection, stream, sink, chance.randrange(len(stream) + 1))
            worst = max(worst, time.thread_time() - begun)
            assert len(connection._left) <= 300
            assert sink.wrote <= 260 * (len(stream) // 8 + 1)
            seen["closed" if sink.closed else "answered" if sink.wrote else "waits"] += 1
            connection.connection_lost(None)
            done += 1
        await asyncio.sleep(0)
    report(connection_type.__name__, done, seen, worst, began)
    assert not server.connections
    return done, seen


@pytest.mark.timeout(0)
@pytest.mark.parametrize("link_type", [TcpLink, RtuLink])
def test_answers_of_any_kind_end_in_a_named_outcome(link_type: type[Link]) -> None:
    loop = SimLoop(SEED)
    done, seen = loop.run(fuzz_client(link_type))
    loop.close()
    assert done >= min(COUNT, 1000)
    assert {"OK", "EXCEPTION", "BAD_FRAME", "CLOSED", "NOT_SENT"} <= set(seen)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("connection_type", [TcpConnection, RtuConnection])
def test_requests_of_any_kind_are_answered_or_closed(connection_type: type[Connection]) -> None:
    loop = SimLoop(SEED)
    done, seen = loop.run(fuzz_server(connection_type))
    loop.close()
    assert done >= min(COUNT, 1000)
    assert {"answered", "waits"} <= set(seen)


@pytest.mark.timeout(0)
def test_single_frames_of_any_kind_have_a_name() -> None:
    chance = random.Random(SEED)
    seen: Counter[str] = Counter()
    done, began = 0, time.process_time()
    for count in batches():
        for _ in range(count):
            frame = mutate(chance, chance.choice(CORPUS), CORPUS)
            for parse in (parse_tcp, parse_rtu):
                try:
                    parse(frame)
                except FrameError as error:
                    seen[type(error).__name__] += 1
            done += 1
    report("single frames", done, seen, 0.0, began)
    assert {"Truncated", "OverLong", "WrongLength", "NotModbus", "BadCrc"} <= set(seen)
