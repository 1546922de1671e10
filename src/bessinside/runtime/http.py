"""HTTP to other machines: one request after the other, proxies of the environment, bounded in time and size.

A server that says 429 or 503 is left alone for as long as its `Retry-After` asks (RFC 9110 §10.2.3), or for a growing
while where it says nothing; a longer wait than `patience_s` is an error that says how long.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from bessinside.errors import BessError
from bessinside.runtime import clock

BUSY = (429, 503)
TRIES = 4
FIRST_WAIT_S = 5.0
MOST_BYTES = 64 * 1024 * 1024


class HttpError(BessError):
    """No usable answer. `status` is 0 where there was none; `retry_after_s` where the server named a time."""

    def __init__(self, url: str, status: int, text: str, retry_after_s: float | None = None) -> None:
        self.url, self.status, self.retry_after_s = bare(url), status, retry_after_s
        super().__init__(f"{self.url}: {text}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status 200 to 299, the body whole."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def bare(url: str) -> str:
    """An address without its query, user and password: nothing secret in it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


class Http:
    """A client: see :func:`client`. `waiting` is told the seconds of a wait before it begins."""

    def __init__(
        self, inner: httpx.AsyncClient, patience_s: float, waiting: Callable[[str, float], None] | None
    ) -> None:
        self._inner, self._patience_s, self._waiting = inner, patience_s, waiting

    async def get(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """GET; raises HttpError."""
        return await self._ask("GET", url, params=params, headers=headers)

    async def post_form(self, url: str, form: Mapping[str, str]) -> Answer:
        """POST of a form, `application/x-www-form-urlencoded`; raises HttpError."""
        return await self._ask("POST", url, form=form)

    async def _ask(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        waited = 0.0
        for attempt in range(TRIES):
            answer = await self._once(method, url, params, headers, form)
            if answer.status not in BUSY:
                break
            said = retry_after_s(answer.headers.get("retry-after"), clock.now_ns())
            wait = FIRST_WAIT_S * 2**attempt if said is None else said
            if attempt == TRIES - 1 or waited + wait > self._patience_s:
                hint = f"asks to be left alone for {wait:.0f} s" if said is not None else "asks to be left alone"
                raise HttpError(url, answer.status, f"HTTP {answer.status}: the server {hint}; try again later", said)
            if self._waiting is not None:
                self._waiting(bare(url), wait)
            await clock.sleep(wait)
            waited += wait
        if not 200 <= answer.status < 300:
            raise HttpError(url, answer.status, f"HTTP {answer.status}{_said(answer.body)}")
        return answer

    async def _once(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
    ) -> Answer:
        try:
            async with self._inner.stream(method, url, params=params, headers=headers, data=form) as response:
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > MOST_BYTES:
                        raise HttpError(url, response.status_code, f"an answer longer than {MOST_BYTES >> 20} MiB")
                return Answer(str(response.url), response.status_code, response.headers, bytes(body))
        except httpx.TimeoutException as error:
            raise HttpError(url, 0, f"no answer in time ({type(error).__name__})") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise HttpError(url, 0, f"cannot be reached: {error or type(error).__name__}") from error


@asynccontextmanager
async def client(
    *,
    timeout_s: float = 30.0,
    patience_s: float = 120.0,
    agent: str = "bessinside",
    waiting: Callable[[str, float], None] | None = None,
) -> AsyncIterator[Http]:
    """A client for as long as the block lasts. `timeout_s` bounds each step of a request, `patience_s` all its waits.

    Proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`), certificates from the system's or `SSL_CERT_FILE`.
    """
    async with httpx.AsyncClient(timeout=timeout_s, follow_redirects=True, headers={"User-Agent": agent}) as inner:
        yield Http(inner, patience_s, waiting)


def retry_after_s(text: str | None, now_ns: int) -> float | None:
    """Seconds that a `Retry-After` asks for: a number, or a date; None where it says nothing usable."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.fromtimestamp(now_ns / 1e9, UTC)).total_seconds())


def _said(body: bytes) -> str:
    """The first words of an error page, for whoever must find out."""
    text = " ".join(body[:300].decode("utf-8", "replace").split())
    return f": {text[:160]}" if text and not text.startswith("<") else ""
