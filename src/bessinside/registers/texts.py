"""Text in registers: strings and network addresses, the high byte of a word first (Modbus Application Protocol 4.2)."""

from __future__ import annotations

import ipaddress

from bessinside.registers.point import Point


def read(point: Point, words: tuple[int, ...]) -> str:
    """The text; empty where nothing was read or SunSpec's 'not implemented' (all zero) stands there.

    What devices send is foreign input: bytes that are no UTF-8 become U+FFFD, control characters are left out.
    """
    if point.wire_type.kind != "text":
        raise ValueError(f"{point.name} is {point.type}, a number; its text is its value")
    data = b"".join(word.to_bytes(2, "big") for word in words)
    if not any(data):
        return ""
    if point.type == "ipaddr":
        return str(ipaddress.IPv4Address(data))
    if point.type == "ipv6addr":
        return str(ipaddress.IPv6Address(data))
    if point.type == "eui48":
        return "" if data[2:] == b"\xff" * 6 else data[2:].hex(":").upper()
    shown = data.split(b"\0", 1)[0].decode("utf-8", "replace")
    return "".join(c for c in shown if c.isprintable()).strip()


def write(point: Point, text: str) -> tuple[int, ...]:
    """The words that carry ``text``; raises :class:`ValueError` if the type cannot."""
    if point.type == "string":
        data = text.encode()
    elif point.type == "ipaddr":
        data = ipaddress.IPv4Address(text).packed
    elif point.type == "ipv6addr":
        data = ipaddress.IPv6Address(text).packed
    elif point.type == "eui48":
        data = b"\0\0" + bytes.fromhex(text.replace(":", ""))
    else:
        raise ValueError(f"{point.type} carries no text")
    room = 2 * point.words
    if len(data) > room or (point.type == "eui48" and len(data) != 8):
        raise ValueError(f"expected at most {room} bytes, found {len(data)}")
    data = data.ljust(room, b"\0")
    return tuple(int.from_bytes(data[k : k + 2], "big") for k in range(0, room, 2))
