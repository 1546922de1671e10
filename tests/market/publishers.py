"""Publishers of prices on a socket of this machine, answering in the shapes that theirs are documented in."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import openpyxl

BERLIN = ZoneInfo("Europe/Berlin")
SWITCH_S = int(datetime(2025, 10, 1, tzinfo=BERLIN).timestamp())


@dataclass
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


Answering = Callable[[str, dict[str, str], dict[str, str]], Reply]


@dataclass
class Publisher:
    """A server that answers with `answer(path, query, headers)` and remembers what it was asked."""

    url: str
    answer: Answering
    asked: list[str] = field(default_factory=list)
    said: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def publisher(answer: Answering) -> Iterator[Publisher]:
    """A real HTTP server on loopback for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply({})

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.reply({name: one[0] for name, one in form.items()})

        def reply(self, form: dict[str, str]) -> None:
            parts = urlsplit(self.path)
            query = {name: one[0] for name, one in parse_qs(parts.query).items()} | form
            there.asked.append(self.path)
            there.said.append({name.lower(): one for name, one in self.headers.items()})
            found = there.answer(parts.path, query, there.said[-1])
            self.send_response(found.status)
            for name, value in {"Content-Length": str(len(found.body)), **found.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there = Publisher(f"http://127.0.0.1:{server.server_port}", answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def midnight_s(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=BERLIN).timestamp())


def price_at(second: int) -> float:
    """A made-up price that tells every quarter from every other of its day, and hours before the switch as hours."""
    if second < SWITCH_S:
        second -= second % 3600
    return round(40 + (second % 86_400) / 900 + (second // 86_400 % 7) * 0.25, 2)


def starts_s(first: date, last: date) -> list[int]:
    """Starts of the market time units of local days, as the auction cleared them."""
    at, end, found = midnight_s(first), midnight_s(last + timedelta(days=1)), []
    while at < end:
        found.append(at)
        at += 3600 if at < SWITCH_S else 900
    return found


def energy_charts(published_until: date | None = None, shift: float = 0.0) -> Answering:
    """`/price?bzn&start&end`: hours before the switch, quarters after it, null where nothing is published."""

    def answer(path: str, query: dict[str, str], _: dict[str, str]) -> Reply:
        if path != "/price" or set(query) != {"bzn", "start", "end"}:
            return Reply(404, b"{}")
        starts = starts_s(date.fromisoformat(query["start"]), date.fromisoformat(query["end"]))
        limit = midnight_s(published_until + timedelta(days=1)) if published_until else 1 << 40
        body = {
            "license_info": "CC BY 4.0 (creativecommons.org/licenses/by/4.0) from Bundesnetzagentur | SMARD.de",
            "unix_seconds": starts,
            "price": [round(price_at(s) + shift, 2) if s < limit else None for s in starts],
            "unit": "EUR / MWh",
            "deprecated": False,
        }
        return Reply(200, json.dumps(body).encode())

    return answer


def smard(weeks: list[date], published_until: date | None = None, shift: float = 0.0) -> Answering:
    """The index and one file for each week that begins on one of these Mondays; always quarters."""

    def answer(path: str, _: dict[str, str], __: dict[str, str]) -> Reply:
        if path == "/4169/DE-LU/index_quarterhour.json":
            return Reply(200, json.dumps({"timestamps": [midnight_s(week) * 1000 for week in weeks]}).encode())
        for week in weeks:
            if path == f"/4169/DE-LU/4169_DE-LU_quarterhour_{midnight_s(week) * 1000}.json":
                limit = midnight_s(published_until + timedelta(days=1)) if published_until else 1 << 40
                rows = [
                    [s * 1000, round(price_at(s) + shift, 2) if s < limit else None]
                    for s in range(midnight_s(week), midnight_s(week + timedelta(days=7)), 900)
                ]
                return Reply(200, json.dumps({"meta_data": {"version": 1}, "series": rows}).encode())
        return Reply(404, b"not found")

    return answer


def entsoe(sequences: tuple[str, ...], day: date, *, resolution: str = "PT15M", repeats: bool = True) -> str:
    """A document A44 with one series for each sequence; the second auction is 7 EUR/MWh dearer."""
    step = {"PT15M": 900, "PT60M": 3600}[resolution]
    begin, end = midnight_s(day), midnight_s(day + timedelta(days=1))
    series = []
    for sequence in sequences:
        points, before = [], None
        for number, at in enumerate(range(begin, end, step), 1):
            price = round(price_at(at - at % 3600) + (7 if sequence == "2" else 0), 2)
            if not (repeats and price == before):
                points.append(f"<Point><position>{number}</position><price.amount>{price}</price.amount></Point>")
            before = price
        stamps = [datetime.fromtimestamp(at, ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%MZ") for at in (begin, end)]
        series.append(
            "<TimeSeries><mRID>1</mRID><currency_Unit.name>EUR</currency_Unit.name>"
            "<price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
            "<classificationSequence_AttributeInstanceComponent.position>"
            f"{sequence}</classificationSequence_AttributeInstanceComponent.position><curveType>A03</curveType>"
            f"<Period><timeInterval><start>{stamps[0]}</start><end>{stamps[1]}</end></timeInterval>"
            f"<resolution>{resolution}</resolution>{''.join(points)}</Period></TimeSeries>"
        )
    space = "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"
    return f'<?xml version="1.0" encoding="utf-8"?><Publication_MarketDocument xmlns="{space}">{"".join(series)}' + (
        "</Publication_MarketDocument>"
    )


def fcr(first: date, last: date) -> Answering:
    """The list of files and the monthly xlsx: settlement prices of six blocks a day, and rows that do not count."""

    def answer(path: str, query: dict[str, str], _: dict[str, str]) -> Reply:
        if path == "/files":
            rows = [
                {
                    "fileName": "RESULT_LIST_FCR.xlsx",
                    "fileType": "RESULTS",
                    "dateRangeType": "MONTH",
                    "market": "CAPACITY",
                },
                {"fileName": "day.xlsx", "fileType": "RESULTS", "dateRangeType": "DAY", "market": "CAPACITY"},
                {"fileName": "bids.xlsx", "fileType": "ANONYMOUS_BIDS", "dateRangeType": "MONTH", "market": "CAPACITY"},
            ]
            return Reply(200, json.dumps(rows).encode())
        if path != "/files/RESULT_LIST_FCR.xlsx":
            return Reply(404, b"not found")
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(["DATE_FROM", "TENDER_NUMBER", "PRODUCTNAME", "GERMANY_SETTLEMENTCAPACITY_PRICE_[EUR/MW]"])
        day = first
        while day <= last:
            for block in range(6):
                name = f"NEGPOS_{4 * block:02d}_{4 * block + 4:02d}"
                sheet.append([day.isoformat(), 1, name, 60.0 + block])
                sheet.append([day.isoformat(), 2, name, 999.0])
            day += timedelta(days=1)
        body = io.BytesIO()
        book.save(body)
        return Reply(200, body.getvalue())

    return answer


def rebap(answers: dict[str, str]) -> Answering:
    """Identity server and CSV, semicolons and decimal commas; `answers` may change the token."""

    def answer(path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        if path == "/token":
            right = query == {"grant_type": "client_credentials", "client_id": "id", "client_secret": "secret"}
            return Reply(200, json.dumps({"access_token": "t0ken"}).encode()) if right else Reply(400, b"no")
        if headers.get("authorization") != f"Bearer {answers.get('token', 't0ken')}":
            return Reply(401, b"unauthorised")
        lines = ["Datum;Zeitzone;von;bis;Einheit;reBAP unterdeckt;reBAP ueberdeckt"]
        lines += [
            "01.10.2025;UTC;00:00;00:15;EUR/MWh;1.234,56;1.234,56",
            "01.10.2025;UTC;00:15;00:30;EUR/MWh;N.A.;N.A.",
        ]
        lines += ["01.10.2025;UTC;00:30;00:45;EUR/MWh;-12,50;-12,50"]
        return Reply(200, "\n".join(lines).encode("utf-8-sig"))

    return answer
