"""What each key of a map file and a plant file means, in words. A key without words here stops the writing of the pages."""

from __future__ import annotations

PLACES = {
    "A map": "The top level of the file. The keys `x-fc`, `x-word-order`, `x-sentinel` and `x-sign` hold for everything below, until a "
    "group or a point says otherwise.",
    "x-source": "Where the statements of the map were read. A reader must be able to find the document again.",
    "A group": "Points that belong together, with further groups inside. A group with `count` repeats.",
    "A point": "One named value. Without `x-address` it follows the point before it.",
    "A symbol": "A named value of an enumeration, or a named bit of a bit field.",
    "x-transport": "Facts about reaching such a device. Only `quirks` acts; the rest is there for the person who writes the plant file.",
    "quirks": "What such a device cannot do, under `x-transport` in a map or under `quirks` of a device in a plant file; the plant file "
    "wins. Times are written with their unit: `\"100 ms\"`, `\"1 s\"`.",
    "The file": "The tables of the file.",
    "[plant]": "The plant as a whole.",
    "[anatomy.c1]": "One container, named `c1`, `c2` and so on; `[anatomy.c1]` is the first. A plant without battery parts needs none.",
    "[bus.bus1]": "One DC bus, named `bus1`, `bus2` and so on: needed where a device stands at a bus, and drawn in the one-line diagram.",
    "[[device]]": "One device, repeated for each.",
    "url": "Where a device is reached. See [Modbus transports](../guides/modbus-transports.md).",
}

_COMMON = {
    "name": "Its name. Points and groups: unique in their group.",
    "label": "What a person reads.",
    "desc": "A sentence of description.",
    "detail": "More of it.",
    "notes": "Remarks of the writer.",
    "type": "Wire type: how the value lies in its registers.",
    "x-fc": "Function code that reads it: 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers.",
    "x-word-order": "Which word of a value of several registers stands at the lower address.",
    "x-sentinel": "Raw numbers, before any sign or scale, that mean *not implemented*; `none`, or `sunspec` for SunSpec's own by type.",
    "x-sign": "Which direction the device counts positive. `discharge-negative` turns the value round. For reactive power read "
    "discharging as over-excited.",
    "units": "Unit of the value after scaling.",
}
_OF = {
    "A map": {
        "id": "The name of the map, which is the name of its file without `.yaml`.",
        "label": "The device type as a person calls it.",
        "x-class": "What sort of device it is.",
        "x-source": "The document, see below.",
        "x-addressing": "`printed`: what to add to the address on the wire to get the address that the document prints (0, 1, 40001 …); "
        "`note`: how that was found out.",
        "x-transport": "How such devices are reached, see below.",
        "group": "The root group.",
        "x-fc": "Default function code; 3 where nothing is said.",
        "x-word-order": "Default word order; `high-first` where nothing is said.",
        "x-sentinel": "Default value for *not implemented*; `none` where nothing is said.",
        "x-sign": "Default direction, for signed points whose metric has a direction.",
    },
    "x-source": {
        "document": "Its title.",
        "from": "Where it was read: a site, a file, a version; pinned.",
        "issue": "Its issue or revision.",
        "date": "Its date.",
        "note": "What a reader should know about it.",
    },
    "A group": {
        "type": "`group`, or `sync` where the registers must be read together (SunSpec's words).",
        "count": "How often it repeats: the most that the document allows, 0 for as often as the plant has it, or the name of a point "
        "of an enclosing group that carries the number. Absent: it does not repeat.",
        "points": "Its points.",
        "groups": "Groups inside it.",
        "x-anatomy": "The kind of part that one instance stands for. Instance 3 of a group of modules is module 3.",
        "x-stride": "Registers from one instance to the next. May be left out where the points fill the instance without a hole.",
    },
    "A point": {
        "size": "Length in registers, for `string` and `pad`.",
        "sf": "Power of ten, or the name of the `sunssf` point that carries it.",
        "access": "`R`, or `RW` where the document says that it may be written. The twin does not write.",
        "symbols": "Names of values, or of bits.",
        "static": "`S` where the value does not change.",
        "mandatory": "`M` where every such device has it.",
        "x-address": "Address on the wire (counting from 0), in the first instance of every repeated group around it.",
        "x-offset": "Added after scaling, in `units`.",
        "x-mask": "Bits of the raw number that belong to this point; several points may share a register.",
        "x-shift": "Bits to shift right after masking; by default to the lowest bit of the mask.",
        "x-bcd": "Four bits a decimal digit.",
        "x-metric": "The [metric](metrics.md) that it carries, of the kind of part around it. Without one the point keeps its own name.",
        "x-part": "A child part such as `cell/3`, where fields of one register belong to different parts.",
        "x-source": "Page, section or row of the document.",
        "x-verified-by": "Independent sources or devices that agree.",
        "x-suspect": "Why a reader must not trust it yet; shown wherever the value is opened.",
        "x-write-only": "It cannot be read and is never asked for.",
        "x-range": "Lowest and highest value that it can have, in `units`.",
    },
    "A symbol": {"value": "The number, or the number of the bit counting from 0."},
    "The file": {
        "plant": "The plant as a whole.",
        "metadata": "Tables of facts that are no registers, shown as they are: `[metadata.meter]` with class, ratios and seal.",
        "anatomy": "Containers, `[anatomy.c1]`.",
        "bus": "DC buses, `[bus.bus1]`.",
        "device": "Devices, `[[device]]`.",
    },
    "[plant]": {
        "id": "Short name, required.",
        "label": "Name as a person calls it, required.",
        "emulated": "`true` marks a plant that is not there: its badge says EMULATOR everywhere, and `bessinside emulate` serves no other.",
        "nameplate": "What is written on it. `power` and `energy` are read as numbers with a unit (`\"2.5 MW\"`); more keys are shown as text.",
    },
    "[anatomy.c1]": {
        "racks": "Racks in the container, required.",
        "modules": "Modules in a rack, required.",
        "cells": "Cells in a module, required.",
        "sensors": "Temperature sensors in a module; 0 where nothing is said.",
    },
    "[bus.bus1]": {
        "pcs": "The converter that feeds it, such as `\"pcs1\"`.",
        "racks": "The racks that hang on it, such as `[\"c1/r01\", \"c1/r02\"]`; required.",
    },
    "[[device]]": {
        "id": "Short name, required, unique: lower-case letters, digits, `-` and `_`. It stands behind `@` where two devices carry the same figure.",
        "label": "Name as a person calls it.",
        "map": "Id of a shipped map, the path of a map file, or `\"sunspec\"`; required.",
        "at": "The part that it reports about, or a list of parts where the map's root group repeats; required.",
        "url": "Where it is reached; required.",
        "every": "Time from one sweep to the next, `\"1 s\"` by default; `\"500 ms\"`, `\"2 s\"`, `\"1 min\"`.",
        "only": "Patterns of figure ids: nothing else of this device is read.",
        "skip": "Patterns of figure ids that are not read.",
        "writes": "`\"refused\"` (default) or `\"allowed\"`. The twin of this release writes nothing whatever it says.",
        "points": "Points that may be written where `writes` allows it.",
        "quirks": "What the device cannot do, see below.",
    },
    "url": {
        "unit": "Unit id, 0 to 255; 1 by default.",
        "ca": "PEM file of the authority that signed the device's certificate.",
        "cert": "PEM file of the own certificate; its role decides what the device allows.",
        "key": "PEM file of the own key.",
        "name": "Name in the device's certificate where it is not the host of the URL.",
        "baud": "Baud rate; 19200 by default.",
        "parity": "`N`, `E` or `O`; `N` by default.",
        "stop": "Stop bits, 1 or 2; 1 by default.",
    },
    "quirks": {
        "max-registers": "Most registers in one request, 1 to 125.",
        "max-bits": "Most coils or inputs in one request, 1 to 2000.",
        "pause": "Silence that it needs between an answer and the next request.",
        "one-connection": "It serves a single connection at a time.",
        "first-answer": "How much longer the first answer after connecting may take.",
        "timeout": "Longest silence before a request counts as unanswered; 1 s by default.",
        "connect": "Longest time to open the connection; 3 s by default.",
        "short-exception": "Its exceptions carry a wrong length in the header (4 instead of 3).",
        "window": "Most requests that a probe may put in flight, 1 to 8; 1 forbids probing.",
    },
}  # fmt: skip
SCHEMES = {
    "modbus+tcp": "Modbus TCP; port 502 where none is given",
    "modbus+tls": "Modbus/TCP Security; port 802 where none is given",
    "modbus+rtu": "RTU frames over TCP, as a serial server passes them on; port 502 where none is given",
    "modbus+serial": "RTU on a serial line of this machine",
}
TRANSPORT = {
    "protocols": "What the device speaks: `tcp`, `rtu`.",
    "port": "Its usual port.",
    "unit": "Its usual unit id.",
    "functions": "Function codes that its document names.",
    "rtu": "Serial settings: `baud`, `parity`, `stop-bits`.",
    "note": "Anything else about reaching it.",
    "quirks": "What it cannot do, see below.",
}


def of(place: str, key: str) -> str:
    """The words for a key. Raises KeyError with the place where the words are missing."""
    words = _OF.get(place, {}).get(key) or _COMMON.get(key)
    if words is None:
        raise KeyError(f"{place}: {key}: say in docs/writers/meanings.py what it means")
    return words
