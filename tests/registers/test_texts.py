"""Strings and network addresses in registers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bessinside.registers import Codec, EncodeError, Layout

MakeCodec = Callable[..., tuple[Codec, Layout]]


@pytest.mark.parametrize(
    ("point", "text", "words"),
    [
        ("type: string, size: 4", "UMG 96", [0x554D, 0x4720, 0x3936, 0]),
        ("type: string, size: 2", "Zoë", [0x5A6F, 0xC3AB]),
        ("type: ipaddr", "192.168.0.7", [0xC0A8, 0x0007]),
        ("type: ipv6addr", "2001:db8::1", [0x2001, 0x0DB8, 0, 0, 0, 0, 0, 1]),
        ("type: eui48", "00:1A:2B:3C:4D:5E", [0, 0x001A, 0x2B3C, 0x4D5E]),
    ],
)
def test_text_there_and_back(point: str, text: str, words: list[int], make_codec: MakeCodec) -> None:
    codec, _ = make_codec(f"{{name: s, {point}, x-word-order: low-first, x-address: 5}}")
    image = np.full(codec.size, 0xFFFF, np.uint16)
    codec.write_text(0, text, image)
    assert image.tolist() == words
    assert codec.text(0, image) == text
    assert codec.text(0, np.zeros(codec.size, np.uint16)) == ""


def test_foreign_bytes_cannot_harm(make_codec: MakeCodec) -> None:
    codec, _ = make_codec("{name: s, type: string, size: 4, x-address: 0}")
    assert codec.text(0, np.array([0x411B, 0x5B31, 0xFF42, 0x2020], np.uint16)) == "A[1\ufffdB"
    assert codec.text(0, np.array([0x4100, 0x4242, 0, 0], np.uint16)) == "A"


def test_what_does_not_fit_is_refused(make_codec: MakeCodec) -> None:
    codec, _ = make_codec(
        "{name: s, type: string, size: 1, x-address: 0}, {name: ip, type: ipaddr}, {name: n, type: uint16}"
    )
    image = np.zeros(codec.size, np.uint16)
    with pytest.raises(EncodeError, match="'ABC': expected at most 2 bytes, found 3"):
        codec.write_text(0, "ABC", image)
    with pytest.raises(EncodeError, match="Expected 4 octets"):
        codec.write_text(1, "1.2.3", image)
    with pytest.raises(EncodeError, match="uint16 carries no text"):
        codec.write_text(2, "7", image)
    with pytest.raises(ValueError, match="n is uint16, a number"):
        codec.text(2, image)
    assert not image.any()


def test_an_eui_of_ones_is_not_implemented(make_codec: MakeCodec) -> None:
    codec, _ = make_codec("{name: m, type: eui48, x-address: 0}")
    assert codec.text(0, np.array([0, 0xFFFF, 0xFFFF, 0xFFFF], np.uint16)) == ""
