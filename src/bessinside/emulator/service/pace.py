"""How fast a plant's time runs: steps of fixed length, as many of them as wall time and speed ask for.

Wall time decides how many are due, never how long one is or after which the registers are shown: so the same seed,
start and commands give the same registers on a fast machine and on a slow one.
"""

from __future__ import annotations

from bessinside.errors import BessError

FASTEST = 100_000.0
_LONGEST = ((60.0, 1.0), (600.0, 10.0), (FASTEST, 60.0))  # up to this speed a step is so long, s
_CATCHES_UP = 60.0  # s of the plant's time that may be owed, or two wall seconds' worth where that is more
_EARLY = 1e-3  # of a frame: an event loop's timers may end a clock tick before their time


class PaceError(BessError):
    """A speed that no plant runs at."""


def step_of(speed: float) -> float:
    """Length of a physics step at a speed, s: 1 up to 60×, 10 up to 600×, 60 beyond.

    What moves within seconds (ramps, frequency, control noise) is seen in full up to 60×; a step of 60 s still has
    several in a converter's heating and many in an hour of a schedule.
    """
    if not 0.0 < speed <= FASTEST:
        raise PaceError(f"speed {speed:g}: expected more than 0 and at most {FASTEST:g} (1 is real time)")
    return next(step for upto, step in _LONGEST if speed <= upto)


def spoken(speed: float) -> str:
    """A speed as the emulator says it, in ASCII because device identifications are: `real time`, `60x real time`."""
    return "real time" if speed == 1.0 else f"{speed:g}x real time"


class Pace:
    """Time in frames: `steps` steps of `step` s each, after which the registers are shown; about one a wall second.

    `due` says how many frames wall time asks for. `lost` s of the plant's time could not be held.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.step = step_of(speed)
        self.steps = max(1, round(speed / self.step))
        self.speed = speed
        self.lost = 0.0
        self._owed = 0.0

    def due(self, wall: float) -> int:
        """Frames due after `wall` more seconds. What a machine too slow for the speed owes is let go, and counted."""
        self._owed += wall * self.speed
        most = max(_CATCHES_UP, 2.0 * self.speed)
        if self._owed > most:
            self.lost += self._owed - most
            self._owed = most
        frame = self.steps * self.step
        frames = int(self._owed / frame + _EARLY)
        self._owed -= frames * frame
        return frames
