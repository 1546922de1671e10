"""Chance: seeded streams for what must be replayed, the system's entropy for what must not be guessed."""

from __future__ import annotations

import asyncio
import hashlib
import secrets

import numpy as np


class Chance:
    """Independent random streams by name from one seed: a new stream never shifts the numbers of another."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, name: str) -> np.random.Generator:
        """A generator that depends on the seed and the name alone."""
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        return np.random.default_rng([self.seed, *np.frombuffer(digest, dtype="<u4").tolist()])


_DEFAULT = Chance(secrets.randbits(63))


def stream(name: str) -> np.random.Generator:
    """A stream of the running simulated loop's seed, else of a seed drawn when the process began."""
    loop = asyncio._get_running_loop()
    chance = getattr(loop, "chance", None)
    return chance.stream(name) if isinstance(chance, Chance) else _DEFAULT.stream(name)


def random_bytes(count: int) -> bytes:
    """Bytes nobody can guess; never seeded."""
    return secrets.token_bytes(count)


def token(count: int = 32) -> str:
    """A text of `count` unguessable bytes that is safe in a URL."""
    return secrets.token_urlsafe(count)
