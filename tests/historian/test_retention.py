"""What the rules let go goes, what they keep stays as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bessinside.historian import Step, register
from bessinside.historian.basis.folder import Folder, HistoryError
from bessinside.historian.embedded.record import Historian
from bessinside.historian.embedded.repair import repair
from bessinside.historian.embedded.store import Store
from bessinside.historian.sealed import compact, seal
from bessinside.historian.sealed.retention import (
    FigureRule,
    Retention,
    Rule,
    load_rules,
    old_minutes,
    thin,
    thin_minutes,
)
from bessinside.historian.tail.tail import load_devices, open_tail
from bessinside.runtime import clock, database
from bessinside.runtime.simulation import SimLoop
from tests.historian.made import START_NS, Folders, Maker, filled, plant_in
from tests.historian.test_compact import compacted

DAY, HOUR_NS = 86_400_000_000_000, 3_600_000_000_000


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """Twenty minutes of two devices, compacted."""
    monkeypatch.setattr(seal, "SLOT_NS", 300_000_000_000)
    monkeypatch.setattr(compact, "DAY_NS", 1200_000_000_000)
    made = filled(tmp_path, 2432, at_once=32)
    while made.seal() is not None:
        pass
    made.seal(made.historian._last)
    assert compacted(made) is not None
    return made


def thinned(folders: Folders, rules: Retention, now_ns: int) -> int:
    """Thins until nothing is left to do; how many segments were written anew."""
    times = 0
    connection = open_tail(folders.folder)
    try:
        while (done := thin(folders.folder, connection, rules, now_ns)) is not None:
            devices = {name: number for number, name in load_devices(connection).items()}
            with database.transaction(connection):
                compact.replace_old(connection, done, devices)
            compact.remove_old(folders.folder, done)
            times += 1
    finally:
        connection.close()
    return times


def test_one_sweep_a_minute_stays_of_the_devices_named(folders: Folders) -> None:
    before = folders.store.sweeps("a", 0, 2**62)
    other = folders.store.sweeps("b", 0, 2**62)
    exchanges = {n: folders.store.exchanges("a", n) for n in before.number.tolist()}
    rules = Retention((Rule("a", DAY, 60_000_000_000),))
    assert thinned(folders, rules, START_NS + DAY // 2) == 0  # too young
    assert thinned(folders, rules, START_NS + 2 * DAY) == 1
    assert thinned(folders, rules, START_NS + 3 * DAY) == 0  # and done
    after = folders.store.sweeps("a", 0, 2**62)
    old = after.end_ns < START_NS + 1200_000_000_000
    minutes = after.end_ns[old] // 60_000_000_000
    runs = 4 * 2  # a run has its own first sweep in a minute: four slots, two plans
    assert len(np.unique(minutes)) <= old.sum() <= len(np.unique(minutes)) * 2 + runs
    assert set(after.number.tolist()) < set(before.number.tolist())
    for number in after.number.tolist():
        assert folders.store.exchanges("a", number) == exchanges[number]
    assert folders.store.sweeps("b", 0, 2**62).number.tolist() == other.number.tolist()
    folders.close()


def test_of_a_class_of_devices_nothing_stays_but_its_minutes(folders: Folders) -> None:
    begin, end = START_NS, START_NS + 1200_000_000_000
    minutes = folders.store.rollup(["c1/r01/soc"], begin, end, Step.MINUTE)
    assert minutes.count.sum() > 500
    assert thinned(folders, Retention((Rule("bms", DAY, 0),)), START_NS + 3 * DAY) == 1
    assert not len(folders.store.sweeps("a", begin, end))
    assert not len(folders.store.words("b", [register(3, 0)], begin, end).number)
    again = folders.store.rollup(["c1/r01/soc"], begin, end, Step.MINUTE)
    np.testing.assert_array_equal(again.count, minutes.count)
    assert list(folders.folder.segments.glob("*.words.parquet"))  # the youngest is not compacted
    folders.close()


def test_minutes_go_where_hours_stand_for_them(folders: Folders) -> None:
    hours = folders.store.rollup(["c1/r01/soc"], START_NS, START_NS + DAY, Step.HOUR)
    connection = open_tail(folders.folder)
    assert old_minutes(connection, Retention(minutes_ns=10 * DAY), START_NS + 9 * DAY) == ()
    old = old_minutes(connection, Retention(minutes_ns=10 * DAY), START_NS + 11 * DAY)
    assert len(old) == 1
    done = compact.Compacted(None, (), (), old, thinned=True)
    with database.transaction(connection):
        compact.replace_old(connection, done, {})
    compact.remove_old(folders.folder, done)
    connection.close()
    with Store(folders.folder.root) as store:
        again = store.rollup(["c1/r01/soc"], START_NS, START_NS + DAY, Step.HOUR)
    np.testing.assert_array_equal(again.count, hours.count)
    folders.close()


def test_of_a_class_of_points_only_hours_stay(folders: Folders) -> None:
    begin, end = START_NS, START_NS + 1200_000_000_000
    figures = ["c1/r01/soc", "c1/r01/m1/cell001/voltage", "c1/r02/m1/cell001/voltage"]
    steps = {step: folders.store.rollup(figures, begin - HOUR_NS, end, step) for step in Step}
    assert (steps[Step.MINUTE].count.sum(axis=0) > 300).all()
    rules = Retention(figures=(FigureRule("*/cell*/*", 10 * DAY),))
    connection = open_tail(folders.folder)
    assert thin_minutes(folders.folder, connection, rules, begin + 9 * DAY) is None
    done = thin_minutes(folders.folder, connection, rules, begin + 11 * DAY)
    assert done is not None
    with database.transaction(connection):
        compact.replace_old(connection, done, {})
    compact.remove_old(folders.folder, done)
    assert thin_minutes(folders.folder, connection, rules, begin + 12 * DAY) is None  # and done
    youngest = connection.execute("SELECT max(end_ns) FROM rollups WHERE step_ns = ?", (Step.HOUR,)).fetchone()[0]
    connection.close()
    with Store(folders.folder.root) as store:
        again = {step: store.rollup(figures, begin - HOUR_NS, end, step) for step in Step}
    for name in ("low", "high", "mean", "count", "left_out"):
        np.testing.assert_array_equal(getattr(again[Step.HOUR], name), getattr(steps[Step.HOUR], name))
        np.testing.assert_array_equal(getattr(again[Step.MINUTE], name)[:, 0], getattr(steps[Step.MINUTE], name)[:, 0])
    old = again[Step.MINUTE].begin_ns < min(end, youngest)
    assert old.any()
    assert not again[Step.MINUTE].count[old, 1:].any()
    assert repair(folders.folder, folders.historian._connection) == []
    folders.close()


def test_the_oldest_rule_that_fits_holds() -> None:
    rules = Retention((Rule("bms", DAY, 60_000_000_000), Rule("*", 30 * DAY, 0), Rule("meter1", 2 * DAY, 1_000)))
    assert rules.keeps("bcu01", "bms", DAY // 2) is None
    assert rules.keeps("bcu01", "bms", 2 * DAY) == 60_000_000_000
    assert rules.keeps("bcu01", "bms", 40 * DAY) == 0
    assert rules.keeps("meter1", "meter", 3 * DAY) == 1_000
    assert rules.keeps("meter2", "meter", 3 * DAY) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[rule]]\nof = "bms"\nafter = "90 days"\nkeep = "1 min"', "rule 1: after: expected a time such as '90 d'"),
        ('[[rule]]\nof = "bms"\nafter = "90 d"', "rule 1: keep: expected a text"),
        ('[[rule]]\nfor = "bms"', "rule 1 for: unknown key"),
        ("minutes = 3", "minutes: expected a time"),
        ('[[figures]]\nof = "*/cell*/*"', "figures 1: after: expected a text"),
        ('[[figures]]\nof = "*"\nkeep = "1 min"', "figures 1 keep: unknown key"),
        ("[[rule", "retention.toml"),
    ],
)
def test_a_rule_that_cannot_be_read_says_where(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "retention.toml").write_text(text)
    with pytest.raises(HistoryError, match=r"retention\.toml") as caught:
        load_rules(Folder(tmp_path))
    assert said in str(caught.value)


def test_the_historian_follows_the_rules_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "SLOT_NS", 60_000_000_000)
    monkeypatch.setattr(compact, "DAY_NS", 120_000_000_000)
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "retention.toml").write_text('[[rule]]\nof = "*"\nafter = "1 s"\nkeep = "10 s"\n')
    plant = plant_in(tmp_path)
    maker = Maker(plant)

    async def scenario() -> None:
        async with Historian(tmp_path / "history", plant) as historian:
            for number in range(1, 801):
                historian.take(maker.sweep(number), maker.bound_of(number))
                await clock.sleep(0.5)

    SimLoop(1, start_ns=START_NS).run(scenario())
    with Store(tmp_path / "history") as store:
        assert any(event.kind == "retention" for event in store.events(0, 2**62))
        kept = store.sweeps("a", START_NS, START_NS + 120_000_000_000)
        assert 10 <= len(kept) <= 40  # of 120, one each 10 s of every run
