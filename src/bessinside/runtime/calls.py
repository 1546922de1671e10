"""HTTP calls that wait: for threads that ask a database. No proxy, no redirect; connections are kept and used again."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from bessinside.runtime.http import HttpError

MOST_BYTES = 2 * 1024 * 1024 * 1024


class Calls:
    """A client of some servers. Safe in several threads."""

    def __init__(self, user: str, password: str, *, connect_s: float = 3.0, timeout_s: float = 60.0) -> None:
        timeout = httpx.Timeout(timeout_s, connect=connect_s)
        self._inner = httpx.Client(auth=(user, password), timeout=timeout, trust_env=False)

    def post(self, url: str, params: Mapping[str, str], body: bytes) -> tuple[Mapping[str, str], bytes]:
        """Headers and body of the answer. Raises HttpError: status 0 where none came, else what the server said."""
        try:
            with self._inner.stream("POST", url, params=dict(params), content=body) as response:
                content = bytearray()
                for part in response.iter_bytes():
                    content += part
                    if len(content) > MOST_BYTES:
                        raise HttpError(url, response.status_code, f"an answer longer than {MOST_BYTES >> 20} MiB")
        except httpx.TimeoutException as error:
            raise HttpError(url, 0, f"no answer in time ({type(error).__name__})") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise HttpError(url, 0, f"cannot be reached: {error or type(error).__name__}") from error
        if response.status_code != 200:
            said = " ".join(bytes(content[:2000]).decode("utf-8", "replace").split())
            raise HttpError(url, response.status_code, said or f"HTTP {response.status_code}")
        return response.headers, bytes(content)

    def close(self) -> None:
        """Closes all connections."""
        self._inner.close()
