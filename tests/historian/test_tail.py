"""The tail is asked while it is written: an answer is of one moment."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from bessinside.historian.basis.folder import Folder
from bessinside.historian.tail.tail import load_editions, open_tail
from bessinside.runtime import database


def test_devices_that_come_while_editions_are_read_do_no_harm(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.make()
    writer = open_tail(folder)
    reader = database.connect_to_read(folder.tail)
    fresh = count(1)

    def a_device_comes(_statement: str) -> None:
        number = next(fresh)
        with database.transaction(writer):
            writer.execute("INSERT INTO devices (id, name) VALUES (?, ?)", (number, f"device {number}"))
            writer.execute("INSERT INTO editions VALUES (?, ?, 0, 'tcp', 1, 'p', 'm', '[]')", (number, number))

    reader.set_trace_callback(a_device_comes)
    assert {number: edition.device for number, edition in load_editions(reader).items()} == {1: "device 1"}
    assert next(fresh) == 2
    reader.close()
    writer.close()
