"""A scenario: what goes wrong in the plant, when, what is then true, and what must show it. Read from a data file.

All times count from the start of the scenario. A file is one TOML table; every error names file, line and key.
"""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path

import msgspec
import numpy as np

from bessinside.emulator.trouble import spoil, wire_fault
from bessinside.emulator.trouble.act import Act, Seconds, decode
from bessinside.emulator.trouble.expectation import Alarm, Expectation
from bessinside.emulator.trouble.lever import LEVERS
from bessinside.emulator.whole.schedule import DAY, NS, Schedule
from bessinside.errors import BessError
from bessinside.plant import vocabulary
from bessinside.plant.toml_lines import error_line, key_lines
from bessinside.runtime import disk

SHIPPED = Path(__file__).with_name("scenarios")
_WHERE = re.compile(r" - at `\$\.?(.*?)`$")
_UNKNOWN = re.compile(r"unknown field `(.*?)`")


class ScenarioError(BessError):
    """A scenario that cannot be played: where, what is wrong, what is expected."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in both languages."""

    en: str
    de: str


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plant in which the expectations hold: state of charge in %, power in W at the meter, step of time.

    `power` is one value, or pairs of a time and a value with straight lines between them.
    """

    soc: float = 52.0
    power: float | tuple[tuple[Seconds, float], ...] = 0.0
    step: Seconds = Seconds(10.0)

    def schedule(self, start_ns: int, share: float = 1.0) -> Schedule:
        """The power as a schedule that begins at `start_ns`; the last value holds.

        `share` is the power of the plant, 1 for the 2.5 MW that the settings are written for.
        """
        points = self.power if isinstance(self.power, tuple) else ((Seconds(0.0), self.power),)
        begin = start_ns % int(DAY * NS) / NS
        # A schedule is a day that repeats: the last value holds until just before the first comes again.
        rows = [*points, (Seconds(DAY - 1.0), points[-1][1])]
        course = sorted(((begin + time) % DAY, power) for time, power in rows)
        return Schedule(np.array([time for time, _ in course]), share * np.array([power for _, power in course]))


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ground truth: `label` holds at `part` from `start` until `end`; both default to those of the acts."""

    label: str
    part: str = ""
    start: Seconds | None = None
    end: Seconds | None = None


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file. `levels` are those of the 14 that must show it; `reference` says where its numbers come from."""

    id: str
    title: Words
    story: Words
    reference: str
    levels: tuple[int, ...]
    act: tuple[Act, ...]
    truth: tuple[Label, ...]
    expect: tuple[Expectation, ...]
    alarm: tuple[Alarm, ...] = ()
    setting: Setting = Setting()

    @property
    def begins(self) -> float:
        """s until the first act."""
        return min(act.start for act in self.act)

    @property
    def shown(self) -> float:
        """s after the first act by which everything expected shows."""
        within = [one.within for one in self.expect] + [one.within for one in self.alarm]
        return max(within) - self.begins

    @property
    def ends(self) -> float | None:
        """s until the last act is over; None where one lasts."""
        ends = [float(act.end) if act.end is not None and act.every is None else None for act in self.act]
        known = [end for end in ends if end is not None]
        return max(known) if len(known) == len(ends) else None

    def span(self, label: Label) -> tuple[float, float | None]:
        """When a ground truth holds, in s from the start of the scenario."""
        return (self.begins if label.start is None else label.start, self.ends if label.end is None else label.end)


def names() -> tuple[str, ...]:
    """Ids of the scenarios that come with the product."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def load(source: str | Path) -> Scenario:
    """Reads a scenario file, or a shipped scenario by its id. Raises ScenarioError."""
    path = Path(source)
    if not path.suffix:
        path = SHIPPED / f"{source}.toml"
    try:
        text = disk.read_text(path)
    except OSError as error:
        raise ScenarioError(
            f"scenario {source}: {error.strerror}; shipped scenarios are {', '.join(names())}"
        ) from error
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: is no text in UTF-8: {error}") from error
    return parse(text, str(path))


def parse(text: str, path: str = "scenario.toml") -> Scenario:
    """Turns the text of a scenario file into a Scenario. Raises ScenarioError with file, line and key."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}:{error_line(error)}: {error}") from error
    lines = key_lines(text)
    try:
        scenario = msgspec.convert(table, Scenario, dec_hook=decode)
    except msgspec.ValidationError as error:
        where, what = _where(str(error))
        raise ScenarioError(_at(path, lines, where, what)) from error
    for key, what in _wrong(scenario, Path(path).stem):
        raise ScenarioError(_at(path, lines, key, what))
    return scenario


def _where(message: str) -> tuple[tuple[str | int, ...], str]:
    """The key that a message of msgspec speaks of, and what it says."""
    match = _WHERE.search(message)
    what = message[: match.start()] if match else message
    words = re.findall(r"[^.\[\]]+", match[1]) if match else []
    key: tuple[str | int, ...] = tuple(int(word) if word.isdigit() else word for word in words if word != "...")
    unknown = _UNKNOWN.search(what)
    return ((*key, unknown[1]), "unknown key") if unknown else (key, what)


def _at(path: str, lines: dict[tuple[str | int, ...], int], key: tuple[str | int, ...], what: str) -> str:
    line = next((lines[key[:n]] for n in range(len(key), 0, -1) if key[:n] in lines), 0)
    return f"{path}:{line}: {'.'.join(map(str, key)) or 'file'}: {what}"


def _wrong(scenario: Scenario, stem: str) -> list[tuple[tuple[str | int, ...], str]]:
    """What the types alone cannot say."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    if scenario.id != stem and stem != "scenario":
        found.append((("id",), f"expected {stem!r}, the name of the file, got {scenario.id!r}"))
    if not scenario.levels or not all(1 <= level <= 14 for level in scenario.levels):
        found.append((("levels",), f"expected numbers from 1 to 14, got {list(scenario.levels)}"))
    for key in ("act", "truth", "expect"):
        if not getattr(scenario, key):
            found.append(((key,), f"expected at least one [[{key}]]"))
    for n, act in enumerate(scenario.act):
        found += [(("act", n, key), what) for key, what in _wrong_act(act)]
    for n, one in enumerate(scenario.expect):
        figures = {"figure": one.figure, "against": one.against.removeprefix("sum ")}
        unknown = [
            key for key, figure in figures.items() if figure not in vocabulary() and figure not in ("", "others")
        ]
        found += [(("expect", n, key), f"no metric is called {figures[key]!r}") for key in unknown]
    return found


def _wrong_act(act: Act) -> list[tuple[str, str]]:
    found = []
    known = (*LEVERS, *spoil.FAULTS, *wire_fault.FAULTS)
    if act.lever not in known:
        near = get_close_matches(act.lever, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        found.append(("lever", f"no lever is called {act.lever!r}; {hint}"))
    if act.figure and (act.lever not in spoil.FAULTS or act.figure not in vocabulary()):
        found.append(("figure", f"expected the metric of registers that a register.… lever spoils, got {act.figure!r}"))
    if act.end is not None and act.end <= act.start:
        found.append(("end", "expected a time after its start"))
    if act.every is not None and (act.end is None or act.end - act.start >= act.every):
        found.append(("every", "expected longer than from start to end, and an end"))
    return found
