"""How words travel: frames, plans, client and server of Modbus over TCP, TLS, RTU over TCP and serial lines."""

from __future__ import annotations

from bessinside.modbus.capture import Capture, read_capture
from bessinside.modbus.client import Client, connect
from bessinside.modbus.endpoint import Endpoint, parse_endpoint
from bessinside.modbus.errors import (
    AnswerTimeout,
    DeviceException,
    EndpointError,
    FrameError,
    LimitError,
    LinkClosed,
    ModbusError,
    WriteRefused,
)
from bessinside.modbus.exchange import Exchange, Tap, exchanges
from bessinside.modbus.plan import ReadPlan, Request, plan
from bessinside.modbus.probe import probe_window
from bessinside.modbus.quirks import Quirks, parse_quirks
from bessinside.modbus.replay import Replay
from bessinside.modbus.server import Server
from bessinside.modbus.split import Refusals, ask_again, learn
from bessinside.modbus.sweep import Outcome, Sweep
from bessinside.modbus.trouble import Ask, Reply, Trouble
from bessinside.modbus.unit import Table, Unit

__all__ = [
    "AnswerTimeout",
    "Ask",
    "Capture",
    "Client",
    "DeviceException",
    "Endpoint",
    "EndpointError",
    "Exchange",
    "FrameError",
    "LimitError",
    "LinkClosed",
    "ModbusError",
    "Outcome",
    "Quirks",
    "ReadPlan",
    "Refusals",
    "Replay",
    "Reply",
    "Request",
    "Server",
    "Sweep",
    "Table",
    "Tap",
    "Trouble",
    "Unit",
    "WriteRefused",
    "ask_again",
    "connect",
    "exchanges",
    "learn",
    "parse_endpoint",
    "parse_quirks",
    "plan",
    "probe_window",
    "read_capture",
]
