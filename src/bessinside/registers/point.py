"""What a map says: points in groups that nest and repeat, and where each statement was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bessinside.registers.wire_types import WIRE_TYPES, WireType


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named value of an enumeration, or a named bit (``value`` is the bit number) of a bit field."""

    name: str
    value: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One named value of a device, in the first instance of every repeated group around it.

    ``address`` is the address on the wire (PDU, counting from 0), ``words`` its length in registers. Read as a number
    it is ``sign * (raw * 10**sf + offset)`` in ``units``; ``sf`` is an exponent or the name of the point that carries
    it. ``mask`` and ``shift`` cut a field out of the (word-ordered) raw number; ``sentinel`` lists raw unsigned
    numbers, after mask and shift and before any sign, that mean "not implemented". ``line`` is the line in the map's
    file, 0 where no file stands behind it.
    """

    name: str
    type: str
    address: int
    fc: int = 3
    words: int = 1
    label: str = ""
    units: str = ""
    access: str = "R"
    sf: int | str = 0
    low_first: bool = False
    offset: float = 0.0
    mask: int | None = None
    shift: int = 0
    bcd: bool = False
    sentinel: tuple[int, ...] = ()
    sign: int = 1
    metric: str | None = None
    part: str | None = None
    symbols: tuple[Symbol, ...] = ()
    static: bool = False
    mandatory: bool = False
    range: tuple[float, float] | None = None
    source: str = ""
    verified_by: tuple[str, ...] = ()
    suspect: str | None = None
    write_only: bool = False
    desc: str = ""
    detail: str = ""
    notes: str = ""
    sign_stated: bool = False
    line: int = 0

    @property
    def wire_type(self) -> WireType:
        """The wire type named by ``type``."""
        return WIRE_TYPES[self.type]

    @property
    def bits(self) -> int:
        """Width of the raw number in bits, after mask and shift."""
        return 16 * self.words if self.mask is None else (self.mask >> self.shift).bit_length()


@dataclass(frozen=True, slots=True)
class Group:
    """Points that belong together, and the groups below them.

    ``count`` is None where the group does not repeat, the most instances the document allows, 0 for as many as the
    plant has, or the name of the point that carries the number. Instance ``i`` adds ``i * stride`` to every address
    inside; ``first`` is the number that its first instance carries in names and part paths.
    """

    name: str
    label: str = ""
    anatomy: str | None = None
    count: int | str | None = None
    stride: int = 0
    points: tuple[Point, ...] = ()
    groups: tuple[Group, ...] = ()
    first: int = 1
    type: str = "group"
    desc: str = ""
    line: int = 0

    @property
    def repeats(self) -> bool:
        """Whether instances of this group are numbered."""
        return self.count is not None

    def walk(self) -> Iterator[Point]:
        """Every point here and below, in the order of the file."""
        yield from self.points
        for group in self.groups:
            yield from group.walk()


@dataclass(frozen=True, slots=True)
class MapSource:
    """The document a map was made from; ``read_from`` says where it was read, pinned."""

    document: str
    read_from: str
    issue: str = ""
    date: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Addressing:
    """``printed`` is what to add to an address on the wire to get it as the document prints it."""

    printed: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """A device type: what its registers mean, and what is peculiar about asking it (``transport``, ``quirks``)."""

    id: str
    label: str
    cls: str
    source: MapSource
    group: Group
    addressing: Addressing = Addressing()
    transport: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""

    @property
    def quirks(self) -> Mapping[str, Any]:
        """Peculiarities of the device as the map states them, such as ``max-registers`` or ``pause``."""
        quirks: Mapping[str, Any] = self.transport.get("quirks", {})
        return quirks

    def points(self) -> Iterator[Point]:
        """Every point once, in the order of the file."""
        return self.group.walk()

    @property
    def rows(self) -> int:
        """Number of documented registers: fields packed in one word count once."""
        return len({(point.fc, point.address) for point in self.points()})
