"""Tables become maps that load, or say where they cannot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from bessinside.errors import BessError
from bessinside.registers import RegisterMap, flatten, load_map, parse_map
from bessinside.registers.importer import TableError, read_table

CSV = """name,address,function_code,count,type,word_order,scale,offset,unit,access,description,level,repeat,source
serial,0,3,5,string,,1,0,,r,serial number,3,,doc
voltage,1001,3,1,u16,,0.1,0,V,r,"DC voltage, whole rack",3,,page 4
current,1002,3,1,u16,,0.1,-3200,A,rw,,3,,page 4
power,1010,4,2,i32,little,100,0,W,r,,3,,
flags,0x2000,3,1,bitfield16,,1,0,,r,,,,
running,83,2,1,bit,,1,0,,r,,2,,
odd,12,3,1,u16,,0.5,0,V,r,,,,
fan,13,3,1,u8hi,,1,0,%,r,,,,
tower.module.pack0,3200,3,2,packed32,little,1,0,,r,,4,towers stride 768 from 3072; modules stride 20,
rack.soc,8451,3,1,u16,,1,0,%,r,,3,"5 racks, stride 4096 (0x1000)",
cell_voltage,10001,3,1,u16,,0.001,0,V,r,,4,"32 packs, stride 500",
"""


def imported(path: Path, **options: Any) -> RegisterMap:
    return parse_map(read_table(path, **options), str(path.with_suffix(".yaml")))


def workbook(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def test_a_csv_becomes_a_map(tmp_path: Path) -> None:
    file = tmp_path / "some_bms.csv"
    file.write_text(CSV)
    found = imported(file)
    points = {p.name: p for p in found.points()}
    assert found.id == "some-bms"
    assert (points["serial"].type, points["serial"].words) == ("string", 5)
    voltage, current, power = points["voltage"], points["current"], points["power"]
    assert (voltage.address, voltage.sf, voltage.units, voltage.source) == (1001, -1, "V", "page 4")
    assert voltage.desc == "DC voltage, whole rack"
    assert (current.offset, current.access, current.type) == (-3200.0, "RW", "uint16")
    assert (power.type, power.fc, power.sf, power.low_first) == ("int32", 4, 2, True)
    assert (points["flags"].type, points["flags"].address) == ("bitfield16", 0x2000)
    assert (points["running"].type, points["running"].fc) == ("uint16", 2)
    assert points["fan"].mask == 0xFF00
    assert "factor 0.5, which is no power of ten" in (points["odd"].suspect or "")
    groups = {g.name: g for g in found.group.groups}
    assert (groups["tower"].stride, groups["tower"].count) == (768, 0)
    assert (groups["tower"].groups[0].name, groups["tower"].groups[0].stride) == ("module", 20)
    assert (groups["rack"].count, groups["rack"].stride) == (5, 4096)
    assert (groups["pack"].count, groups["pack"].stride) == (32, 500)
    layout = flatten(found, {"tower": 2, "module": 3})
    assert layout.address[layout.names().index("tower[2].module[3].pack0")] == 3200 + 768 + 40


def test_the_file_it_writes_can_be_loaded(tmp_path: Path) -> None:
    file = tmp_path / "some_bms.csv"
    file.write_text(CSV)
    (tmp_path / "my-bms.yaml").write_text(
        read_table(file, map_id="my-bms", label='My BMS: 5"', cls="ess", document="Doc #1")
    )
    found = load_map(tmp_path / "my-bms.yaml")
    assert (found.label, found.cls, found.source.document) == ('My BMS: 5"', "ess", "Doc #1")


def test_other_headings_and_separators(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(
        "\ufeffSignal name;Data type;Register address (dec);Gain;Unit;Read/Write\n"
        "Pack Voltage;UINT16;100;0,1;V;RO\nTemp 1;SINT16;65h;1;°C;R/W\n;;;;;\nEnergy;Float;103;1;kWh;RO\n",
        encoding="utf-8",
    )
    found = imported(file)
    assert [(p.name, p.type, p.address, p.sf, p.units, p.access) for p in found.points()] == [
        ("pack_voltage", "uint16", 100, -1, "V", "R"),
        ("temp_1", "int16", 101, 0, "C", "RW"),
        ("energy", "float32", 103, 0, "kWh", "R"),
    ]


def test_names_that_come_twice_are_numbered(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("name,address,type\nSpare,1,u16\nspare,2,u16\n3rd,3,u16\n")
    assert [p.name for p in imported(file).points()] == ["spare", "spare_2", "n_3rd"]


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        ("a,abc,u16,1,3", "address", "whole number from 0 to 65535, found 'abc'"),
        ("a,70000,u16,1,3", "address", "found '70000'"),
        ("a,1,u17,1,3", "type", "type 'u17' is not known"),
        ("a,1,u16,x,3", "scale", "expected a number, found 'x'"),
        ("a,1,u16,1,many", "count", "found 'many'"),
    ],
)
def test_a_bad_cell_is_named(row: str, column: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f"name,address,type,scale,count\nok,1,u16,1,1\n{row}\n")
    with pytest.raises(TableError) as caught:
        read_table(file)
    assert (caught.value.row, caught.value.column) == (3, column)
    assert expected in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_workbook_with_points_and_a_column_for_each_cell(tmp_path: Path) -> None:
    cells = [f"Cell {n}" for n in range(1, 105)]
    file = workbook(
        tmp_path / "lfp.xlsx",
        {
            "Cover": [["Northbound Modbus TCP"], ["Issue", 3.0]],
            "Points": [["LFP rack"], ["Name", "Address", "Type", "Scale", "Unit"], ["SoC", 1003.0, "U16", 0.1, "%"]],
            "CELL": [
                ["Module", *cells],
                *([m, *range(30003 + 200 * (m - 1), 30107 + 200 * (m - 1))] for m in (1, 2, 3)),
            ],
            "NTC temperature": [["Cell", "Address"], *([n, 40000 + 2 * n] for n in range(1, 25))],
        },
    )
    layout = flatten(imported(file))
    at = dict(zip(layout.names(), layout.address.tolist(), strict=True))
    assert at["soc"] == 1003
    assert at["module[1].cell[1].voltage"] == 30003
    assert at["module[3].cell[104].voltage"] == 30003 + 400 + 103
    assert at["sensor[24].temperature"] == 40048
    assert len(layout) == 1 + 3 * 104 + 24


def test_a_row_for_each_cell(tmp_path: Path) -> None:
    rows = [[n, 30002 + n, 31002 + n] for n in range(1, 53)]
    file = workbook(tmp_path / "c.xlsx", {"CELL": [["Cell No.", "Voltage address", "Temperature address"], *rows]})
    layout = flatten(imported(file))
    at = dict(zip(layout.names(), layout.address.tolist(), strict=True))
    assert (at["cell[52].voltage"], at["cell[52].temperature"]) == (30054, 31054)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["Rack", "Cell 1", "Cell 2", "Cell 3"], [1, 10, 11, 13]], "one even distance, found steps of 1, 2"),
        ([["Rack", "Cell 1", "Cell 2"], [1, 10, 11], [2, 20, 22]], "row 3: expected the cells 1 apart"),
        ([["Rack", "Cell 1", "Cell 2"], [1, 10, "x"]], "row 2 column 3: expected an address, found 'x'"),
        ([["Rack", "Cell 1", "Cell 2"]], "expected addresses below the headings"),
    ],
)
def test_uneven_cells_are_refused(rows: Sequence[Sequence[object]], expected: str, tmp_path: Path) -> None:
    file = workbook(tmp_path / "c.xlsx", {"CELL": rows})
    with pytest.raises(BessError, match=expected):
        read_table(file)


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    empty = tmp_path / "t.csv"
    empty.write_text("a,b\n1,2\n")
    with pytest.raises(BessError, match=r"no heading row with name, address and type in 't.csv'"):
        read_table(empty)
    broken = tmp_path / "t.xlsx"
    broken.write_bytes(b"no zip")
    with pytest.raises(BessError, match=r"cannot be read as an Excel workbook"):
        read_table(broken)
    with pytest.raises(BessError, match=r"does not exist"):
        read_table(tmp_path / "none.csv")
    other = tmp_path / "t.pdf"
    other.write_bytes(b"")
    with pytest.raises(BessError, match=r"expected a .csv or .xlsx file"):
        read_table(other)
