"""Plays scenarios on a plant: moves its levers, spoils its registers, disturbs its wire, and says what is true.

stage = Stage(physics, [load("weak-cell")], physics.time_ns, seed=1)
stage.join(world, servers)                        only where registers and the wire are to suffer too
stage.step(physics.time_ns); physics.step(1.0); world.refresh()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bessinside.emulator.trouble import spoil, wire_fault
from bessinside.emulator.trouble.act import Act
from bessinside.emulator.trouble.lever import LEVERS, Grip
from bessinside.emulator.trouble.scenario import Scenario, ScenarioError
from bessinside.emulator.trouble.truth import Truth
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.worlds.image import DeviceImage, Spoil
from bessinside.emulator.worlds.place import PlaceError, Places, default_places
from bessinside.emulator.worlds.world import World
from bessinside.modbus import Server, parse_endpoint
from bessinside.plant.anatomy import Anatomy
from bessinside.runtime.chance import Chance

NS = 1_000_000_000


@dataclass(slots=True)
class _Played:
    """One act of one scenario with the part that was drawn for it."""

    act: Act
    part: str
    grip: Grip | None
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class _Cast:
    """One scenario with its acts and, by their words, the parts that were drawn."""

    scenario: Scenario
    played: tuple[_Played, ...]
    drawn: Mapping[str, str] = field(default_factory=dict)


class Stage:
    """Scenarios played on `plant` from `start_ns` on. The same seed draws the same parts."""

    def __init__(
        self,
        plant: Plant,
        scenarios: Scenario | Iterable[Scenario],
        start_ns: int,
        *,
        seed: int = 0,
        anatomy: Anatomy | None = None,
    ) -> None:
        """`anatomy` is that of the plant file, the reference plant's where it is None."""
        self.plant = plant
        plant.restless = True  # a lever may move anything at any time
        self.start_ns = start_ns
        self.places = default_places() if anatomy is None else Places(anatomy)
        self._disturbances: list[wire_fault.Disturbance] = []
        self._spoils: list[tuple[DeviceImage, Spoil]] = []
        given = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
        self._casts = [self._cast(scenario, Chance(seed)) for scenario in given]

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """What is played."""
        return tuple(cast.scenario for cast in self._casts)

    def part(self, scenario: str, words: str) -> str:
        """The path that was drawn for `words` in a scenario."""
        return next(cast.drawn[words] for cast in self._casts if cast.scenario.id == scenario)

    def _cast(self, scenario: Scenario, chance: Chance) -> _Cast:
        words = {act.part for act in scenario.act} | {label.part for label in scenario.truth}
        drawn, played = {}, []
        try:
            for one in sorted(words):
                stream = chance.stream(f"scenario {scenario.id}: {one}")
                drawn[one] = self.places.draw(one, stream) if one else ""
            for act in scenario.act:
                played.append(_Played(act, drawn[act.part], self._grip(act, drawn[act.part])))
        except PlaceError as error:
            raise ScenarioError(f"scenario {scenario.id}: {error}") from error
        return _Cast(scenario, tuple(played), drawn)

    def _grip(self, act: Act, part: str) -> Grip | None:
        lever = LEVERS.get(act.lever)
        if lever is not None:
            return Grip(self.plant, lever, self.places.entries(lever.kind, part), act.value)
        return None

    def join(self, world: World, servers: Mapping[str, Server] | None = None) -> None:
        """Lets the scenarios reach the registers of `world`, and the wire of `servers` (by the link of a URL)."""
        for cast in self._casts:
            for played in cast.played:
                act, share = played.act, _share_of(played)
                if act.lever in spoil.FAULTS:
                    found = spoil.targets(world, played.part, act.figure)
                    if not found:
                        raise ScenarioError(
                            f"scenario {cast.scenario.id}: no register shows {act.figure or 'anything'} at "
                            f"{played.part or 'this plant'}"
                        )
                    for target in found:
                        change = spoil.spoil(act.lever, target, share, act.value)
                        target.image.spoil.append(change)
                        self._spoils.append((target.image, change))
                elif act.lever in wire_fault.FAULTS and servers is not None:
                    for link, units in _links(world, played.part).items():
                        self._disturbances.append(
                            wire_fault.Disturbance(servers[link], frozenset(units), act.lever, act.value, share)
                        )

    def step(self, now_ns: int) -> None:
        """Moves every lever to where it stands at `now_ns`."""
        time = (now_ns - self.start_ns) / NS
        for cast in self._casts:
            for played in cast.played:
                played.share = played.act.share(time)
                if played.grip is not None:
                    played.grip.move(played.share)
        for disturbance in self._disturbances:
            disturbance.refresh()

    def leave(self) -> None:
        """Takes every lever back and lets go of registers and wire; the stage is of no use afterwards."""
        for cast in self._casts:
            for played in cast.played:
                played.share = 0.0
                if played.grip is not None:
                    played.grip.move(0.0)
        for image, change in self._spoils:
            image.spoil.remove(change)
        for disturbance in reversed(self._disturbances):
            disturbance.leave()
        self._spoils, self._disturbances = [], []

    def truth(self, now_ns: int) -> list[Truth]:
        """What is wrong with the plant at `now_ns`, whether or not anything shows it yet."""
        return [truth for truth in self.truths() if truth.holds(now_ns)]

    def truths(self) -> list[Truth]:
        """All ground truths of the scenarios with the times when they hold."""
        found = []
        for cast in self._casts:
            for label in cast.scenario.truth:
                start, end = cast.scenario.span(label)
                part = cast.drawn[label.part or cast.scenario.act[0].part]
                found.append(
                    Truth(
                        scenario=cast.scenario.id,
                        label=label.label,
                        part=part,
                        since_ns=self.start_ns + round(start * NS),
                        until_ns=None if end is None else self.start_ns + round(end * NS),
                    )
                )
        return found


def _share_of(played: _Played) -> Callable[[], float]:
    return lambda: played.share


def _links(world: World, part: str) -> dict[str, set[int]]:
    """Where the devices that stand at `part` are served: unit ids by link."""
    found: dict[str, set[int]] = {}
    for image in world.images:
        device = image.bound.device
        if not part or part in device.at:
            endpoint = parse_endpoint(device.url)
            found.setdefault(endpoint.link, set()).add(endpoint.unit)
    return found
