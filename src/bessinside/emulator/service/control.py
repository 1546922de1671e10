"""Words for a running emulator: one command a line, each answered with a line or more.

go 14:30 · speed 60 · hold · run · scenario NAME [PART] · end NAME · schedule · status · help
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from bessinside.emulator.service.moment import later, said
from bessinside.emulator.service.pace import spoken
from bessinside.emulator.service.serve import Emulator
from bessinside.emulator.trouble import scenario as scenarios
from bessinside.errors import BessError

Say = Callable[[str], None]
_TENTHS = 10  # how often a jump says how far it is


class ControlError(BessError):
    """A line that is no command, or one that cannot be obeyed."""


@dataclass(frozen=True, slots=True)
class _Command:
    usage: str
    does: str
    act: Callable[[list[str]], str]
    least: int = 0
    most: int = 0


class Control:
    """Obeys lines. `say` is given what comes later than the answer: how far a jump is, and that it arrived."""

    def __init__(self, emulator: Emulator, say: Say) -> None:
        self.emulator = emulator
        self.say = say
        self._jump: asyncio.Task[None] | None = None
        self._commands = {
            "go": _Command("go TIME", "fast-forward to 14:30, 2026-06-21T05:00 (UTC) or by +2h", self._go, 1, 1),
            "speed": _Command("speed N", "N seconds of the plant in each real one; 1 is real time", self._speed, 1, 1),
            "hold": _Command("hold", "stand still; ends a jump where it is", self._hold),
            "run": _Command("run", "go on", self._run),
            "scenario": _Command("scenario NAME [PART]", "begin a scenario; without a name: list", self._begin, 0, 2),
            "end": _Command("end NAME", "end a scenario", self._end, 1, 1),
            "schedule": _Command("schedule", "converters follow the schedule again, not what was written", self._free),
            "status": _Command("status", "where and how the plant is", self._status),
            "help": _Command("help", "this list", self._help),
        }

    def obey(self, line: str) -> str:
        """Does what a line says and answers; an empty line is no command. Raises BessError and does nothing then."""
        words = line.split("#", 1)[0].split()
        if not words:
            return ""
        name, rest = words[0].lower(), words[1:]
        command = self._commands.get(name)
        if command is None:
            near = get_close_matches(name, self._commands, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(self._commands)}"
            raise ControlError(f"{name!r} is no command; {hint}")
        if not command.least <= len(rest) <= command.most:
            raise ControlError(f"{line.strip()!r}: expected `{command.usage}`: {command.does}")
        return command.act(rest)

    async def close(self) -> None:
        """Ends a jump that is under way."""
        if self._jump is not None:
            self._jump.cancel()
            await asyncio.gather(self._jump, return_exceptions=True)

    def _go(self, words: list[str]) -> str:
        emulator = self.emulator
        if emulator.jumping:
            raise ControlError("the plant is on its way to another moment; `hold` ends that")
        goal = later(words[0], emulator.physics.time_ns)
        self._jump = asyncio.create_task(self._hurry(goal))
        return f"going from {said(emulator.physics.time_ns)} to {said(goal)}"

    async def _hurry(self, goal: int) -> None:
        tenth = 0

        def progress(share: float) -> None:
            nonlocal tenth
            if int(share * _TENTHS) > tenth:
                tenth = int(share * _TENTHS)
                self.say(f"{100 * tenth // _TENTHS} %: {said(self.emulator.physics.time_ns)}")

        try:
            await self.emulator.go(goal, progress)
        except BessError as error:
            self.say(f"error: {error}")
        else:
            self.say(f"at {said(self.emulator.physics.time_ns)}")

    def _speed(self, words: list[str]) -> str:
        try:
            speed = float(words[0])
        except ValueError:
            raise ControlError(f"speed {words[0]!r}: expected a number; 1 is real time, 60 a minute a second") from None
        self.emulator.speed = speed
        return f"{spoken(speed)}, physics in steps of {self.emulator.pace.step:g} s, registers once a second"

    def _hold(self, _: list[str]) -> str:
        self.emulator.hold()
        return f"held at {said(self.emulator.physics.time_ns)}"

    def _run(self, _: list[str]) -> str:
        self.emulator.go_on()
        return f"running, {spoken(self.emulator.speed)}"

    def _begin(self, words: list[str]) -> str:
        if not words:
            return f"played: {', '.join(self.emulator.plays.names) or 'none'}; there are {', '.join(scenarios.names())}"
        return f"{words[0]} at {self.emulator.begin('@'.join(words))}"

    def _end(self, words: list[str]) -> str:
        self.emulator.end(words[0])
        return f"{words[0]} ended"

    def _free(self, _: list[str]) -> str:
        self.emulator.writes.release()
        return "all converters follow the schedule"

    def _status(self, _: list[str]) -> str:
        emulator, physics = self.emulator, self.emulator.physics
        state = "jumping" if emulator.jumping else "held" if emulator.held else "running"
        lines = [
            f"{said(physics.time_ns)}, {state}: {emulator.label}",
            f"grid {physics.meter.power / 1e3:,.1f} kW, SoC {float(physics.quantity('container', 'soc')[0]):.1f} %",
        ]
        for number, power in enumerate(physics.override, start=1):
            if not np.isnan(power):
                lines.append(f"pcs{number} follows a written set-point of {power / 1e3:,.1f} kW")
        if emulator.pace.lost:
            lines.append(f"this machine did not hold the speed: {emulator.pace.lost:,.0f} s of the plant left out")
        return "\n".join(lines)

    def _help(self, _: list[str]) -> str:
        width = max(len(command.usage) for command in self._commands.values())
        return "\n".join(f"{command.usage:<{width}}   {command.does}" for command in self._commands.values())
