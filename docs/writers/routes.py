"""The web interface, from its OpenAPI schema, its policy file and the live socket's own words."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import msgspec

from bessinside.twin import Twin
from bessinside.web import create_app, frame
from bessinside.web.access import policy
from writers.markdown import code, table

INTRO = """# Web interface

One origin for page, API and live socket. Answers are JSON; times are UTC in milliseconds since the epoch, ages are
seconds, values are SI units, and a value that does not exist is `null`, never 0. Errors are `{"status": …,
"detail": …}`. *Role* is the least role that [the policy file](../../src/bessinside/web/policy.toml) asks for; where
sign-in is off (loopback only), nobody is asked for one. Requests that change something, and the socket, need an
`Origin` header of this server. The same as OpenAPI: `GET /api/openapi.json`.
"""

SOCKET = """The first message is text, `{"schema": "…"}`: the hash of the schema that `GET /api/schema` gives and
frames are decoded with; it is sent again when the schema changes. All further messages are binary frames, at most
two a second.
"""


def page() -> str:
    """All routes, the socket, and the structures that they answer with."""
    document = create_app(Twin("ref-5m")).openapi_schema.to_schema()
    routes = [
        _route(path, method, about)
        for path, methods in sorted(document["paths"].items())
        for method, about in methods.items()
    ]
    structures = _structures(document["components"]["schemas"])
    return "\n".join([INTRO, "## Routes\n", *routes, _page_routes(), _socket(), "## Structures\n", *structures])


def _route(path: str, method: str, about: dict[str, Any]) -> str:
    role = policy().role(path, method.upper())
    summary = about["summary"] if " " in about["summary"] else _inner(path)
    lines = [f"### {method.upper()} {path}\n", f"{summary.rstrip('.')}. Role: {role}.\n"]
    queries = [p for p in about.get("parameters", []) if p["in"] == "query"]
    if queries:
        rows = [(code(p["name"]), p.get("description", ""), code(p["schema"].get("default", ""))) for p in queries]
        lines.append(table(("Query", "Meaning", "Default"), rows))
    body = about.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        lines.append(f"Body: {_type(body)}.\n")
    answer = about["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema")
    if answer and _type(answer) not in ("text", "any"):
        lines.append(f"Answer: {_type(answer)}.\n")
    return "\n".join(lines)


def _inner(path: str) -> str:
    """What Litestar serves by itself carries no summary in words."""
    if path == "/api/{path}":
        return "Anything else below /api: 404"
    return "This interface as an OpenAPI document"


def _page_routes() -> str:
    rows = [(code(f"GET {path}"), policy().role(path, "GET") or "") for path in ("/", "/{path}")]
    words = "The built page and its files; not part of the OpenAPI document."
    return f"### The page\n\n{words}\n\n{table(('Route', 'Role'), rows)}"


def _socket() -> str:
    words, _, layout = inspect.cleandoc(frame.__doc__ or "").partition("\n\n")
    sockets = [f"`GET {path}` as a WebSocket, role: {role}.\n" for path, role in policy().sockets.items()]
    picture = f"```text\n{inspect.cleandoc(layout)}\n```\n"
    return "\n".join(["## Live socket\n", *sockets, SOCKET, f"{words}\n", picture])


def _structures(found: dict[str, Any]) -> Iterator[str]:
    words = {kind.__name__: inspect.cleandoc(kind.__doc__ or "") for kind in _structs(msgspec.Struct)}
    for name, about in sorted(found.items()):
        rows = [(code(field), _type(schema)) for field, schema in about["properties"].items()]
        yield f"### {name}\n\n{words.get(name, '')}\n\n{table(('Field', 'Type'), rows)}"


def _structs(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for below in kind.__subclasses__():
        if below.__module__.startswith("bessinside"):
            yield below
        yield from _structs(below)


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "oneOf" in schema:
        return " or ".join(_type(one) for one in schema["oneOf"])
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"mapping of text to {_type(inner)}" if inner else "mapping"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return words.get(str(kind), str(kind))
