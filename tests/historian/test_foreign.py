"""Tables of other systems beside a history: foreign, in SI, and with errors that name file, line and column."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bessinside.historian.foreign.column_map import ColumnMapError, load_columns
from bessinside.historian.foreign.table import TableError, read_table
from bessinside.historian.opened import opened
from bessinside.twin import UnknownFigure
from tests.cli.conftest import Run, run  # noqa: F401  a fixture
from tests.historian.memory import MemoryArchive

SECOND = 1_000_000_000
BERLIN = """\
time = "Zeit"
format = "%d.%m.%Y %H:%M"
zone = "Europe/Berlin"
delimiter = ";"
decimal = ","

[[column]]
name = "Wirkleistung [kW]"
id = "active_power"
unit = "kW"
label = "Power as SCADA has it"

[[column]]
name = "Temp"
id = "ambient"
unit = "°C"
missing = ["n/a", "---"]
"""
SCADA = """\
Zeit;Wirkleistung [kW];Bemerkung;Temp
21.06.2026 07:00;1.200,5;;20
"""
GOOD = """\
Zeit;Wirkleistung [kW];Bemerkung;Temp
21.06.2026 07:00;1200,5;"ein; Wort";20
21.06.2026 07:15;-3;;n/a
21.06.2026 07:30;;;21,25
"""


@pytest.fixture
def folder(recorded: tuple[Path, MemoryArchive], tmp_path: Path) -> Path:
    target = tmp_path / "history"
    shutil.copytree(recorded[0], target)
    (tmp_path / "scada.toml").write_text(BERLIN)
    (tmp_path / "scada.csv").write_text(GOOD)
    return target


def test_a_table_becomes_foreign_readings(run: Run, folder: Path) -> None:  # noqa: F811
    asked = (str(folder.parent / "scada.csv"), "--columns", str(folder.parent / "scada.toml"), "--name", "scada")
    with opened(folder) as past:
        before = past.series("c1/r01/soc", *past.span()).value.tolist()
        wire = past.at(past.span()[1]).snapshot().values.size
    ran = run("history", "import-table", str(folder), *asked)
    assert ran.code == 0, ran.err
    assert "3 rows of foreign/scada/active_power, foreign/scada/ambient" in ran.out
    start = int(datetime.datetime(2026, 6, 21, 5, tzinfo=datetime.UTC).timestamp()) * SECOND
    with opened(folder) as past:
        found = past.series("foreign/scada/active_power", start, start + 3600 * SECOND)
        assert (found.value.tolist(), found.unit, found.label) == ([1_200_500.0, -3000.0], "W", "Power as SCADA has it")
        assert found.time.tolist() == [start, start + 900 * SECOND]
        assert found.columns()["quality"].tolist() == ["foreign", "foreign"]
        assert past.plot("foreign/scada/ambient", start, start + 3600 * SECOND, 2).source == "foreign"
        assert past.series("foreign/scada/ambient", start, start + 3600 * SECOND).value.tolist() == [20.0, 21.25]
        # nothing of the wire knows of it
        assert past.series("c1/r01/soc", *past.span()).value.tolist() == before
        assert past.at(past.span()[1]).snapshot().values.size == wire
        with pytest.raises(UnknownFigure):
            past.find("foreign/scada/active_power")
        with pytest.raises(UnknownFigure, match="there are foreign/scada/active_power, foreign/scada/ambient"):
            past.series("foreign/scada/frequency", 0, 1)
    ran = run("history", "import-table", str(folder), *asked)
    assert (ran.code, "3 of its times were imported from scada.csv already" in ran.err) == (1, True)
    ran = run(
        "history", "series", str(folder), "foreign/scada/ambient", "--from", "2026-06-21", "--to", "2026-06-22", "--csv"
    )
    assert ran.out.count("foreign") == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SCADA, r"scada.csv:2: Wirkleistung \[kW\]: '1.200,5'; expected a number with ','"),
        (GOOD.replace("-3", "minus drei"), r"scada.csv:3: Wirkleistung \[kW\]: 'minus drei'"),
        (GOOD.replace("21,25", "warm"), r"scada.csv:4: Temp: 'warm'.*n/a, ---"),
        (GOOD.replace("07:15", "7h15"), r"scada.csv:3: Zeit: '21.06.2026 7h15'; expected %d.%m.%Y %H:%M"),
        (GOOD.replace("07:30", "06:30"), r"scada.csv:4: Zeit: .* is not after"),
        (GOOD.replace("Temp", "Temperatur"), r"scada.csv:1: column 'Temp' is not there; there are Zeit, Wirk"),
        (GOOD.replace(";;21,25", ";21,25"), r"scada.csv:4: 3 fields, the first line has 4"),
        (GOOD.replace("21.06.2026 07:00", "29.03.2026 02:30"), r"scada.csv:2: Zeit: .*Europe/Berlin leaves it out"),
        (GOOD.splitlines()[0] + "\n", r"scada.csv: there is no row in it"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "scada.toml").write_text(BERLIN)
    (tmp_path / "scada.csv").write_text(text)
    with pytest.raises(TableError, match=said):
        read_table(tmp_path / "scada.csv", load_columns(tmp_path / "scada.toml"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "ambient"', 'id = "Ambient"', "column 2: id: 'Ambient'; expected small letters"),
        ('id = "ambient"', 'id = "active_power"', "id: active_power is there twice"),
        ('unit = "kW"', 'unit = "PS"', "column 1: unit: 'PS' is unknown"),
        ("Europe/Berlin", "Europe/Bielefeld", "zone: 'Europe/Bielefeld' is no time zone"),
        ('decimal = ","', 'decimal = ";"', "delimiter, decimal"),
        ('zone = "Europe/Berlin"', "zones = 3", "zones"),
    ],
)
def test_a_file_of_columns_says_what_is_wrong_with_it(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "scada.toml"
    path.write_text(BERLIN.replace(old, new))
    with pytest.raises(ColumnMapError, match=said) as caught:
        load_columns(path)
    assert str(path) in str(caught.value)


def test_the_hour_that_comes_twice_comes_twice(tmp_path: Path) -> None:
    (tmp_path / "scada.toml").write_text(BERLIN)
    times = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    lines = "".join(f"25.10.2026 {time};{k};;1\n" for k, time in enumerate(times))
    (tmp_path / "scada.csv").write_text(GOOD.splitlines()[0] + "\n" + lines)
    found = read_table(tmp_path / "scada.csv", load_columns(tmp_path / "scada.toml"))
    assert set((found.time[1:] - found.time[:-1]).tolist()) == {1800 * SECOND}


def test_parquet_and_times_since_1970(tmp_path: Path) -> None:
    path = tmp_path / "columns.toml"
    path.write_text('time = "t"\nformat = "ms"\n[[column]]\nname = "f"\nid = "frequency"\nunit = "Hz"\n')
    exact = pa.array([1_782_018_000_123_456_789, 1_782_018_001_000_000_000], pa.timestamp("ns", "UTC"))
    for times, wanted in (
        (exact, exact.cast(pa.int64()).to_pylist()),
        (pa.array([1_782_018_000_123, 1_782_018_001_000]), [1_782_018_000_123_000_000, 1_782_018_001_000_000_000]),
    ):
        pq.write_table(pa.table({"t": times, "f": pa.array([50.0, None])}), tmp_path / "f.parquet")
        found = read_table(tmp_path / "f.parquet", load_columns(path))
        assert found.time.tolist() == wanted
        assert found.values[0][0] == 50.0
    with pytest.raises(TableError, match=r"ends in \.csv or \.parquet"):
        read_table(tmp_path / "f.xlsx", load_columns(path))
