"""What a scenario file says, and how it is refused: file, line, key, and what was expected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bessinside.emulator.trouble.act import Act, Seconds, brief
from bessinside.emulator.trouble.scenario import ScenarioError, Setting, load, names, parse

GOOD = """\
id = "scenario"
levels = [3]
reference = "a test"
title = { en = "A", de = "B" }
story = { en = "C", de = "D" }

[[act]]
lever = "rack.joint"
part = "any rack"
value = 0.02
start = "1 min"
ramp = "30 s"

[[truth]]
label = "bad joint"
part = "any rack"

[[expect]]
figure = "rack.voltage"
relation = "falls"
value = 2.0
within = "2 min"
"""


def test_a_file_says_what_happens_and_when() -> None:
    scenario = parse(GOOD)
    (act,) = scenario.act
    assert (act.lever, act.part, act.value, act.start, act.ramp, act.end) == (
        "rack.joint",
        "any rack",
        0.02,
        60,
        30,
        None,
    )
    assert scenario.setting == Setting(soc=52.0, power=0.0, step=Seconds(10.0))
    assert scenario.expect[0].at == "it"
    assert (scenario.begins, scenario.shown, scenario.ends) == (60.0, 60.0, None)
    assert scenario.span(scenario.truth[0]) == (60.0, None)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("levels = [3]", "levels = [15]", 2, "levels: expected numbers from 1 to 14, got [15]"),
        ("levels = [3]", "levels = []", 2, "levels: expected numbers from 1 to 14"),
        ('reference = "a test"', 'referenz = "a test"', 3, "referenz: unknown key"),
        ('reference = "a test"\n', "", 0, "file: Object missing required field `reference`"),
        ('de = "B"', 'fr = "B"', 4, "title.fr: unknown key"),
        ('"rack.joint"', '"rack.jiont"', 8, "act.0.lever: no lever is called 'rack.jiont'; did you mean 'rack.joint'?"),
        ('start = "1 min"', 'start = "1 fortnight"', 11, "act.0.start: expected a time with its unit"),
        ('start = "1 min"', "start = 60", 11, "act.0.start: expected a time with its unit such as"),
        ('ramp = "30 s"', 'end = "1 min"', 12, "act.0.end: expected a time after its start"),
        ('ramp = "30 s"', 'every = "1 h"', 12, "act.0.every: expected longer than from start to end, and an end"),
        ('ramp = "30 s"', 'figure = "rack.soc"', 12, "act.0.figure: expected the metric of registers"),
        ('"rack.voltage"', '"rack.volts"', 19, "expect.0.figure: no metric is called 'rack.volts'"),
        ('"falls"', '"sinks"', 20, "expect.0.relation: Invalid enum value 'sinks'"),
        ("value = 2.0\n", 'against = "sum cell.volts"\n', 21, "expect.0.against: no metric is called 'cell.volts'"),
        ('within = "2 min"\n', "", 18, "expect.0: Object missing required field `within`"),
        ('id = "scenario"', 'id = "scenario', 1, ""),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_key(old: str, new: str, line: int, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ScenarioError) as refused:
        parse(GOOD.replace(old, new, 1))
    assert str(refused.value).startswith(f"scenario.toml:{line}: {says}")


def test_the_id_is_the_name_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(GOOD)
    with pytest.raises(
        ScenarioError, match=r"other\.toml:1: id: expected 'other', the name of the file, got 'scenario'"
    ):
        load(path)


def test_without_acts_truths_or_expectations_it_is_no_scenario() -> None:
    for key in ("act", "truth", "expect"):
        start = GOOD.index(f"[[{key}]]")
        end = GOOD.find("[[", start + 2)
        with pytest.raises(ScenarioError, match=f"missing required field `{key}`"):
            parse(GOOD[:start] + (GOOD[end:] if end > 0 else ""))
        head = GOOD[: GOOD.index("title")] + f"{key} = []\n" + GOOD[GOOD.index("title") : start]
        with pytest.raises(ScenarioError, match=rf"{key}: expected at least one \[\[{key}\]\]"):
            parse(head + (GOOD[end:] if end > 0 else ""))


def test_an_unknown_name_says_which_are_known(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"scenario no-such: No such file.*weak-cell"):
        load("no-such")
    (tmp_path / "latin.toml").write_bytes("id = 'ä'".encode("latin-1"))
    with pytest.raises(ScenarioError, match="no text in UTF-8"):
        load(tmp_path / "latin.toml")


def test_a_shipped_scenario_and_its_file_are_the_same() -> None:
    for name in names():
        assert load(name).id == name


def test_the_course_of_an_act() -> None:
    act = Act(lever="x", start=Seconds(60.0), ramp=Seconds(40.0), end=Seconds(200.0))
    assert [act.share(time) for time in (0.0, 59.9, 60.0, 80.0, 100.0, 199.9, 200.0, 1e6)] == [0, 0, 0, 0.5, 1, 1, 0, 0]
    again = Act(lever="x", start=Seconds(10.0), end=Seconds(13.0), every=Seconds(30.0))
    assert [again.share(time) for time in (0.0, 10.0, 12.9, 13.0, 39.9, 40.0, 42.9, 43.0)] == [0, 1, 1, 0, 0, 1, 1, 0]


def test_the_power_of_a_setting_becomes_a_schedule_that_holds_its_last_value() -> None:
    ns, late = 10**9, (23 * 3600 + 1800) * 10**9
    setting = Setting(power=((Seconds(0.0), 1e6), (Seconds(3600.0), 2e6)))
    at = setting.schedule(late).at
    assert [at(late), at(late + 1800 * ns), at(late + 3600 * ns), at(late + 23 * 3600 * ns)] == [1e6, 1.5e6, 2e6, 2e6]
    constant = Setting(power=-5e5).schedule(late)
    assert np.unique([constant.at(late + hour * 3600 * ns) for hour in range(24)]) == [-5e5]


def test_times_are_written_with_the_largest_unit_that_leaves_a_whole_number() -> None:
    assert [brief(time) for time in (0, 5, 60, 90, 3600, 5400, 86400, 0.5)] == [
        "0 s", "5 s", "1 min", "90 s", "1 h", "90 min", "1 d", "0.5 s",
    ]  # fmt: skip
