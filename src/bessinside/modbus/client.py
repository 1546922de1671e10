"""Reads devices: whole sweeps of a plan for the poller, single reads for everybody else."""

from __future__ import annotations

import asyncio
import ssl as tls
import types
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bessinside.modbus.endpoint import Endpoint, parse_endpoint
from bessinside.modbus.errors import (
    AnswerTimeout,
    EndpointError,
    LimitError,
    LinkClosed,
    ModbusError,
    SecurityError,
    WriteRefused,
)
from bessinside.modbus.exchange import Exchange, Tap, exchanges
from bessinside.modbus.frames import (
    ADDRESSES,
    WRITE_COIL,
    WRITE_FUNCTIONS,
    WRITE_REGISTER,
    WRITE_REGISTERS,
    exception_pdu,
    rtu_frame,
    tcp_frame,
    write_pdu,
)
from bessinside.modbus.job import Job, Prepared
from bessinside.modbus.link import Link
from bessinside.modbus.link_rtu import RtuLink
from bessinside.modbus.link_tcp import TcpLink
from bessinside.modbus.plan import ReadPlan, Request
from bessinside.modbus.quirks import Quirks
from bessinside.modbus.sweep import Image, Outcome, Sweep
from bessinside.runtime import chance, clock, net

_PREPARED = 256


class Client:
    """One connection, shared by every unit behind it; concurrent sweeps wait for each other.

    It reads. Function codes 5, 6, 15 and 16 are refused unless it was made with `writes=True`. `tap` is given every
    exchange, whoever asked.
    """

    def __init__(self, link: Link, endpoint: Endpoint, device: str, *, writes: bool = False) -> None:
        self.endpoint = endpoint
        self.device = device
        self.writes = writes
        self.tap: Tap | None = None
        self._link = link
        self._turn = asyncio.Lock()
        self._tid = int(chance.stream(f"modbus.tid.{endpoint}").integers(0x10000))
        self._sweeps = 0
        self._prepared: dict[tuple[ReadPlan, int], Prepared] = {}

    @property
    def closed(self) -> bool:
        """Whether the connection is gone: connect anew."""
        return self._link.error is not None

    @property
    def error(self) -> ModbusError | None:
        """Why the connection is gone; None while it stands."""
        return self._link.error

    @property
    def quirks(self) -> Quirks:
        """What the device cannot do."""
        return self._link.quirks

    @property
    def window(self) -> int:
        """Requests in flight at a time; 1 unless a probe proved more, and 1 again after the first loss."""
        return self._link.window

    @window.setter
    def window(self, requests: int) -> None:
        if not 1 <= requests <= (self.quirks.window if self._link.framing == "tcp" and not self.quirks.pause_s else 1):
            raise LimitError(f"{self.device}: {requests} requests in flight are more than this link may have")
        self._link.widen(requests)

    async def sweep(self, plan: ReadPlan, unit: int | None = None, image: Image | None = None) -> Sweep:
        """Reads a whole plan. Never raises for what the line or the device does: every request has its outcome.

        unit: the endpoint's unit by default. image: '>u2'[plan.size], written in place; a new one by default.
        """
        if image is None:
            image = np.zeros(plan.size, ">u2")
        elif image.dtype != np.dtype(">u2") or image.shape != (plan.size,) or not image.flags.c_contiguous:
            raise LimitError(f"{self.device}: the image is {image.dtype}{list(image.shape)}, not '>u2'[{plan.size}]")
        unit = self._unit(unit)
        async with self._turn:
            prepared = self._prepare(plan, unit)
            link = self._link
            waiter = asyncio.get_running_loop().create_future()
            job = Job.sweep(prepared, image, self._take_tids(len(plan.requests)), link.framing, waiter)
            self._sweeps += 1
            wall, started = clock.now_ns(), clock.monotonic()
            await self._run(job)
            sweep = job.to_sweep(self._sweeps, self.device, link.framing, wall, started, clock.monotonic())
            if self.tap is not None:
                for exchange in exchanges(sweep):
                    self.tap(exchange)
            return sweep

    async def read(self, unit: int, fc: int, address: int, count: int) -> NDArray[np.uint16]:
        """`count` registers (or bits as 0 and 1) as native uint16, in as many requests as they need.

        Raises DeviceException, AnswerTimeout, LinkClosed or the FrameError of the first request that failed.
        """
        limit = self.quirks.max_bits if fc < 3 else self.quirks.max_registers
        try:
            if count < 1 or address + count > ADDRESSES:
                raise LimitError(
                    f"function code {fc} at {address}: {count} asked for, addresses end at {ADDRESSES - 1}"
                )
            steps = range(address, address + count, limit)
            plan = ReadPlan(Request(fc, first, min(limit, address + count - first)) for first in steps)
        except LimitError as error:
            raise LimitError(f"{self.device}, unit {unit}: {error}") from None
        sweep = await self.sweep(plan, unit)
        for fault in sweep.faults.values():
            raise fault
        return sweep.image.astype(np.uint16)

    async def write(self, unit: int, address: int, values: Sequence[int], *, fc: int | None = None) -> None:
        """Writes registers (function code 6 for one, else 16), or coils with `fc` 5 or 15; at most 123 registers."""
        function = fc if fc is not None else WRITE_REGISTER if len(values) == 1 else WRITE_REGISTERS
        if not self.writes:
            raise WriteRefused(
                f"{self.device}, unit {unit}: function code {function} at {address} refused, this client only reads; "
                'write `writes = "allowed"` and the points to the device\'s part of the plant file to change that'
            )
        try:
            pdu = write_pdu(function, address, list(values))
        except LimitError as error:
            raise LimitError(f"{self.device}, unit {unit}: {error}") from None
        answer = await self._free(unit, pdu)
        echo = pdu if function in (WRITE_COIL, WRITE_REGISTER) else pdu[:5]
        if answer != echo:
            raise ModbusError(
                f"{self.device}, unit {unit}, address {address}: the device answered {answer.hex()} to the write, "
                f"{echo.hex()} was expected; read the registers back"
            )

    async def call(self, unit: int, pdu: bytes) -> bytes:
        """Sends any PDU that does not write, as function code 43, and gives the answer's PDU."""
        if not pdu or (pdu[0] in (*WRITE_FUNCTIONS, 22, 23) and not self.writes):
            raise WriteRefused(f"{self.device}, unit {unit}: request {pdu.hex()!r} refused, this client only reads")
        return await self._free(unit, pdu)

    async def close(self) -> None:
        """Closes the connection."""
        self._link.close()
        await clock.sleep(0)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        await self.close()

    async def _free(self, unit: int, pdu: bytes) -> bytes:
        async with self._turn:
            waiter = asyncio.get_running_loop().create_future()
            job = Job.call(self._unit(unit), pdu, self._take_tids(1), self._link.framing, waiter)
            wall, started = clock.now_ns(), clock.monotonic()
            await self._run(job)
            if self.tap is not None and job.sent[0]:
                self.tap(self._exchange(job, wall, started))
        for fault in job.faults.values():
            raise fault
        return job.result

    def _exchange(self, job: Job, wall: int, started: float) -> Exchange:
        """The exchange of a finished free request; `wall` is the wall clock (ns) at the loop time `started`."""
        outcome, framing = Outcome(job.outcome[0]), self._link.framing
        response = job.raw.get(0, b"")
        if not response and outcome in (Outcome.OK, Outcome.EXCEPTION):
            pdu = exception_pdu(job.fcs[0], job.exception[0]) if outcome else job.result
            response = tcp_frame(job.base, job.unit, pdu) if framing == "tcp" else rtu_frame(job.unit, pdu)
        sent, received = (wall + int((time - started) * 1e9) if time else 0 for time in (job.sent[0], job.received[0]))
        return Exchange(sent, received, framing, job.unit, outcome, job.blob, response)

    async def _run(self, job: Job) -> None:
        if not job.count:
            return
        if self._link.error is not None:
            job.faults[0] = LinkClosed(f"nothing was sent: {self._link.error}")
            return
        self._link.start(job)
        try:
            await job.waiter
        except asyncio.CancelledError:
            self._link.close()  # an answer may still come; nobody would know whose it is
            raise

    def _prepare(self, plan: ReadPlan, unit: int) -> Prepared:
        prepared = self._prepared.get((plan, unit))
        if prepared is None:
            if len(self._prepared) >= _PREPARED:
                self._prepared.clear()
            prepared = self._prepared[plan, unit] = Prepared(plan, unit, self._link.framing)
        return prepared

    def _take_tids(self, count: int) -> int:
        base = self._tid
        self._tid = (base + count) & 0xFFFF
        return base

    def _unit(self, unit: int | None) -> int:
        unit = self.endpoint.unit if unit is None else unit
        if not 0 <= unit <= 255:
            raise LimitError(f"{self.device}: unit {unit} is not between 0 and 255")
        return unit


async def connect(
    url: str | Endpoint, *, quirks: Quirks | None = None, device: str | None = None, writes: bool = False
) -> Client:
    """Opens the connection of a device URL (see :func:`parse_endpoint`); `device` is its name in errors.

    Raises EndpointError where the URL is wrong or nobody answers there, SecurityError where a certificate is refused.
    """
    endpoint = parse_endpoint(url) if isinstance(url, str) else url
    name = device or endpoint.link
    quirks = quirks or Quirks()
    try:
        async with asyncio.timeout(quirks.connect_s):
            link = await _open(endpoint, name, quirks)
    except TimeoutError:
        raise AnswerTimeout(f"{name}: no connection to {endpoint.link} within {quirks.connect_s:g} s") from None
    except tls.SSLError as error:
        raise SecurityError(f"{name}: no secure connection to {endpoint.link}: {error}") from error
    except OSError as error:
        raise EndpointError(f"{name}: cannot connect to {endpoint.link}: {error}") from error
    return Client(link, endpoint, name, writes=writes)


async def _open(endpoint: Endpoint, name: str, quirks: Quirks) -> Link:
    if endpoint.kind == "serial":
        return (
            await net.open_serial(
                lambda: RtuLink(name, quirks, endpoint.baudrate), endpoint.path,
                baudrate=endpoint.baudrate, parity=endpoint.parity, stopbits=endpoint.stopbits,
            )
        )[1]  # fmt: skip
    if endpoint.kind == "rtu":
        return (await net.connect(lambda: RtuLink(name, quirks), endpoint.host, endpoint.port))[1]
    if endpoint.kind == "tls":
        from bessinside.modbus.security import client_context

        context = client_context(endpoint.ca, endpoint.cert, endpoint.key)
        server_name = endpoint.server_name or endpoint.host
        link: Link = (
            await net.connect(
                lambda: TcpLink(name, quirks), endpoint.host, endpoint.port, ssl=context, server_hostname=server_name
            )
        )[1]
        return link
    return (await net.connect(lambda: TcpLink(name, quirks), endpoint.host, endpoint.port))[1]
