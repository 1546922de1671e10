"""Every route and socket has a row in the policy file; what has none is refused."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import get
from litestar.routes import HTTPRoute, WebSocketRoute
from litestar.testing import create_test_client

from bessinside.registers import load_map, shipped_maps
from bessinside.twin import Twin
from bessinside.web import access, create_app
from bessinside.web.access import Gate, Policy, PolicyError, check_points, policy

ROWS = [(path, method) for path, methods in policy().routes.items() for method in methods]


@pytest.fixture
def routes(small: Any) -> list[HTTPRoute | WebSocketRoute]:
    return [route for route in create_app(Twin(small.plant())).routes if not isinstance(route, type)]  # type: ignore[misc]


def test_every_route_and_method_has_a_row(routes: list[Any]) -> None:
    http = {(route.path_format, method) for route in routes if isinstance(route, HTTPRoute) for method in route.methods}
    assert {(path, method) for path, method in http if method != "OPTIONS"} == set(ROWS)


def test_every_socket_has_a_row(routes: list[Any]) -> None:
    assert {route.path_format for route in routes if isinstance(route, WebSocketRoute)} == set(policy().sockets)


def test_every_row_names_a_known_role() -> None:
    roles = {role for methods in policy().routes.values() for role in methods.values()} | set(policy().sockets.values())
    assert roles <= {"public", "viewer", "operator", "admin"}


def test_only_the_page_health_and_sign_in_are_public() -> None:
    public = {path for path, methods in policy().routes.items() if "public" in methods.values()}
    assert public == {"/", "/{path}", "/api/health", "/api/session"}


REAL = {
    "/api/history/series": "/api/history/series?id=meter/soc&from=0&to=1",
    "/api/history/snapshot": "/api/history/snapshot?t=0",
    "/api/history/schema": "/api/history/schema?t=0",
    "/api/history/levels": "/api/history/levels?t=0",
    "/api/history/figures/{figure_id}": "/api/history/figures/c1/soc?t=0",
    "/api/history/events": "/api/history/events?from=0&to=1",
    "/api/history/sweeps": "/api/history/sweeps?t=0",
    "/api/history/alarms": "/api/history/alarms?from=0&to=1",
    "/api/history/field": "/api/history/field?metric=cell.voltage&part=c1/r01&from=0&to=1",
    "/{path}": "/icon.svg",
    "/api/{path}": "/api/x",
    "/api/figures/{figure_id}": "/api/figures/c1/r01/soc",
    "/api/signals/{metric}": "/api/signals/cell.voltage",
}


@pytest.mark.parametrize(("path", "method"), ROWS)
async def test_a_route_without_a_row_is_refused(
    site: Any, monkeypatch: pytest.MonkeyPatch, path: str, method: str
) -> None:
    sent = {"user": "a", "password": "b"} if path == "/api/session" else {}
    body = {"json": sent} if method == "POST" else {}
    before = await site.http.request(method, REAL.get(path, path), **body)
    assert before.status_code in (200, 404)
    less = {key: row for key, row in policy().routes.items() if key != path}
    monkeypatch.setattr(access, "policy", lambda: Policy(less, policy().sockets))
    answer = await site.http.request(method, REAL.get(path, path), **body)
    assert answer.status_code == 403
    assert answer.json() == {"status": 403, "detail": "no policy row for this route"}


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "TRACE", "HEAD"])
@pytest.mark.parametrize("path", ["/", "/api/levels", "/api/session", "/api/figures/c1/r01/soc"])
async def test_methods_that_nobody_listed_are_refused(site: Any, method: str, path: str) -> None:
    assert (await site.http.request(method, path)).status_code in (403, 405)


def test_a_new_handler_is_refused_until_it_has_a_row() -> None:
    @get("/api/forgotten")
    async def forgotten() -> str:
        return "everything"

    with create_test_client([forgotten], guards=[Gate(frozenset(), None)]) as client:
        assert client.get("/api/forgotten").status_code == 403


def test_every_access_of_every_map_has_a_row_and_nobody_writes() -> None:
    points = [point for name in shipped_maps() for point in load_map(name).points()]
    check_points(points)
    accesses = {"W" if point.write_only else point.access for point in points}
    assert accesses == set(policy().points) == {"R", "RW", "W"}
    assert {row["write"] for row in policy().points.values()} == {"nobody"}


def test_a_point_without_a_row_is_not_served(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = Policy({}, {}, {"RW": {"read": "viewer", "write": "nobody"}})
    monkeypatch.setattr(access, "policy", lambda: rules)
    with pytest.raises(PolicyError, match="no row for points with access 'R'"):
        create_app(Twin(small.plant()))
