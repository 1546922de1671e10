"""The fire panel of the container and its aerosol: two detector zones, alarm stages, countdown, release.

    normal ── smoke or heat ──► primary alarm ── smoke and heat ──► secondary alarm: 30 s ── 0 s ──► released

Each zone latches, so smoke first and heat later make a secondary alarm as well. The secondary alarm stops the plant
(PCS, then contactors) at once; the countdown leaves people the time to go. An open door or the hold button keeps it at
its full length. The agent works in still air: the exhaust fans stand from the secondary alarm until 5 min after the
release, then they clear the air. Sequence as container specifications state it; the order of stop, countdown and fans,
and the 5 min, are assumptions.
"""

from __future__ import annotations

from bessinside.emulator.basis.codes import FireStage

COUNTDOWN = 30.0  # s
HOLD_TIME = 300.0  # s the agent is left to work


class Extinguisher:
    """`stage`, `countdown` s left before the release (30 s when none runs), `since_release` s."""

    def __init__(self) -> None:
        self.stage = FireStage.NORMAL
        self.countdown = COUNTDOWN
        self.since_release = 0.0
        self.hold = False  # the button beside the door
        self._smoke = self._heat = False

    def step(self, dt: float, *, smoke: bool, heat: bool, door_open: bool) -> None:
        """Advances by `dt` s with what the two zones say; a zone counts from the end of the step in which it spoke."""
        if self.stage is FireStage.RELEASED:
            self.since_release += dt
        elif self.stage is FireStage.SECONDARY:
            self.countdown = COUNTDOWN if door_open or self.hold else self.countdown - dt
            if self.countdown <= 0.0:
                self.stage, self.since_release, self.countdown = FireStage.RELEASED, -self.countdown, 0.0
        self._smoke |= smoke
        self._heat |= heat
        if self.stage < FireStage.SECONDARY:
            zones = self._smoke + self._heat
            self.stage = (FireStage.NORMAL, FireStage.PRIMARY, FireStage.SECONDARY)[zones]

    @property
    def stops_plant(self) -> bool:
        """Whether the panel has confirmed a fire."""
        return self.stage >= FireStage.SECONDARY

    @property
    def still_air(self) -> bool:
        """Whether the fans must stand so that the agent stays where it is."""
        return self.stage is FireStage.SECONDARY or (
            self.stage is FireStage.RELEASED and self.since_release < HOLD_TIME
        )

    @property
    def purges(self) -> bool:
        """Whether the fans clear the air after the release."""
        return self.stage is FireStage.RELEASED and not self.still_air

    def reset(self) -> None:
        """The operator's reset: zones forget, a new charge of agent stands ready."""
        self.stage = FireStage.NORMAL
        self.countdown = COUNTDOWN
        self.since_release = 0.0
        self._smoke = self._heat = False
