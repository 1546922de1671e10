"""The past for the page: figures over time, and the whole plant at any moment in the frames that live ones have."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException, ServiceUnavailableException, ValidationException
from litestar.params import FromPath, QueryParameter

from bessinside.historian.basis.folder import NothingRecorded
from bessinside.historian.basis.series import Plot
from bessinside.historian.clickhouse.address import is_address
from bessinside.historian.clickhouse.errors import ServerAway
from bessinside.historian.opened import open_past, renewed
from bessinside.historian.past.past import Past, Then
from bessinside.runtime import clock
from bessinside.twin import FigureRow, LevelRow, Passport, UnknownFigure
from bessinside.web.frame import encode_frame
from bessinside.web.history_rows import AlarmRow, alarm_row, encode_field
from bessinside.web.schema import Schema, page_schema, schema_answer

log = logging.getLogger(__name__)

MOST_PIXELS = 4000
MOST_FIGURES = 12
MOST_COLUMNS = 1500
_KEPT = 8  # schemas
LOOK_AGAIN_S = 1.0

Language = Annotated[str, QueryParameter(name="lang", pattern="^(en|de)$", description="Language of labels: en or de.")]
At = Annotated[float, QueryParameter(name="t", description="The moment, UTC ms since 1970.")]
Begin = Annotated[float, QueryParameter(name="from", description="Begin of the span, UTC ms since 1970.")]
End = Annotated[float, QueryParameter(name="to", description="End of the span, which is not included, UTC ms.")]
Ids = Annotated[list[str], QueryParameter(name="id", description="Id of a figure; may be repeated, 12 at most.")]
Pixels = Annotated[
    int, QueryParameter(name="points", ge=1, le=MOST_PIXELS, description="How many spans to draw a figure together to.")
]

Metric = Annotated[str, QueryParameter(name="metric", description="A metric, such as cell.voltage.")]
Part = Annotated[str, QueryParameter(name="part", description="The part that is looked into, such as c1/r04.")]
Columns = Annotated[int, QueryParameter(name="points", ge=1, le=MOST_COLUMNS, description="How many spans of time.")]


class SpanRow(msgspec.Struct, frozen=True):
    """What is recorded: first and last sweep, UTC ms; both null where this server keeps no history, or nothing yet."""

    recording: bool
    start_ms: float | None = None
    end_ms: float | None = None


class PlotRow(msgspec.Struct, frozen=True):
    """A figure drawn together. `t` is where each span begins, UTC ms; `low`, `high`, `mean` are null without a good
    value; `left_out` counts the sweeps of the span that brought none. Where no sweep was, there is no span."""

    id: str
    label: str
    unit: str
    step_ms: float
    source: str
    t: list[float]
    low: list[float | None]
    high: list[float | None]
    mean: list[float | None]
    count: list[int]
    left_out: list[int]


class EventRow(msgspec.Struct, frozen=True):
    """Something that happened: start, stop, link, repair, clock, disk, alarm, retention."""

    t: float
    kind: str
    subject: str
    text: str


class HistoryDesk:
    """One folder or address, asked by one request at a time; opened when somebody asks first."""

    def __init__(self, folder: str | Path | None) -> None:
        self.folder = folder
        self._turn = threading.Lock()
        self._past: Past | None = None
        self._close: Callable[[], None] = lambda: None
        self._looked = 0.0
        self._schemas: dict[tuple[int, tuple[int, ...], str], Schema] = {}

    @contextlib.contextmanager
    def past(self) -> Iterator[Past]:
        """The past; raises NotFoundException where nothing is kept or nothing was recorded by then."""
        with self._turn:
            try:
                yield self._opened()
            except (NothingRecorded, UnknownFigure) as error:
                raise NotFoundException(str(error)) from error
            except ServerAway as error:
                log.error("history: %s", error)
                raise ServiceUnavailableException("the servers that keep the history do not answer") from error

    def _opened(self) -> Past:
        if self.folder is None:
            raise NotFoundException("this server keeps no history: start it with --history DIR or --historian ADDRESS")
        if self._past is None:
            self._past, self._close = open_past(self.folder)
            self._past.name = "ADDRESS" if is_address(self.folder) else "DIR"  # viewers need not know where it is
            self._looked = clock.monotonic()
        elif clock.monotonic() - self._looked > LOOK_AGAIN_S:  # a corrected map may have come to hold
            self._looked = clock.monotonic()
            past, self._past = self._past, renewed(self._past, self.folder)
            if past is not self._past:
                self._schemas.clear()
        return self._past

    def close(self) -> None:
        """Closes the folder."""
        with self._turn:
            self._past = None
            self._close()

    def schema(self, then: Then, language: str) -> Schema:
        """How to decode a frame of that moment; made once for a world and its plans."""
        key = id(then.world), tuple(readings.edition.number for readings in then.recalled), language
        if key not in self._schemas:
            if len(self._schemas) >= _KEPT:
                del self._schemas[next(iter(self._schemas))]
            self._schemas[key] = Schema(*page_schema(then, language))
        return self._schemas[key]


def history_routes(desk: HistoryDesk) -> list[Any]:
    """The routes of the past."""

    @get("/api/history", summary="Whether a history is kept, and since when", sync_to_thread=True)
    def get_history() -> SpanRow:
        if desk.folder is None:
            return SpanRow(False)
        try:
            with desk.past() as past:
                start, end = past.span()
        except NotFoundException:
            return SpanRow(True)
        return SpanRow(True, start / 1e6, end / 1e6)

    @get("/api/history/series", summary="Figures over time, drawn together for a plot", sync_to_thread=True)
    def get_series(ids: Ids, begin: Begin, end: End, points: Pixels = 1000, lang: Language = "en") -> list[PlotRow]:
        if len(ids) > MOST_FIGURES:
            raise ValidationException(f"{len(ids)} figures asked for; at most {MOST_FIGURES} at once")
        start_ns, end_ns = _span(begin, end)
        with desk.past() as past:
            return [plot_row(past.plot(figure_id, start_ns, end_ns, points, lang)) for figure_id in ids]

    @get("/api/history/snapshot", summary="The whole plant at a moment, as a frame", sync_to_thread=True)
    def get_snapshot(at: At) -> Response[bytes]:
        with desk.past() as past:
            then = past.at(_ns(at))
            schema = desk.schema(then, "en")
            frame = encode_frame(then, then.snapshot(), schema.hash)
        return Response(frame, media_type="application/octet-stream", headers={"X-Schema": schema.hash})

    @get("/api/history/schema", summary="How to decode a frame of that moment", sync_to_thread=True)
    def get_schema(request: Request[Any, Any, Any], at: At, lang: Language = "en") -> Response[bytes]:
        with desk.past() as past:
            return schema_answer(request, desk.schema(past.at(_ns(at)), lang))

    @get("/api/history/levels", summary="The 14 levels at a moment", sync_to_thread=True)
    def get_levels(at: At, lang: Language = "en") -> list[LevelRow]:
        with desk.past() as past:
            return past.at(_ns(at)).levels(lang)

    @get("/api/history/sweeps", summary="Facts of each device's sweep at a moment", sync_to_thread=True)
    def get_sweeps(at: At, lang: Language = "en") -> list[FigureRow]:
        with desk.past() as past:
            return past.at(_ns(at)).sweeps(lang)

    @get(
        "/api/history/figures/{figure_id:path}",
        summary="A figure at a moment; with /passport, whence",
        sync_to_thread=True,
    )
    def get_figure(figure_id: FromPath[str], at: At, lang: Language = "en") -> FigureRow | Passport:
        name = figure_id.strip("/")
        with desk.past() as past:
            then = past.at(_ns(at))
            if name.endswith("/passport"):
                return then.passport(name.removesuffix("/passport"), lang)
            return then.figure(name, language=lang)

    @get("/api/history/events", summary="What happened in a span", sync_to_thread=True)
    def get_events(begin: Begin, end: End) -> list[EventRow]:
        with desk.past() as past:
            found = past.archive.events(_ns(begin), _ns(end))
        return [EventRow(event.time_ns / 1e6, event.kind, event.subject, event.text) for event in found]

    @get("/api/history/alarms", summary="Alarm bits that stood in a span, from when to when", sync_to_thread=True)
    def get_alarms(begin: Begin, end: End, lang: Language = "en") -> list[AlarmRow]:
        with desk.past() as past:
            return [alarm_row(one) for one in past.alarms(*_span(begin, end), lang).every]

    @get("/api/history/field", summary="Every part of a kind over time, as a picture of numbers", sync_to_thread=True)
    def get_field(
        metric: Metric, part: Part, begin: Begin, end: End, points: Columns = 300, lang: Language = "en"
    ) -> Response[bytes]:
        with desk.past() as past:
            found = past.field(metric, part, *_span(begin, end), points)
        return Response(encode_field(found), media_type="application/octet-stream")

    return [
        get_history, get_series, get_snapshot, get_schema, get_levels, get_sweeps, get_figure, get_events, get_alarms,
        get_field,
    ]  # fmt: skip


def plot_row(plot: Plot) -> PlotRow:
    """A plot as the page gets it."""

    def numbers(column: np.ndarray[Any, Any]) -> list[float | None]:
        return [float(value) if np.isfinite(value) else None for value in column]

    return PlotRow(
        plot.id, plot.label, plot.unit, plot.step_ns / 1e6, plot.source, (plot.time / 1e6).tolist(), numbers(plot.low),
        numbers(plot.high), numbers(plot.mean), plot.count.tolist(), plot.left_out.tolist(),
    )  # fmt: skip


def _span(begin: float, end: float) -> tuple[int, int]:
    start_ns, end_ns = _ns(begin), _ns(end)
    if start_ns >= end_ns:
        raise ValidationException("from must lie before to")
    return start_ns, end_ns


def _ns(ms: float) -> int:
    if not 0 <= ms < 9e12:
        raise ValidationException(f"{ms}: expected ms since 1970, UTC")
    return round(ms * 1e6)
