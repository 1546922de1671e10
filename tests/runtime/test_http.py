"""The door to HTTP: what an answer may be, and what becomes of one that is none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bessinside.runtime import http
from bessinside.runtime.http import HttpError, bare, client, retry_after_s


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, headers, body = {
            "/good": (200, {}, b"yes"),
            "/moved": (302, {"Location": "/good"}, b""),
            "/page": (500, {}, b"<html>a page"),
            "/words": (400, {}, b"  say it\n otherwise "),
            "/long": (200, {}, b"x" * 100_000),
        }[self.path.split("?")[0]]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_an_answer_comes_whole_and_moves_are_followed(url: str) -> None:
    async with client() as there:
        assert (await there.get(f"{url}/good")).body == b"yes"
        assert (await there.get(f"{url}/moved")).url == f"{url}/good"


@pytest.mark.parametrize(
    ("path", "status", "says"), [("/page", 500, "HTTP 500"), ("/words", 400, "HTTP 400: say it otherwise")]
)
async def test_an_error_says_its_status_and_words_but_no_query(url: str, path: str, status: int, says: str) -> None:
    async with client() as there:
        with pytest.raises(HttpError) as found:
            await there.get(f"{url}{path}", {"token": "secret"})
    assert str(found.value) == f"{url}{path}: {says}"
    assert found.value.status == status


async def test_nobody_there_and_answers_without_end_are_errors(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 50_000)
    async with client() as there:
        with pytest.raises(HttpError, match="longer than"):
            await there.get(f"{url}/long")
        with pytest.raises(HttpError, match="cannot be reached"):
            await there.get("http://127.0.0.1:9/")


def test_an_address_is_shown_without_what_is_secret() -> None:
    assert bare("https://me:pass@example.org:8443/a/b?token=x#y") == "https://example.org:8443/a/b"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("12", 12.0),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 60.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after_s(text, 0) == seconds
