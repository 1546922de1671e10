"""Where it may be served and how: loopback as it is, anywhere else with sign-in and TLS; the page's files."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
import websockets
from litestar.testing import TestClient

from bessinside.twin import Twin
from bessinside.web import Listen, ServeError, create_app, make_server
from bessinside.web import app as application
from bessinside.web.users import UsersError, save_user
from tests.conftest import Small

BASE = "http://testserver.local"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_loopback_needs_nothing(host: str) -> None:
    Listen(host).check()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "plant.example"])
def test_elsewhere_needs_sign_in_and_tls(host: str, tmp_path: Path) -> None:
    users, pem = tmp_path / "users.toml", tmp_path / "x.pem"
    certificate = trustme.CA().issue_cert("plant.example")
    pem.write_bytes(certificate.private_key_and_cert_chain_pem.bytes())
    with pytest.raises(ServeError, match="--users"):
        Listen(host).check()
    with pytest.raises(ServeError, match="--cert"):
        Listen(host, users=users).check()
    with pytest.raises(ServeError, match="--cert and --key"):
        Listen(host, users=users, cert=pem).check()
    with pytest.raises(ServeError, match="no certificate"):
        Listen(host, users=users, cert=users, key=users).check()
    with pytest.raises(ServeError, match="--users"):
        Listen(host, cert=pem, key=pem, behind_proxy=True).check()
    Listen(host, users=users, cert=pem, key=pem).check()
    Listen(host, users=users, behind_proxy=True).check()
    with pytest.raises(ServeError, match="--users"):
        Listen("127.0.0.1", behind_proxy=True).check()


def test_make_server_refuses_too(small: Small, tmp_path: Path) -> None:
    with pytest.raises(ServeError):
        make_server(Twin(small.plant()), Listen("0.0.0.0"))
    with pytest.raises(UsersError, match="no such file"):
        make_server(Twin(small.plant()), Listen("0.0.0.0", users=tmp_path / "no.toml", behind_proxy=True))


def test_names_of_the_server() -> None:
    assert Listen("127.0.0.1", 8123).hosts() >= {"127.0.0.1:8123", "localhost:8123", "[::1]:8123"}
    assert Listen("192.0.2.7", 443, names=("plant.example",)).hosts() >= {"plant.example", "plant.example:443"}
    assert Listen("0.0.0.0", behind_proxy=True).hosts() == frozenset()
    assert "plant.example" in Listen("127.0.0.1", behind_proxy=True, names=("plant.example",)).hosts()


def test_every_answer_carries_the_security_headers(small: Small) -> None:
    with TestClient(create_app(Twin(small.plant())), base_url=BASE) as client:
        for path in ("/api/health", "/api/nothing", "/api/figures/none"):
            headers = client.get(path).headers
            assert "default-src 'self'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"


def test_only_the_page_is_served(small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<p>page</p>")
    (page / "assets" / "x.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr(application, "PAGE", page)
    with TestClient(create_app(Twin(small.plant())), base_url=BASE) as client:
        assert client.get("/").text == "<p>page</p>"
        script = client.get("/assets/x.js")
        assert "javascript" in script.headers["content-type"]
        assert "immutable" in script.headers["cache-control"]
        for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/assets", "/%00"):
            answer = client.get(path)
            assert answer.status_code in (400, 404), path
            assert "secret" not in answer.text.replace(path, "").replace("secret.txt", "")
        (page / "index.html").unlink()
        assert "make page" in client.get("/").text


def test_levels_before_the_first_read(small: Small) -> None:
    with TestClient(create_app(Twin(small.plant())), base_url=BASE) as client:
        levels = client.get("/api/levels").json()
        assert [level["id"] for level in levels] == list(range(1, 15))
        assert all({"id", "title", "figures"} <= level.keys() for level in levels)
        figures = [figure for level in levels for figure in level["figures"]]
        assert all({"id", "value", "unit", "quality", "age"} <= figure.keys() for figure in figures)
        assert {figure["value"] for figure in figures} == {None}
        assert client.get("/api/health").json()["status"] != "ok"
        assert client.get("/api/levels?lang=de").json()[0]["title"] == "Netzübergabe"
        assert client.get("/api/levels?lang=fr").status_code == 400
        unknown = client.get("/api/figures/c1/r09/soc/passport")
        assert unknown.status_code == 404
        assert "bessinside read" in unknown.json()["detail"]
        assert client.get("/api/openapi.json").json()["info"]["title"] == "BESS Inside"


async def _serving(server: Any) -> asyncio.Task[None]:
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done()
        await asyncio.sleep(0.02)
    return task


def _port(server: Any) -> int:
    return int(server.servers[0].sockets[0].getsockname()[1])


async def test_a_real_server_on_a_real_port(served: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listen, "hosts", lambda _: frozenset())  # port 0: the name is not known before
    server = make_server(Twin(served.plant()), Listen(port=0))
    task = await _serving(server)
    url = f"127.0.0.1:{_port(server)}"
    async with httpx.AsyncClient(base_url=f"http://{url}") as client:
        for _ in range(100):
            if (await client.get("/api/health")).json()["status"] == "ok":
                break
            await asyncio.sleep(0.05)
        figure = (await client.get("/api/figures/c1/r01/soc")).json()
        assert (figure["value"], figure["quality"], figure["unit"]) == (87.3, "good", "%")
        passport = (await client.get("/api/figures/c1/r01/soc/passport")).json()
        assert passport["reading"]["commands"]["curl"] == f"curl -s http://{url}/api/figures/c1/r01/soc"
    async with websockets.connect(f"ws://{url}/api/live", origin=f"http://{url}") as socket:  # type: ignore[arg-type]
        assert "schema" in str(await socket.recv())
        assert isinstance(await socket.recv(), bytes)
        assert socket.protocol.extensions == []  # frames are deflated once for all, not per viewer
    server.should_exit = True
    await task


async def test_tls_with_sign_in(served: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listen, "hosts", lambda _: frozenset())
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    cert, key, users = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "users.toml"
    cert.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    key.write_bytes(certificate.private_key_pem.bytes())
    save_user(users, "anna", "viewer", "correct horse battery")
    server = make_server(Twin(served.plant()), Listen(port=0, users=users, cert=cert, key=key))
    task = await _serving(server)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    url = f"https://localhost:{_port(server)}"
    async with httpx.AsyncClient(base_url=url, verify=context) as client:
        assert (await client.get("/api/levels")).status_code == 401
        body = {"user": "anna", "password": "correct horse battery"}
        answer = await client.post("/api/session", json=body, headers={"Origin": url})
        assert answer.status_code == 200
        assert "secure" in answer.headers["set-cookie"].lower()
        assert (await client.get("/api/levels")).status_code == 200
    server.should_exit = True
    await task
