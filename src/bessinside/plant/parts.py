"""Names of the parts of a plant: `c1/r04/m3/cell026`.

A part path is a chain of segments, each a kind and a number that counts from 1. The same part has the same path
whatever the vendor of the device that reports about it, so a path is good in a URL, a query and a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

PREFIX: dict[str, str] = {
    "meter": "meter",
    "pcs": "pcs",
    "bus": "bus",
    "container": "c",
    "rack": "r",
    "module": "m",
    "cell": "cell",
    "sensor": "ntc",
    "cooling": "cooling",
    "smoke": "smoke",
    "leak": "leak",
}
KIND: dict[str, str] = {prefix: kind for kind, prefix in PREFIX.items()}
DIGITS: dict[str, int] = {"rack": 2, "cell": 3, "sensor": 2}

_SEGMENT = re.compile(r"([a-z]+)(\d*)")
_INSIDE = {"container": ("",), "rack": ("container",), "module": ("rack",), "cell": ("module",), "sensor": ("module",)}


def segment(kind: str, number: int) -> str:
    """`segment("rack", 4)` is `r04`."""
    return f"{PREFIX[kind]}{number:0{DIGITS.get(kind, 1)}d}"


def split_segment(text: str) -> tuple[str, int]:
    """`split_segment("r04")` is `("rack", 4)`; a segment without a number counts as the only one of its kind.

    Raises ValueError where the text is no segment.
    """
    match = _SEGMENT.fullmatch(text)
    if match is None or match.group(1) not in KIND:
        raise ValueError(f"{text!r} is no part: expected one of {', '.join(sorted(KIND))} and a number, such as r04")
    return KIND[match.group(1)], int(match.group(2) or 1)


def kind_of(path: str) -> str:
    """The kind of the part a path ends in: `kind_of("c1/r04")` is `rack`."""
    return split_segment(path.rsplit("/", 1)[-1])[0]


def numbers(path: str) -> dict[str, int]:
    """The number of each kind on the way: `numbers("c1/r04/m3")` is `{"container": 1, "rack": 4, "module": 3}`."""
    return dict(split_segment(part) for part in path.split("/"))


def canonical(path: str) -> str:
    """A path with its numbers as this plant writes them: `c1/r4` is `c1/r04`. Raises ValueError, also where a part is
    not inside what stands before it."""
    segments, around = [], ""
    for text in path.split("/"):
        kind, number = split_segment(text)
        if around not in _INSIDE.get(kind, ("", "container")):
            raise ValueError(f"{path!r}: a {kind} is not inside {f'a {around}' if around else 'nothing'}")
        if number < 1:
            raise ValueError(f"{text!r} is no part: numbers begin at 1")
        segments.append(segment(kind, number) if text[-1].isdigit() or kind in _INSIDE else text)
        around = kind
    return "/".join(segments)


def title(path: str, language: str = "en") -> str:
    """A path in words: `Rack 4, module 3, cell 26`."""
    words = ", ".join(_words(path.split("/"), language)) if path else ""
    return words[:1].upper() + words[1:]


_WORDS = {
    "en": {"container": "container", "rack": "rack", "module": "module", "cell": "cell", "sensor": "NTC", "pcs": "PCS"}
    | {"meter": "meter", "bus": "DC bus", "cooling": "cooling unit", "smoke": "smoke detector", "leak": "leak cable"},
    "de": {"container": "Container", "rack": "Strang", "module": "Modul", "cell": "Zelle", "sensor": "NTC"}
    | {"pcs": "PCS", "meter": "Zähler", "bus": "DC-Kreis"}
    | {"cooling": "Kühlung", "smoke": "Rauchmelder", "leak": "Leckkabel"},
}


def _words(segments: Iterable[str], language: str) -> list[str]:
    words = []
    for text in segments:
        kind, number = split_segment(text)
        words.append(f"{_WORDS[language][kind]} {number}" if text[-1].isdigit() else _WORDS[language][kind])
    return words
