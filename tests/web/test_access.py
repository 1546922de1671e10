"""Who gets in: hosts, origins, names and passwords, roles, sessions."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Origin

from bessinside.runtime import clock
from bessinside.web import access, users
from bessinside.web.access import COOKIE, Policy, policy

SHOWN = ["/api/plant", "/api/levels", "/api/schema", "/api/figures/c1/r01/soc", "/api/openapi.json"]
PUBLIC = ["/", "/icon.svg", "/api/health", "/api/session"]


# Hosts and origins


@pytest.mark.parametrize("path", [*PUBLIC, *SHOWN])
async def test_a_foreign_host_gets_nothing(site: Any, path: str) -> None:
    """What a page of another name reaches by turning its name into this address."""
    for host in ("evil.example", f"evil.example:{site.port}", "127.0.0.1", f"127.0.0.1:{site.port + 1}", ""):
        answer = await site.http.get(path, headers={"Host": host})
        assert answer.status_code == 403
        assert answer.json()["detail"].startswith(f"this server is not called {host!r}; ")
        assert "start it with --name NAME" in answer.json()["detail"]


async def test_every_name_of_loopback_is_known(site: Any) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]"):
        assert (await site.http.get("/api/health", headers={"Host": f"{host}:{site.port}"})).status_code == 200


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_foreign_origin_changes_nothing(guarded: Any, method: str) -> None:
    body = {"json": {"user": "a-viewer", "password": "correct horse battery"}} if method == "POST" else {}
    foreign = ["http://evil.example", f"http://127.0.0.1:{guarded.port + 1}", "null", "", f"{guarded.url}.evil.example"]
    for origin in foreign:
        answer = await guarded.http.request(method, "/api/session", headers={"Origin": origin}, **body)
        assert (answer.status_code, answer.json()["detail"]) == (403, "foreign origin"), origin
        assert "set-cookie" not in answer.headers
    del guarded.http.headers["Origin"]
    assert (await guarded.http.request(method, "/api/session", **body)).status_code == 403


async def test_no_other_origin_may_read_an_answer(site: Any) -> None:
    answer = await site.http.get("/api/levels", headers={"Origin": "http://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def shake(site: Any, *, origin: str | None, host: str | None = None, cookie: str = "") -> int:
    """The status of a WebSocket handshake; 101 where it was accepted."""
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    uri = site.socket_url if host is None else site.socket_url.replace("127.0.0.1", host)
    try:
        async with connect(
            uri,
            origin=Origin(origin) if origin is not None else None,
            additional_headers=headers,
            host="127.0.0.1",
            port=site.port,
            proxy=None,
        ):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def test_a_socket_checks_origin_and_host_before_it_is_accepted(site: Any) -> None:
    assert await shake(site, origin=site.url) == 101
    assert await shake(site, origin="http://evil.example") == 403
    assert await shake(site, origin=f"http://127.0.0.1:{site.port + 1}") == 403
    assert await shake(site, origin="null") == 403
    assert await shake(site, origin=None) == 403
    assert await shake(site, origin=f"http://evil.example:{site.port}", host="evil.example") == 403


async def test_a_socket_without_a_row_is_refused(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "policy", lambda: Policy(policy().routes, {}))
    assert await shake(site, origin=site.url) == 403


# Sign-in


@pytest.mark.parametrize("path", SHOWN)
async def test_without_a_session_nothing_is_shown(guarded: Any, path: str) -> None:
    answer = await guarded.http.get(path)
    assert (answer.status_code, answer.json()["detail"]) == (401, "sign in first")
    answer = await guarded.http.get(path, headers={"Cookie": f"{COOKIE}=guessed"})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", PUBLIC)
async def test_what_is_public_needs_no_session(guarded: Any, path: str) -> None:
    assert (await guarded.http.get(path)).status_code == 200


async def test_a_socket_needs_a_session(guarded: Any) -> None:
    assert await shake(guarded, origin=guarded.url) in (401, 403)
    assert await shake(guarded, origin=guarded.url, cookie="guessed") in (401, 403)
    await guarded.sign_in("a-viewer")
    assert await shake(guarded, origin=guarded.url, cookie=guarded.http.cookies[COOKIE]) == 101


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
async def test_each_role_sees_what_its_rank_allows(guarded: Any, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    assert (await guarded.http.get("/api/session")).json() == {"required": True, "user": None, "role": None}
    answer = await guarded.sign_in(f"a-{role}")
    assert answer.json() == {"required": True, "user": f"a-{role}", "role": role}
    assert (await guarded.http.get("/api/session")).json() == answer.json()
    for path in SHOWN:
        assert (await guarded.http.get(path)).status_code == 200, path
    ranks = {"viewer": 1, "operator": 2, "admin": 3}
    for need, rank in ranks.items():
        rows = {path: dict.fromkeys(methods, need) for path, methods in policy().routes.items()}
        monkeypatch.setattr(access, "policy", lambda rows=rows: Policy(rows, {}))
        answer = await guarded.http.get("/api/plant")
        assert answer.status_code == (200 if ranks[role] >= rank else 403)
        if ranks[role] < rank:
            assert answer.json()["detail"] == f"this needs the role {need}"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(guarded: Any) -> None:
    cookie = (await guarded.sign_in("a-viewer")).headers["set-cookie"].lower()
    assert f"{COOKIE}=" in cookie
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie  # plain HTTP on loopback; with TLS it is, see test_server.py


async def test_wrong_names_and_passwords_look_alike(guarded: Any) -> None:
    wrong = await guarded.sign_in("a-viewer", "guess")
    unknown = await guarded.sign_in("nobody", "guess")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json() == {"status": 401, "detail": "wrong name or password"}
    assert "set-cookie" not in wrong.headers
    assert not guarded.http.cookies


async def test_too_many_tries_pause_one_account_and_no_other(guarded: Any) -> None:
    answers = [(await guarded.sign_in("a-viewer", f"guess {n}")).status_code for n in range(7)]
    assert answers == [401] * 5 + [429] * 2
    answer = await guarded.sign_in("a-viewer")
    assert answer.status_code == 429  # even with the right password
    assert "try again in 15 minutes" in answer.json()["detail"]
    assert (await guarded.sign_in("a-admin")).status_code == 200


async def test_a_right_password_forgets_the_wrong_ones(guarded: Any) -> None:
    for _ in range(2):
        for guess in range(4):
            assert (await guarded.sign_in("a-viewer", f"guess {guess}")).status_code == 401
        assert (await guarded.sign_in("a-viewer")).status_code == 200


async def test_the_pause_ends(guarded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for guess in range(5):
        await guarded.sign_in("a-viewer", f"guess {guess}")
    now = clock.monotonic()
    monkeypatch.setattr(users.clock, "monotonic", lambda: now + users.WINDOW_S + 1)
    assert (await guarded.sign_in("a-viewer")).status_code == 200


async def test_signing_out_ends_the_session(guarded: Any) -> None:
    await guarded.sign_in("a-viewer")
    token = guarded.http.cookies[COOKIE]
    assert (await guarded.http.get("/api/plant")).status_code == 200
    assert (await guarded.http.delete("/api/session")).json() == {"required": True, "user": None, "role": None}
    assert not guarded.http.cookies
    assert (await guarded.http.get("/api/plant", headers={"Cookie": f"{COOKIE}={token}"})).status_code == 401


async def test_a_session_ends_by_itself(guarded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await guarded.sign_in("a-viewer")
    assert (await guarded.http.get("/api/plant")).status_code == 200
    now = clock.monotonic()
    monkeypatch.setattr(users.clock, "monotonic", lambda: now + users.SESSION_S + 1)
    assert (await guarded.http.get("/api/plant")).status_code == 401


@pytest.mark.parametrize("how", ["sign out", "expiry"])
async def test_the_live_socket_ends_with_its_session(guarded: Any, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    await guarded.sign_in("a-viewer")
    headers = {"Cookie": f"{COOKIE}={guarded.http.cookies[COOKIE]}"}
    async with connect(
        guarded.socket_url, origin=Origin(guarded.url), additional_headers=headers, proxy=None
    ) as socket:
        assert isinstance(await socket.recv(), str)
        assert isinstance(await socket.recv(), bytes)
        if how == "sign out":
            await guarded.http.delete("/api/session")
        else:
            now = clock.monotonic
            monkeypatch.setattr(users.clock, "monotonic", lambda: now() + users.SESSION_S + 1)
        frames = 0
        with contextlib.suppress(ConnectionClosedError):
            async with asyncio.timeout(10):
                async for _ in socket:
                    frames += 1
    assert frames <= 2
    assert (socket.close_code, socket.close_reason) == (1008, "sign in again")


async def test_another_session_goes_on(guarded: Any) -> None:
    """Who signs out ends their own sockets, nobody else's."""
    await guarded.sign_in("a-viewer")
    mine = guarded.http.cookies[COOKIE]
    await guarded.sign_in("a-viewer")
    headers = {"Cookie": f"{COOKIE}={mine}"}
    async with connect(
        guarded.socket_url, origin=Origin(guarded.url), additional_headers=headers, proxy=None
    ) as socket:
        await socket.recv()
        assert guarded.http.cookies[COOKIE] != mine
        await guarded.http.delete("/api/session")
        async with asyncio.timeout(5):
            for _ in range(4):
                assert isinstance(await socket.recv(), bytes)


async def test_sessions_are_not_to_be_guessed(guarded: Any) -> None:
    tokens = set()
    for _ in range(3):
        await guarded.sign_in("a-viewer")
        tokens.add(guarded.http.cookies[COOKIE])
    assert len(tokens) == 3
    assert all(len(token) >= 43 for token in tokens)  # 32 bytes


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"user": "a"}',
        b'{"user": 1, "password": "x"}',
        b'{"user":"a","password":"b","c":1}',
        b'{"user": "%s", "password": "x"}' % (b"a" * 201),
        b'{"user": "a", "password": "%s"}' % (b"x" * 1001),
    ],
)
async def test_a_body_that_is_no_sign_in(guarded: Any, body: bytes) -> None:
    answer = await guarded.http.post("/api/session", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["status"] == 400


async def test_a_body_that_is_far_too_long(guarded: Any) -> None:
    answer = await guarded.http.post("/api/session", content=b"x" * 70_000)
    assert answer.status_code == 413


async def test_where_sign_in_is_off_everybody_at_this_machine_is_in(site: Any) -> None:
    assert (await site.http.get("/api/session")).json() == {"required": False, "user": None, "role": None}
    assert (await site.sign_in("anybody", "x")).json()["required"] is False
    assert (await site.http.delete("/api/session")).status_code == 200


async def test_few_passwords_are_checked_at_once(users: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bessinside.web import users as module

    accounts = module.Accounts(module.load_users(users))
    at_once = most = 0
    real = module._verify

    def counting(hashed: str, password: str) -> bool:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.02)
        right = real(hashed, password)
        at_once -= 1
        return right

    monkeypatch.setattr(module, "_verify", counting)
    answers = await asyncio.gather(*(accounts.sign_in(f"guest {n}", "x") for n in range(6)))
    assert answers == [None] * 6
    assert most == 2
