"""One process, one origin: the page, the API and the live socket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import mimetypes
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Litestar, Request, Response, Router, WebSocket, delete, get, post, websocket
from litestar.config.compression import CompressionConfig
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException, NotAuthorizedException, NotFoundException, TooManyRequestsException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, WS_1008_POLICY_VIOLATION

from bessinside import __version__
from bessinside.runtime import disk
from bessinside.twin import FigureRow, LevelRow, Passport, Twin, UnknownFigure
from bessinside.web.access import COOKIE, Gate, check_points
from bessinside.web.curves import OcvCurve, ocv_curve
from bessinside.web.health import Health, Recording, health_of
from bessinside.web.history import HistoryDesk, history_routes
from bessinside.web.live import Live
from bessinside.web.market import market_routes
from bessinside.web.plantview import PlantRow, plant_row
from bessinside.web.schema import schema_answer
from bessinside.web.signals import SignalPage, SubsystemRow, UnknownSignal, signal_list, signal_page
from bessinside.web.users import SESSION_S, Accounts, TooManyTriesError
from bessinside.web.views import view_routes

log = logging.getLogger(__name__)

PAGE = Path(__file__).with_name("page")
Language = Annotated[str, QueryParameter(name="lang", pattern="^(en|de)$", description="Language of labels: en or de.")]

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """Name and password of somebody who signs in."""

    user: Annotated[str, msgspec.Meta(max_length=200)]
    password: Annotated[str, msgspec.Meta(max_length=1000)]


class SessionRow(msgspec.Struct, frozen=True):
    """Whether sign-in is required, and who is signed in."""

    required: bool
    user: str | None = None
    role: str | None = None


def create_app(
    twin: Twin,
    *,
    hosts: frozenset[str] = frozenset(),
    accounts: Accounts | None = None,
    secure: bool = False,
    history: str | Path | None = None,
    recording: Recording | None = None,
) -> Litestar:
    """The web application around a twin. The twin is started and stopped with it.

    `hosts`: names under which the server may be called; `accounts`: who may sign in, None where sign-in is off;
    `secure`: cookies travel over TLS only; `history`: the folder or address that sweeps are recorded into, None where
    none is, and `recording` says how that does.
    """
    check_points(point for readings in twin.devices for point in readings.bound.layout.points)
    live = Live(twin)
    desk = HistoryDesk(history)

    @get("/api/health", summary="Whether readings flow, and how each device does")
    async def get_health() -> Health:
        return health_of(twin, recording)

    @get("/api/plant", summary="The plant: nameplate, metadata, anatomy, one-line diagram")
    async def get_plant(lang: Language = "en") -> PlantRow:
        return plant_row(twin, lang)

    @get("/api/levels", summary="The 14 levels with their figures")
    async def get_levels(lang: Language = "en") -> list[LevelRow]:
        return twin.levels(lang)

    @get("/api/sweeps", summary="Facts of every device's newest sweep, as figures")
    async def get_sweeps(lang: Language = "en") -> list[FigureRow]:
        return twin.sweeps(lang)

    @get("/api/curves/ocv", summary="The open-circuit curve that a cell is compared with: a model")
    async def get_ocv_curve() -> OcvCurve:
        return ocv_curve()

    @get("/api/signals", summary="The signal pages: what each metric means, by subsystem")
    async def get_signals(lang: Language = "en") -> list[SubsystemRow]:
        return signal_list(twin, lang)

    @get("/api/signals/{metric:str}", summary="One signal page: texts, registers of this plant, scenarios")
    async def get_signal(metric: FromPath[str], lang: Language = "en") -> SignalPage:
        try:
            return signal_page(twin, metric, lang)
        except UnknownSignal as error:
            raise NotFoundException(str(error)) from error

    @get("/api/schema", summary="How to decode the frames of the live socket", media_type="application/json")
    async def get_schema(request: Request[Any, Any, Any], lang: Language = "en") -> Response[bytes]:
        return schema_answer(request, live.schemas.get(lang))

    @get("/api/figures/{figure_id:path}", summary="One figure; with /passport at the end, where it comes from")
    async def get_figure(
        request: Request[Any, Any, Any], figure_id: FromPath[str], lang: Language = "en"
    ) -> FigureRow | Passport:
        name = figure_id.strip("/")
        try:
            if name.endswith("/passport"):
                passport = twin.passport(name.removesuffix("/passport"), lang)
                if passport.reading is not None:
                    passport.reading.commands["curl"] = f"curl -s {request.base_url}api/figures/{passport.id}"
                return passport
            return twin.figure(name, language=lang)
        except UnknownFigure as error:
            raise NotFoundException(str(error)) from error

    @get("/api/session", summary="Who is signed in")
    async def get_session(request: Request[Any, Any, Any]) -> SessionRow:
        if accounts is None:
            return SessionRow(False)
        session = accounts.session(request.cookies.get(COOKIE))
        return SessionRow(True, session.user, session.role) if session else SessionRow(True)

    @post("/api/session", summary="Sign in", status_code=HTTP_200_OK)
    async def sign_in(data: JSONBody[SignIn]) -> Response[SessionRow]:
        if accounts is None:
            return Response(SessionRow(False))
        try:
            token = await accounts.sign_in(data.user, data.password)
        except TooManyTriesError as error:
            raise TooManyRequestsException(str(error)) from error
        session = accounts.session(token)
        if token is None or session is None:
            raise NotAuthorizedException("wrong name or password")
        cookie = Cookie(COOKIE, value=token, httponly=True, secure=secure, samesite="strict", max_age=int(SESSION_S))
        return Response(SessionRow(True, session.user, session.role), cookies=[cookie])

    @delete("/api/session", summary="Sign out", status_code=HTTP_200_OK)
    async def sign_out(request: Request[Any, Any, Any]) -> Response[SessionRow]:
        if accounts is not None:
            accounts.sign_out(request.cookies.get(COOKIE))
        return Response(SessionRow(accounts is not None), cookies=[Cookie(COOKIE, value="", max_age=0)])

    @websocket("/api/live")
    async def live_socket(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        token = socket.cookies.get(COOKIE)
        sending = asyncio.create_task(_send(socket, live, lambda: accounts is None or bool(accounts.session(token))))
        leaving = asyncio.create_task(_left(socket))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            ended = await asyncio.gather(sending, leaving, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, OSError):  # that one means the viewer is gone
                raise error

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        async with twin:
            try:
                yield
            finally:
                await live.close()
                desk.close()

    return Litestar(
        [
            get_health,
            get_plant,
            get_levels,
            get_schema,
            get_sweeps,
            get_ocv_curve,
            get_signals,
            get_signal,
            get_figure,
            get_session,
            sign_in,
            sign_out,
            live_socket,
            *history_routes(desk),
            *market_routes(history=desk),
            *view_routes(twin, desk, accounts),
            *page_routes(),
        ],
        guards=[Gate(hosts, accounts)],
        lifespan=[running],
        after_request=_with_security_headers,
        exception_handlers={Exception: _plain_error},
        openapi_config=OpenAPIConfig(
            title="BESS Inside",
            version=__version__,
            path="/api",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            openapi_router=Router("/api", route_handlers=[]),
        ),
        compression_config=CompressionConfig("gzip", minimum_size=4096, gzip_compress_level=5),
        logging_config=None,
        request_max_body_size=64 * 1024,
    )


async def _send(socket: WebSocket[Any, Any, Any], live: Live, welcome: Callable[[], bool]) -> None:
    """Frames to one viewer, for as long as it takes them and is signed in."""
    async with contextlib.aclosing(live.frames()) as frames:
        async for message in frames:
            if not welcome():
                await socket.close(code=WS_1008_POLICY_VIOLATION, reason="sign in again")
                return
            if isinstance(message, str):
                await socket.send_json({"schema": message})
            else:
                await socket.send_bytes(message)


async def _left(socket: WebSocket[Any, Any, Any]) -> None:
    """Ends when the viewer leaves. What a viewer says is not listened to."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def page_routes() -> list[Any]:
    """The built page: `/` and its files."""

    @get("/", include_in_schema=False)
    async def index() -> Response[bytes]:
        return _page_file("index.html")

    @get("/{path:path}", include_in_schema=False)
    async def asset(path: FromPath[str]) -> Response[bytes]:
        return _page_file(path.lstrip("/"))

    return [index, asset]


def _page_file(name: str) -> Response[bytes]:
    target = _inside(PAGE / name)
    if target is None:
        missing = "the page was not built: run `make page`" if name == "index.html" else f"no such file: {name}"
        raise NotFoundException(missing)
    kind = mimetypes.guess_type(target.name)[0] or "application/octet-stream"
    lasting = "/assets/" in f"/{name}"
    headers = {"Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache"}
    return Response(disk.read_bytes(target), media_type=kind, headers=headers)


def _inside(path: Path) -> Path | None:
    """The file that a path of a request leads to, None where it is no file of the page."""
    try:
        target = path.resolve()
        return target if PAGE.resolve() in target.parents and target.is_file() else None
    except (OSError, ValueError):  # names that no file can have
        return None


async def _with_security_headers(response: Response[Any]) -> Response[Any]:
    response.headers.update(SECURITY_HEADERS)
    return response


def _plain_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else "internal error"
    if status == 500:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return Response({"status": status, "detail": detail}, status_code=status, headers=SECURITY_HEADERS)
