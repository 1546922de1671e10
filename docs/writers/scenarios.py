"""Scenarios: what can go wrong in the emulated plant, what must show it, and the levers that a file may move."""

from __future__ import annotations

from functools import cache

from bessinside.emulator.trouble import spoil, wire_fault
from bessinside.emulator.trouble.act import brief
from bessinside.emulator.trouble.expectation import Alarm, in_words
from bessinside.emulator.trouble.lever import LEVERS
from bessinside.emulator.trouble.scenario import Scenario, load, names
from bessinside.emulator.trouble.signature import Reader
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.worlds import sunspec
from bessinside.emulator.worlds.place import Places
from bessinside.emulator.worlds.world import World
from bessinside.plant import bind, load_plant, vocabulary
from bessinside.registers import load_map
from writers.markdown import code, table

INTRO = """# Scenarios

What can go wrong in the emulated plant, from the files in `emulator/trouble/scenarios/`. *Shows in* is the time from
the first act until everything that must show it does; the tests play every scenario and hold it to that, and hold a
healthy plant to show none of it. *No register* marks what no device of the reference plant serves: there the physics'
own quantity is held to it, and nobody who reads that plant could see it. How to run one and how to write one:
[scenarios](../guides/scenarios.md).
"""
LEVERS_INTRO = """## Levers

What an act may move. *times*: a factor on what the plant has; *add*: on top of it; *set*: in its place; *beside*: a
resistance beside the healthy path; *switch*: true while the act lasts; *call*: as an operator would do it.
"""
REGISTERS_INTRO = "Of the registers and the wire of the devices that stand at the part:\n"
REGISTERS = {
    "register.stuck": "Registers keep the words that stood there when it began.",
    "register.sentinel": 'Registers say "not implemented": SunSpec\'s value of their type, whatever the map says.',
    "register.torn": "Values in several registers: new low words beside the high word of the refresh before.",
    "register.scale": "Registers count in other units: the value times a factor, held at the ends of their type.",
    "wire.delay": "Every answer comes late, by `value` seconds.",
    "wire.silence": "No answer.",
    "wire.cut": "The connection is cut in the middle of the answer.",
    "wire.one_client": "A further connection is closed at once.",
}


def page() -> str:
    """All scenarios and all levers."""
    found = [load(name) for name in names()]
    columns = ("Scenario", "Title", "Levels", "Alarms", "Shows in")
    rows = [
        (
            f"[{one.id}](#{one.id})", one.title.en, " ".join(map(str, one.levels)),
            ", ".join(dict.fromkeys(code(alarm.name) for alarm in one.alarm)), brief(one.shown),
        )
        for one in found
    ]  # fmt: skip
    return "\n".join([INTRO, table(columns, rows), _levers(), *(_scenario(one) for one in found)])


def _levers() -> str:
    missing = {*spoil.FAULTS, *wire_fault.FAULTS} ^ set(REGISTERS)
    if missing:
        raise KeyError(f"docs/writers/scenarios.py: say what these levers do: {', '.join(sorted(missing))}")
    physics = [(code(one.name), one.en, one.kind or "the plant", one.how, one.unit) for one in LEVERS.values()]
    columns = ("Lever", "Meaning", "Part", "How", "Unit of `value`")
    others = [(code(name), words) for name, words in REGISTERS.items()]
    served = f"{REGISTERS_INTRO}\n{table(('Lever', 'Meaning'), others)}"
    return f"{LEVERS_INTRO}\n{table(columns, physics)}\n{served}"


def _scenario(one: Scenario) -> str:
    acts = [
        (
            code(act.lever), " ".join(filter(None, (act.part, code(act.figure)))) or "the plant", f"{act.value:g}",
            brief(act.start), brief(act.ramp) if act.ramp else "", "" if act.end is None else brief(act.end),
            "" if act.every is None else brief(act.every),
        )
        for act in one.act
    ]  # fmt: skip
    expected = [
        (
            code(it.figure), it.at, f"{in_words(it)}{_unit(it.figure, it.relation)}", brief(it.within),
            "" if _reader().carried(it.figure) else "no register",
        )
        for it in one.expect
    ]  # fmt: skip
    expected += [
        (
            f"alarm {code(it.name)}{'' if it.level is None else f' level {it.level}'}", it.kind, "stands",
            brief(it.within), "" if _said(it) else "no register",
        )
        for it in one.alarm
    ]  # fmt: skip
    return "\n".join(
        [
            f"## {one.id}\n\n**{one.title.en}** ({one.title.de}). {one.story.en}\n\n*{one.reference}*\n",
            table(("Act", "Part", "Value", "Start", "Ramp", "End", "Again every"), acts),
            table(("What must show it", "At", "How", "Within", "In REF-5M"), expected),
        ]
    )


def _unit(figure: str, relation: str) -> str:
    unit = vocabulary()[figure].unit
    return "" if relation in ("missing", "silent", "still") or unit in ("1", "code") else f" ({unit})"


@cache
def _reader() -> Reader:
    """What the devices of the reference plant serve."""
    plant = load_plant("ref-5m")
    binding = bind(plant, lambda one: sunspec.device_map(one, plant) if one.map == sunspec.MAP else load_map(one.map))
    return Reader(World(binding, Plant()), Places(plant.anatomy))


def _said(alarm: Alarm) -> bool:
    """Whether a word of some device has a bit for the alarm."""
    paths = _reader().places.paths.get(alarm.kind) or _reader().parts_of(alarm.kind)
    return any(_reader().alarm(alarm.name, alarm.kind, path, alarm.level) is not None for path in paths)
