"""The scenarios that run on an emulated plant: begun with it or while it runs, ended, and what was true of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from bessinside.emulator.trouble import scenario as scenarios
from bessinside.emulator.trouble.scenario import Scenario, ScenarioError
from bessinside.emulator.trouble.stage import Stage
from bessinside.emulator.trouble.truth import Truth
from bessinside.emulator.whole.plant import Plant as Physics
from bessinside.emulator.worlds.world import World
from bessinside.modbus import Server
from bessinside.plant.anatomy import Anatomy


@dataclass(slots=True)
class _Play:
    """A scenario that was begun; `ended_ns` is None while it runs."""

    name: str
    stage: Stage
    ended_ns: int | None = None


class Plays:
    """Plays scenarios on `physics`, on the registers of `world` and on the wire of `servers`."""

    def __init__(
        self, physics: Physics, world: World, servers: Mapping[str, Server], anatomy: Anatomy, seed: int
    ) -> None:
        self.physics, self.world, self.servers = physics, world, servers
        self.anatomy, self.seed = anatomy, seed
        self._plays: list[_Play] = []

    @property
    def names(self) -> tuple[str, ...]:
        """What is played, as it was asked for."""
        return tuple(play.name for play in self._plays if play.ended_ns is None)

    def begin(self, asked: str) -> str:
        """Begins a scenario now: `weak-cell`, or `weak-cell@c1/r04/m2/cell017` to say where. Gives where it acts.

        Raises ScenarioError where there is no such scenario, it cannot be there, or it is played already.
        """
        name, _, part = asked.partition("@")
        if name in (one.partition("@")[0] for one in self.names):
            raise ScenarioError(f"scenario {name} is played already; end it first")
        found = scenarios.load(name)
        stage = Stage(
            self.physics,
            _moved(found, part) if part else found,
            self.physics.time_ns,
            seed=self.seed,
            anatomy=self.anatomy,
        )
        stage.join(self.world, self.servers)
        self._plays.append(_Play(asked, stage))
        places = dict.fromkeys(truth.part for truth in stage.truths())
        return ", ".join(place or "the plant" for place in places)

    def end(self, name: str) -> None:
        """Ends a scenario: its levers go back. ScenarioError where it is not played."""
        for play in self._plays:
            if play.ended_ns is None and name in (play.name, play.name.partition("@")[0]):
                play.stage.leave()
                play.ended_ns = self.physics.time_ns
                return
        raise ScenarioError(f"scenario {name} is not played; played are: {', '.join(self.names) or 'none'}")

    def step(self, now_ns: int) -> None:
        """Moves the levers to where they stand at `now_ns`."""
        for play in self._plays:
            if play.ended_ns is None:
                play.stage.step(now_ns)

    def truths(self) -> list[Truth]:
        """What was, is and (as far as the scenarios say) will be wrong with the plant."""
        return [truth for play in self._plays for one in play.stage.truths() if (truth := _until(one, play.ended_ns))]


def _until(truth: Truth, ended_ns: int | None) -> Truth | None:
    """What is left of a truth whose scenario was ended; None where it never came true."""
    if ended_ns is None or (truth.until_ns is not None and truth.until_ns <= ended_ns):
        return truth
    return msgspec.structs.replace(truth, until_ns=ended_ns) if truth.since_ns < ended_ns else None


def _moved(found: Scenario, part: str) -> Scenario:
    """The scenario at another part than that of its first act."""
    words = found.act[0].part
    if not words:
        raise ScenarioError(f"scenario {found.id} concerns the whole plant, not {part}")
    return msgspec.structs.replace(
        found,
        act=tuple(msgspec.structs.replace(act, part=part if act.part == words else act.part) for act in found.act),
        truth=tuple(msgspec.structs.replace(one, part=part if one.part == words else one.part) for one in found.truth),
    )
