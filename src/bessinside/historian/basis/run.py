"""A run: the sweeps of one edition of a device in one segment, and where they are in its files."""

from __future__ import annotations

import msgspec

from bessinside.historian.basis.peak import Peak


class Run(msgspec.Struct, frozen=True, array_like=True):
    """So the catalogue names it, and so the files of the segment do themselves, as JSON under the key `bessinside`.

    `part` is its row group in the files of times, `words_group` its first of `words_groups` row groups in the file of
    words, `extremes` its row group in the file of extremes, -1 for none; `failed` sweeps had requests without data.
    `peaks` are those of the metrics in the file of extremes, None in runs of before they were kept.
    """

    device: str
    edition: int
    first: int
    last: int
    begin_ns: int
    end_ns: int
    sweeps: int
    failed: int
    part: int
    words_group: int
    words_groups: int
    extremes: int
    peaks: list[Peak] | None = None
