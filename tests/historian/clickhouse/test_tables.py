"""The tables: made by the program, fitting the servers' version, brought up to date, and never by an older program."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bessinside.historian.basis.folder import HistoryError, NothingRecorded
from bessinside.historian.clickhouse.address import parse_address
from bessinside.historian.clickhouse.door import HttpDoor, Version
from bessinside.historian.clickhouse.errors import ServerAway, ServerError
from bessinside.historian.clickhouse.migration import STEPS, check_version, kept_version, migrate
from bessinside.historian.clickhouse.recorder import Recorder
from bessinside.historian.clickhouse.rows import registers_of
from bessinside.historian.clickhouse.server import Server
from bessinside.historian.clickhouse.tables import FIRST, half_md5, quoted, slot_of
from tests.historian.clickhouse.server import CLUSTER, Cluster
from tests.historian.made import Maker, plan_of, plant_in

pytestmark = [pytest.mark.xdist_group("clickhouse"), pytest.mark.timeout(300)]


@pytest.fixture
def door(cluster: Cluster) -> Iterator[HttpDoor]:
    made = HttpDoor(parse_address(cluster.address("tables")))
    made.everywhere("DROP DATABASE IF EXISTS tables")
    yield made
    made.everywhere("DROP DATABASE IF EXISTS tables")
    made.close()


def test_tables_are_made_on_every_server_and_over_all(door: HttpDoor, cluster: Cluster) -> None:
    assert kept_version(door) == 0
    assert migrate(door, "tables") == 0
    assert kept_version(door) == len(STEPS)
    assert migrate(door, "tables") == len(STEPS)
    for number in (0, 1):
        one = HttpDoor(parse_address(cluster.address("tables", number)))
        found = one.ask("SELECT name, engine FROM system.tables WHERE database = 'tables'", ("name", "engine"))
        engines = dict(zip(found["name"], found["engine"], strict=True))
        for table in FIRST:
            assert engines[table.name.encode()] == b"Distributed"
            assert engines[f"{table.name}_shard".encode()] == b"ReplacingMergeTree"
        one.close()


def test_what_is_older_is_brought_up_to_date_and_what_is_newer_is_left_alone(door: HttpDoor) -> None:
    def more(database: str, cluster: str, version: Version) -> Iterator[str]:
        assert (cluster, version[:2]) == (CLUSTER, (18, 16))
        yield f"CREATE TABLE IF NOT EXISTS {database}.later (a UInt8) ENGINE = Log"

    with pytest.raises(NothingRecorded, match="bessinside run PLANT --historian clickhouse://"):
        check_version(door)
    migrate(door, "tables")
    with pytest.raises(HistoryError, match="is of version 1, this program reads 2"):
        check_version(door, (*STEPS, more))
    assert migrate(door, "tables", (*STEPS, more)) == 1
    assert len(door.ask("SELECT a FROM later", ("a",))["a"]) == 0
    for look in (check_version, lambda one: migrate(one, "tables")):
        with pytest.raises(HistoryError, match="made by a newer program"):
            look(door)


def test_codecs_are_used_where_the_server_has_them() -> None:
    for table in FIRST:
        old, new = (next(table.statements("d", "", version)) for version in ((18, 16, 1), (26, 9, 0)))
        assert "CODEC" not in old
        assert new.count("CODEC") == len(table.columns)
        (_, over) = table.statements("d", "bess", (26, 9, 0))
        assert over.endswith(f"Distributed(bess, d, {table.name}_shard, {table.shard})")


def test_names_are_what_sql_calls_halfmd5(door: HttpDoor) -> None:
    name = "c1/r01/it's \\ a cell"
    found = door.ask(f"SELECT halfMD5({quoted(name)}) AS a", ("a",))["a"] if kept_version(door) else None
    if found is None:
        migrate(door, "tables")
        found = door.ask(f"SELECT halfMD5({quoted(name)}) AS a", ("a",))["a"]
    assert found.tolist() == [half_md5(name)]
    assert half_md5("meter") == int(hashlib.md5(b"meter").hexdigest()[:16], 16)


def test_slots_are_ten_minutes_of_utc_and_never_out_of_range() -> None:
    assert slot_of(1_782_043_799_999_999_999) == 1_782_043_200
    assert slot_of(-(2**62)) == 0
    assert slot_of(2**62) % 600 == 0
    assert slot_of(2**62) < 2**32


def test_a_register_that_is_read_twice_is_told_apart() -> None:
    plan = plan_of([(3, 0, 10), (3, 5, 10), (3, 8, 1), (4, 0, 2)])
    keys = registers_of(plan)
    assert len(set(keys.tolist())) == plan.size == 23
    codes, addresses = plan.registers()
    np.testing.assert_array_equal(keys & 0xFFFFFF, codes << 16 | addresses)
    for fc, address in {(3, 7), (3, 8), (4, 1)}:
        place = int(plan.place(fc, address))
        assert keys[place] == fc << 16 | address


async def test_devices_are_shared_out_among_the_servers(cluster: Cluster, tmp_path: Path) -> None:
    plant = plant_in(tmp_path)
    maker = Maker(plant)
    address = cluster.address("shared")
    async with Recorder(f"{address}&buffer={tmp_path / 'buffer'}", plant, commit_every_s=0.01) as recorder:
        mine = [recorder.record(maker.sweep(number), maker.bound_of(number)) for number in range(1, 21)]
        await asyncio.gather(*mine)
    held = []
    for number in (0, 1):
        one = HttpDoor(parse_address(cluster.address("shared", number)))
        found = one.ask("SELECT DISTINCT device AS device FROM sweeps_shard", ("device",))
        words = one.ask("SELECT DISTINCT device AS device FROM words_shard", ("device",))
        assert set(found["device"].tolist()) == set(words["device"].tolist())
        held.append(set(found["device"].tolist()))
        one.close()
    assert held[0] | held[1] == {half_md5("a"), half_md5("b")}
    assert not held[0] & held[1]
    assert held == [{name for name in held[0] | held[1] if name % 2 == shard} for shard in (0, 1)]


async def test_numbers_of_a_device_grow_whoever_records_it(cluster: Cluster, tmp_path: Path) -> None:
    plant = plant_in(tmp_path)
    maker = Maker(plant)
    address = cluster.address("moved")
    number = 0
    for turn, buffer in enumerate(["first", "second", "first", "third"]):
        async with Recorder(f"{address}&buffer={tmp_path / buffer}", plant, commit_every_s=0.01) as recorder:
            mine = range(number + 1, number + 31 + turn)
            await asyncio.gather(*(recorder.record(maker.sweep(one), maker.bound_of(one)) for one in mine))
            number = mine[-1]
    with Server(HttpDoor(parse_address(address))) as server:
        for device in server.devices():
            found = server.sweeps(device, 0, 2**62)
            wanted = [maker.sweep(n).end_ns for n in range(1, number + 1) if maker.bound_of(n).device.id == device]
            assert found.end_ns.tolist() == wanted
            assert len(set(found.edition.tolist())) == 2


def test_what_a_server_says_is_passed_on(cluster: Cluster) -> None:
    door = HttpDoor(parse_address(cluster.address("tables")))
    with pytest.raises(ServerError, match="Syntax error"):
        door.everywhere("SELEKT 1")
    door.close()
    wrong = cluster.address("tables").replace("recorder@", "somebody@")
    with pytest.raises(ServerError, match=r"(?i)user"):
        migrate(HttpDoor(parse_address(wrong)), "tables")
    with pytest.raises(ServerAway, match=r"127\.0\.0\.1:9/: cannot be reached"):
        check_version(HttpDoor(parse_address("clickhouse://127.0.0.1:9/none")))
