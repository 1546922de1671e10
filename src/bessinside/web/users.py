"""Who may sign in: a file of names, roles and argon2 hashes, and the sessions of those who did."""

from __future__ import annotations

import asyncio
import tomllib
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import argon2

from bessinside.errors import BessError
from bessinside.runtime import chance, clock, disk

ROLES = ("viewer", "investor", "marketer", "purchaser", "operator", "admin")
SESSION_S = 12 * 3600.0
TRIES, WINDOW_S = 5, 15 * 60.0
_HASHES_AT_ONCE = 2  # one check takes 64 MiB and a tenth of a second of a core

_hasher = argon2.PasswordHasher()


class UsersError(BessError):
    """A users file that cannot be used."""


class TooManyTriesError(BessError):
    """Sign-in is paused for an account after too many wrong passwords."""


@dataclass(frozen=True, slots=True)
class User:
    """One person: name, role and the argon2 hash of the password. The roles investor, marketer and purchaser may what a
    viewer may, and their view opens first."""

    name: str
    role: str
    hash: str


def load_users(path: str | Path) -> dict[str, User]:
    """Reads a users file. Raises UsersError with file, entry and what was expected."""
    try:
        table = tomllib.loads(disk.read_text(path))
    except FileNotFoundError:
        raise UsersError(
            f"{path}: no such file; add the first user with `bessinside user NAME --file {path}`"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsersError(f"{path}: {error}") from error
    rows = table.get("user", [])
    if not isinstance(rows, list):
        raise UsersError(f"{path}: expected [[user]] tables, got {rows!r}")
    users: dict[str, User] = {}
    for number, row in enumerate(rows, start=1):
        user = _user(row)
        if user is None:
            raise UsersError(f"{path}: user {number}: expected name, role ({', '.join(ROLES)}) and an argon2 hash")
        users[user.name] = user
    return users


def _user(row: object) -> User | None:
    if not isinstance(row, dict):
        return None
    name, role, hashed = row.get("name"), row.get("role"), row.get("hash")
    if not isinstance(name, str) or not isinstance(hashed, str) or role not in ROLES:
        return None
    try:
        argon2.extract_parameters(hashed)
    except argon2.exceptions.InvalidHashError:
        return None
    return User(name, role, hashed)


def save_user(path: str | Path, name: str, role: str, password: str) -> None:
    """Adds a user to the file, or changes role and password of one that is there."""
    users = load_users(path) if disk.exists(path) else {}
    users[name] = User(name, role, _hasher.hash(password))
    text = "".join(
        f'[[user]]\nname = "{user.name}"\nrole = "{user.role}"\nhash = "{user.hash}"\n\n' for user in users.values()
    )
    disk.write_atomic(path, text.encode())


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in, until `ends` (monotonic seconds)."""

    user: str
    role: str
    ends: float


@dataclass
class Accounts:
    """Checks passwords and keeps sessions, in memory: a restart signs everybody out."""

    users: dict[str, User]
    _sessions: dict[str, Session] = field(default_factory=dict)
    _tries: dict[str, deque[float]] = field(default_factory=dict)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_HASHES_AT_ONCE))
    _nobody: str = field(default_factory=lambda: _hasher.hash(chance.token()))

    async def sign_in(self, name: str, password: str) -> str | None:
        """A session token, or None for a wrong name or password. Raises TooManyTriesError.

        An unknown name costs the same time as a wrong password, so answers do not tell which names exist.
        """
        now = clock.monotonic()
        tries = self._tries.setdefault(name, deque(maxlen=TRIES))
        if len(tries) == TRIES and now - tries[0] < WINDOW_S:
            minutes = int((WINDOW_S - (now - tries[0])) / 60) + 1
            raise TooManyTriesError(f"too many wrong passwords; try again in {minutes} minutes")
        tries.append(now)
        if len(self._tries) > 10_000:
            self._tries.pop(next(iter(self._tries)))
        user = self.users.get(name)
        async with self._gate:
            right = await asyncio.to_thread(_verify, user.hash if user else self._nobody, password)
        if user is None or not right:
            return None
        tries.clear()
        token = chance.token()
        self._sessions[token] = Session(user.name, user.role, now + SESSION_S)
        return token

    def session(self, token: str | None) -> Session | None:
        """The session of a token, None where it is unknown or over."""
        found = self._sessions.get(token) if token else None
        if found is not None and found.ends < clock.monotonic():
            self._sessions.pop(str(token), None)
            return None
        return found

    def sign_out(self, token: str | None) -> None:
        """Ends a session."""
        self._sessions.pop(token or "", None)


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except argon2.exceptions.VerifyMismatchError:
        return False
