"""What is asked of many devices: their newest sweeps at a moment, their spans; in one question where that helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from bessinside.historian.basis.archive import Archive, Image, Latest
from bessinside.historian.basis.latest import latest_from


@runtime_checkable
class AtOnce(Protocol):
    """An archive for which a question about many devices is little dearer than one about one device."""

    def images(self, devices: Sequence[str], at_ns: int) -> dict[str, Image]:
        """The newest sweep of each device that had ended by a moment; devices without one are left out."""

    def spans(self, devices: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Ends of the first and the last sweep of each device; devices without one are left out."""


def images(archive: Archive, devices: Sequence[str], at_ns: int) -> dict[str, Image]:
    """The newest sweep of each device that had ended by a moment; devices without one are left out."""
    if isinstance(archive, AtOnce):
        return archive.images(devices, at_ns)
    return {device: image for device in devices if (image := archive.image(device, at_ns)) is not None}


def spans(archive: Archive, devices: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Ends of the first and the last sweep of each device; devices without one are left out."""
    if isinstance(archive, AtOnce):
        return archive.spans(devices)
    return {device: span for device in devices if (span := archive.span(device)) is not None}


def latest_of(archive: Archive, registers: Mapping[str, Sequence[int]], at_ns: int) -> dict[str, Latest]:
    """The newest good answer of some registers of each device by a moment; see :meth:`Archive.latest`."""
    if not isinstance(archive, AtOnce):
        return {device: archive.latest(device, asked, at_ns) for device, asked in registers.items()}
    found = archive.images(list(registers), at_ns)
    return {
        device: latest_from(archive, device, asked, at_ns, found.get(device)) for device, asked in registers.items()
    }
