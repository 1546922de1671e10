"""Price files of the user: what is read, and errors that name file, line and column."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bessinside.market.basis.localtime import HOUR_NS, QUARTER_NS
from bessinside.market.prices.sample import sample
from bessinside.market.prices.series import SWITCH_NS, iso
from bessinside.market.prices.sources.files import PriceFileError, read, write_csv


def file(folder: Path, text: str, name: str = "prices.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_times_with_and_without_an_offset_are_utc(tmp_path: Path) -> None:
    text = "utc_start,price_eur_mwh\n2025-06-01T00:00Z,1\n2025-06-01 01:00,2.5\n2025-06-01T04:00:00+02:00,-3e1\n\n"
    found = read(file(tmp_path, text))
    assert [iso(int(at)) for at in found.start_ns] == ["2025-06-01T00:00Z", "2025-06-01T01:00Z", "2025-06-01T02:00Z"]
    assert list(found.price) == [1.0, 2.5, -30.0]
    assert set(found.length_ns) == {HOUR_NS}
    assert found.provenance[0].attribution == "file prices.csv"


def test_other_columns_an_order_of_ones_own_and_gzip_do_no_harm(tmp_path: Path) -> None:
    text = "﻿price_eur_mwh,note,utc_start\n5,a,2026-01-01T00:00Z\n6,b,2026-01-01T00:15Z\n"
    path = tmp_path / "prices.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    found = read(path)
    assert list(found.price) == [5.0, 6.0]
    assert set(found.length_ns) == {QUARTER_NS}


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("", 1, "utc_start", "no such column; the header is empty"),
        ("time,price_eur_mwh\n", 1, "utc_start", "the header is time, price_eur_mwh"),
        ("utc_start;price_eur_mwh\n", 1, "utc_start", "separated by ';'"),
        ("utc_start,price\n", 1, "price_eur_mwh", "no such column"),
        ("utc_start,price_eur_mwh\n", 0, "", "no prices in it"),
        (
            "utc_start,price_eur_mwh\n2025-01-01T00:00Z,1,5\n",
            2,
            "",
            "expected 2 columns, got 3; write decimals with a point",
        ),
        ("utc_start,price_eur_mwh\n01.01.2025,1\n", 2, "utc_start", "expected a time such as"),
        ("utc_start,price_eur_mwh\n2025-01-01T00:00:30Z,1\n", 2, "utc_start", "full minute"),
        ("utc_start,price_eur_mwh\n2025-01-01T00:00Z,1\n2025-01-01T01:00Z,\n", 3, "price_eur_mwh", "leave a slot"),
        ("utc_start,price_eur_mwh\n2025-01-01T00:00Z,nan\n", 2, "price_eur_mwh", "within ±100,000"),
        ("utc_start,price_eur_mwh\n2025-01-01T00:00Z,1e9\n", 2, "price_eur_mwh", "within ±100,000"),
        ("utc_start,price_eur_mwh\n\n2025-01-01T01:00Z,1\n2025-01-01T00:00Z,1\n", 4, "utc_start", "earlier than"),
        ("utc_start,price_eur_mwh\n2025-10-26T02:00,1\n2025-10-26T02:00,1\n", 3, "utc_start", "local time"),
        ("utc_start,price_eur_mwh,mtu_min\n2025-01-01T00:00Z,1,7\n", 2, "mtu_min", "expected 5, 15, 30 or 60"),
    ],
)
def test_what_is_wrong_is_said_with_line_and_column(
    tmp_path: Path, text: str, line: int, column: str, says: str
) -> None:
    path = file(tmp_path, text)
    with pytest.raises(PriceFileError) as found:
        read(path)
    assert (found.value.line, found.value.column) == (line, column)
    assert str(found.value).startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert says in str(found.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    for raw in (b"\xff\xfe\x00", b"\x1f\x8b broken"):
        path.write_bytes(raw)
        with pytest.raises(PriceFileError, match="not a text file"):
            read(path)


def test_hours_that_go_on_as_quarters_keep_both_lengths(tmp_path: Path) -> None:
    starts = [SWITCH_NS - k * HOUR_NS for k in range(48, 0, -1)] + [SWITCH_NS + k * QUARTER_NS for k in range(8)]
    lines = [f"{iso(at)},{k}" for k, at in enumerate(starts)]
    found = read(file(tmp_path, "\n".join(["utc_start,price_eur_mwh", *lines])))
    assert list(found.length_ns) == [HOUR_NS] * 48 + [QUARTER_NS] * 8
    assert found.on_grid().size == 200
    assert found.gaps().size == 0


def test_a_quarter_that_is_missing_is_a_gap_and_no_longer_slot(tmp_path: Path) -> None:
    lines = [f"2026-01-01T{h:02d}:{m:02d}Z,1" for h in range(3) for m in (0, 15, 30, 45) if (h, m) != (1, 15)]
    found = read(file(tmp_path, "\n".join(["utc_start,price_eur_mwh", *lines])))
    assert set(found.length_ns) == {QUARTER_NS}
    assert [iso(int(at)) for at in found.gaps()[0]] == ["2026-01-01T01:15Z", "2026-01-01T01:30Z"]


@pytest.mark.parametrize("kind", [pa.timestamp("us", "UTC"), pa.timestamp("ns"), pa.string()])
def test_parquet_is_read_whatever_its_times_are(tmp_path: Path, kind: pa.DataType) -> None:
    texts = ["2026-01-01T00:00Z", "2026-01-01T00:15Z"]
    times = pa.array([int(np.datetime64(text[:-1], "ns").astype(int)) for text in texts], pa.timestamp("ns", "UTC"))
    column = pa.array(texts) if pa.types.is_string(kind) else times.cast(kind)
    path = tmp_path / "prices.parquet"
    pq.write_table(pa.table({"utc_start": column, "price_eur_mwh": [1.5, -2.5]}), path)
    found = read(path)
    assert [iso(int(at)) for at in found.start_ns] == texts
    assert list(found.price) == [1.5, -2.5]


def test_parquet_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    path = tmp_path / "prices.parquet"
    path.write_bytes(b"PAR1 not")
    with pytest.raises(PriceFileError, match="not a Parquet file"):
        read(path)
    pq.write_table(pa.table({"utc_start": ["2026-01-01T00:00Z"], "price": [1.0]}), path)
    with pytest.raises(PriceFileError, match="no such column; it has utc_start, price"):
        read(path)
    pq.write_table(pa.table({"utc_start": ["2026-01-01T00:00Z"] * 2, "price_eur_mwh": [1.0, None]}), path)
    with pytest.raises(PriceFileError) as found:
        read(path)
    assert (found.value.line, found.value.column) == (2, "price_eur_mwh")
    pq.write_table(pa.table({"utc_start": [1.5], "price_eur_mwh": [1.0]}), path)
    with pytest.raises(PriceFileError, match="expected timestamps or ISO texts"):
        read(path)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    found = read(file(tmp_path, write_csv(sample())))
    assert list(found.price) == list(sample().price)
    assert list(found.start_ns) == list(sample().start_ns)


def test_real_years_are_read_whole() -> None:
    named = os.environ.get("BESSINSIDE_DATA")
    if not named:
        pytest.skip("BESSINSIDE_DATA is not set: whole years of prices are not read")
    year = read(Path(named) / "market" / "da_delu_2025_15min_grid.csv.gz")
    assert (year.size, year.gaps().size) == (35_040, 0)
    assert sorted(set(np.bincount(year.days().of))) == [92, 96, 100]
    assert list(year.unit_ns[year.start_ns < SWITCH_NS][[0, -1]]) == [HOUR_NS, HOUR_NS]
    assert set(year.unit_ns[year.start_ns >= SWITCH_NS]) == {QUARTER_NS}
    hours = read(Path(named) / "market" / "da_delu_hourly_2021_2025.csv.gz")
    assert (hours.size, hours.gaps().size) == (43_824, 0)
    same = hours.between(int(year.start_ns[0]), year.end_ns)
    assert np.abs(year.hourly().price - same.price).max() < 0.0051  # the publisher's hours are rounded means
