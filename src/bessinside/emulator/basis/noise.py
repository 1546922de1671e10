"""Mean-reverting noise: what a grid, a fan or a controller does around its mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bessinside.emulator.basis.table import Array

DRAWN = 64  # steps whose random numbers are drawn at once


class MeanReverting:
    """Ornstein-Uhlenbeck process, exact for any step: x ← x·e^(−dt/τ) + σ·√(1 − e^(−2dt/τ))·N(0, 1).

    `sigma` (scalar or array) in the unit of the quantity, `tau` in s, one for all or one for each; `value` has the
    shape of `sigma` and starts in the stationary state.
    """

    def __init__(self, sigma: float | Array, tau: float | Array, chance: np.random.Generator) -> None:
        self.sigma = np.atleast_1d(np.asarray(sigma, dtype=np.float64))
        self.tau = tau
        self._chance = chance
        self.value: Array = self.sigma * chance.standard_normal(self.sigma.shape)
        self.led = False  # whether a `Chorus` steps it
        self._dt = -1.0  # none yet
        self._drawn: Array = np.empty((0, *self.sigma.shape))
        self._used = 0

    def step(self, dt: float) -> Array:
        """The value after `dt` s. One that is led has got there already."""
        if self.led:
            return self.value
        if dt != self._dt:
            self._dt = dt
            self._kept = np.exp(-dt / np.asarray(self.tau))
            self._strength = np.sqrt(1.0 - self._kept**2) * self.sigma
        if self._used == len(self._drawn):
            self._drawn, self._used = self._chance.standard_normal((DRAWN, *self.sigma.shape)), 0
        self.value = self._kept * self.value + self._strength * self._drawn[self._used]
        self._used += 1
        return self.value

    def draw(self) -> Array:
        """The random numbers of the next `DRAWN` steps, (DRAWN, …): those left over from steps of its own first."""
        left = self._drawn[self._used :]
        self._drawn, self._used = self._chance.standard_normal((DRAWN, *self.sigma.shape)), DRAWN - len(left)
        return np.concatenate([left, self._drawn[: self._used]])


class Chorus:
    """Several processes stepped as one, each to the very values that it would have had alone.

    Those that share a stream of chance stand in the order in which they used to draw from it. `value` of each becomes
    a view that changes with every step.
    """

    def __init__(self, voices: Sequence[MeanReverting]) -> None:
        self._voices = voices
        self._tau = np.concatenate([np.broadcast_to(voice.tau, voice.sigma.shape).ravel() for voice in voices])
        self._sigma = np.concatenate([voice.sigma.ravel() for voice in voices])
        self._value = np.concatenate([voice.value.ravel() for voice in voices])
        start = 0
        for voice in voices:
            voice.led = True
            voice.value = self._value[start : start + voice.sigma.size].reshape(voice.sigma.shape)
            start += voice.sigma.size
        self._new = np.empty_like(self._value)
        self._drawn: Array = self._value[:0]
        self._used = 0
        self._dt = -1.0

    def step(self, dt: float) -> None:
        """All values after `dt` s."""
        if dt != self._dt:
            self._dt = dt
            self._kept = np.exp(-dt / self._tau)
            self._strength = np.sqrt(1.0 - self._kept**2) * self._sigma
        if self._used == len(self._drawn):
            self._drawn = np.concatenate([voice.draw().reshape(DRAWN, -1) for voice in self._voices], axis=1)
            self._used = 0
        np.multiply(self._strength, self._drawn[self._used], out=self._new)
        self._value *= self._kept
        self._value += self._new
        self._used += 1

    def fall_silent(self) -> None:
        """Takes all noise away, for comparisons of long steps with short ones: it is drawn once a step."""
        self._sigma.fill(0.0)
        self._value.fill(0.0)
        self._dt = -1.0
