"""Passports: the bytes at the stated place really are the value, and the steps really lead from one to the other."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest

from bessinside.modbus.frames import crc16, exception_pdu
from bessinside.modbus.trouble import Ask, Reply
from bessinside.runtime import clock
from bessinside.twin import Passport, Twin, UnknownFigure

Simulate = Callable[..., Any]
NUMBERED = ["c1/r01/soc", "c1/r01/current", "c1/r01/voltage", "c1/r01/power", "c1/r01/insulation", "c1/r01/soh"]
NUMBERED += ["c1/r01/temperature_max", "c1/r01/m2/cell003/voltage", "c1/r01/cycles"]


def passports(small: Any, simulate: Simulate, *, framing: str = "tcp", language: str = "en") -> dict[str, Passport]:
    """Every passport of the small plant after one second."""

    async def scenario() -> dict[str, Passport]:
        for name, server in small.servers.items():
            await server.start("127.0.0.1", small.ports[name], framing=framing)
        text = small.text() if framing == "tcp" else small.text().replace("modbus+tcp", "modbus+rtu")
        async with Twin(small.plant(text)) as twin:
            await clock.sleep(1.0)
            return {name: twin.passport(name, language) for name in twin.ids()}

    found: dict[str, Passport] = simulate(scenario())
    return found


def check_bytes(passport: Passport) -> None:
    """Takes the frames apart by hand and finds the point's words in them."""
    reading = passport.reading
    assert reading is not None
    request, response = bytes.fromhex(reading.request_hex), bytes.fromhex(reading.response_hex)
    if reading.device.url.startswith("modbus+rtu"):
        assert crc16(request) == crc16(response) == 0  # the check sum of a frame with its check sum
        ask, answer, data = request[1:-2], response[1:-2], 3
        assert (request[0], response[0]) == (reading.device.unit, reading.device.unit)
    else:
        assert request[:4] == response[:4] == reading.exchange.tid.to_bytes(2, "big") + b"\0\0"
        assert int.from_bytes(request[4:6], "big") == len(request) - 6
        assert int.from_bytes(response[4:6], "big") == len(response) - 6
        assert (request[6], response[6]) == (reading.device.unit, reading.device.unit)
        ask, answer, data = request[7:], response[7:], 9
    assert ask[0] == answer[0] == reading.function_code
    assert answer[1] == len(answer) - 2
    first, count = int.from_bytes(ask[1:3], "big"), int.from_bytes(ask[3:5], "big")
    assert first <= reading.address <= first + count - reading.words_count
    if reading.function_code < 3:
        bit = reading.address - first
        assert (reading.value_start, reading.value_length) == (data + bit // 8, 1)
        assert reading.words == [f"{response[reading.value_start] >> bit % 8 & 1:04X}"]
    else:
        assert reading.value_start == data + 2 * (reading.address - first)
        assert reading.value_length == 2 * reading.words_count
        value = response[reading.value_start : reading.value_start + reading.value_length]
        assert value.hex() == "".join(reading.words).lower()


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
def test_the_bytes_of_every_reading_are_where_it_says(small: Any, simulate: Simulate, framing: str) -> None:
    checked = 0
    for passport in passports(small, simulate, framing=framing).values():
        if passport.kind == "reading" and passport.quality != "not mapped":
            check_bytes(passport)
            checked += 1
    assert checked == 2 * 22


def test_the_last_step_is_the_value(small: Any, simulate: Simulate) -> None:
    found = passports(small, simulate)
    for name in NUMBERED:
        reading = found[name].reading
        assert reading is not None
        assert reading.steps[0].name == "words"
        assert [f"0x{word}" for word in reading.words] == reading.steps[0].expression.split()
        assert reading.steps[-1].name == "value"
        assert float(reading.steps[-1].result) == pytest.approx(found[name].value, rel=1e-11), name


def test_the_steps_of_a_current_say_that_its_sign_was_turned(small: Any, simulate: Simulate) -> None:
    reading = passports(small, simulate)["c1/r01/current"].reading
    assert reading is not None
    assert [(step.name, step.result) for step in reading.steps] == [
        ("words", "1 word"),
        ("raw", "64536"),
        ("signed", "-1000"),
        ("scale", "-100 A"),
        ("sign", "100 A"),
        ("value", "100"),
    ]
    assert reading.sign == "turned round: the device counts charging as positive"


def test_what_a_passport_says_about_map_device_and_document(small: Any, simulate: Simulate) -> None:
    passport = passports(small, simulate)["c1/r02/soh"]
    reading = passport.reading
    assert reading is not None
    assert (passport.metric, passport.part, passport.unit, passport.emulated) == ("rack.soh", "c1/r02", "%", True)
    assert (reading.device.id, reading.device.host, reading.device.port, reading.device.unit) == (
        ("b", "127.0.0.1", 1002, 1)
    )
    assert (reading.function_code, reading.address, reading.address_document, reading.words_count) == (3, 6, 40007, 1)
    assert (reading.map.id, reading.map.document, reading.map.issue) == ("small-bms", "A document", "1.2")
    assert (reading.map.date, reading.map.read_from, reading.map.file) == ("2026-01-31", "a shelf", "small-bms.yaml")
    line = (small.folder / "small-bms.yaml").read_text().splitlines()[reading.map.line - 1]
    assert "{name: soh," in line
    assert (reading.suspect, reading.sentinel, reading.range) == ("not yet checked", ["0xffff"], [0.0, 101.5])
    assert reading.exchange.outcome == "ok"
    assert reading.exchange.duration_ms is not None
    assert 0 < reading.exchange.duration_ms < 5
    assert passport.time_ms == reading.exchange.received_ms


def test_the_newest_try_stands_beside_the_last_good_answer(small: Any, simulate: Simulate) -> None:
    """The bytes are those of an answer that was good; that the device is busy since then is told as well."""

    def busy(ask: Ask) -> Reply | None:
        return Reply(ask.frame(exception_pdu(3, 6))) if ask.pdu[0] == 3 else None

    async def scenario() -> list[Passport]:
        await small.start()
        async with Twin(small.plant()) as twin:
            found = [twin.passport("c1/r01/soc")]
            await clock.sleep(1.0)
            found.append(twin.passport("c1/r01/soc"))
            small.servers["a"].trouble = busy
            await clock.sleep(1.0)
            found.append(twin.passport("c1/r01/soc"))
            await small.stop("a")
            await clock.sleep(5.0)
            return [*found, twin.passport("c1/r01/soc")]

    before, good, refused, gone = [found.reading for found in simulate(scenario())]
    for reading in (before, good, refused, gone):
        assert reading is not None
    assert (before.exchange.outcome, before.attempt.outcome, before.attempt.ended_ms) == (
        "no answer yet", "not asked", None,
    )  # fmt: skip
    assert (good.exchange.outcome, good.attempt.outcome) == ("ok", "ok")
    assert good.attempt.ended_ms == good.exchange.received_ms
    for later, outcome in ((refused, "exception"), (gone, "not sent")):
        assert (later.exchange.outcome, later.exchange.note) == ("ok", "")
        assert later.response_hex.startswith(f"{later.exchange.tid >> 8:02x} {later.exchange.tid & 255:02x} 00 00")
        assert later.words == ["0369"]
        assert later.attempt.outcome == outcome
    assert refused.attempt.ended_ms > refused.exchange.received_ms + 500
    assert "exception 6" in refused.attempt.note
    assert "cannot connect" in gone.attempt.note


def test_ready_made_lines(small: Any, simulate: Simulate) -> None:
    found = passports(small, simulate)
    reading = found["c1/r02/m1/cell003/voltage"].reading
    assert reading is not None
    assert reading.commands["mbpoll"] == "mbpoll -0 -1 -a 1 -p 1002 -t 4:hex -r 112 -c 1 127.0.0.1"
    assert reading.commands["pymodbus"] == (
        "ModbusTcpClient('127.0.0.1', port=1002).read_holding_registers(112, count=1, device_id=1)"
    )
    assert reading.commands["bessinside"].endswith(f"plant.toml {found['c1/r02/m1/cell003/voltage'].id}")
    kinds = {"c1/r01/relay_positive": "-t 0 -r 3", "c1/r01/cycles": "-t 3:hex -r 0"}
    for name, part in kinds.items():
        assert part in found[name].reading.commands["mbpoll"]  # type: ignore[union-attr]


def test_symbols_and_text(small: Any, simulate: Simulate) -> None:
    found = passports(small, simulate)
    state, serial = found["c1/r01/state"], found["c1/r01/serial"]
    assert state.reading is not None
    assert state.reading.symbols == {"1": "IDLE", "2": "On"}
    assert (serial.text, serial.value, serial.quality, serial.metric) == ("R-01", None, "good", None)
    assert serial.reading is not None
    assert serial.reading.words == ["522D", "3031", "0000", "0000"]


def test_word_order_and_scale_are_said(small: Any, simulate: Simulate) -> None:
    found = passports(small, simulate)
    voltage, insulation = found["c1/r01/voltage"].reading, found["c1/r01/insulation"].reading
    assert voltage is not None
    assert insulation is not None
    assert (voltage.word_order, voltage.scale, voltage.words) == ("low word first", "× 10^-3", ["4C40", "0014"])
    assert insulation.scale == "× register ins_sf"
    assert any("(ins_sf)" in step.expression for step in insulation.steps)


def test_before_the_first_read_a_passport_has_no_bytes(small: Any) -> None:
    twin = Twin(small.plant())
    passport = twin.passport("c1/r01/soc")
    reading = passport.reading
    assert reading is not None
    assert (passport.value, passport.time_ms, passport.quality) == (None, None, "no reading yet")
    assert (reading.words, reading.steps, reading.request_hex, reading.response_hex) == ([], [], "", "")
    assert (reading.value_start, reading.value_length, reading.exchange.outcome) == (0, 0, "no answer yet")
    assert passport.trend.t == []


def test_a_register_that_is_only_written_says_so(small: Any, simulate: Simulate) -> None:
    passport = passports(small, simulate)["c1/r01/command"]
    assert passport.quality_note == "the register can only be written"
    assert passport.reading is not None
    assert passport.reading.exchange.note == "the register can only be written"


def test_the_passport_of_a_formula(small: Any, simulate: Simulate) -> None:
    found = passports(small, simulate)
    passport = found["c1/r01/m2/cell_voltage_sum"]
    assert (passport.kind, passport.reading, passport.metric) == ("derived", None, None)
    derived = passport.derived
    assert derived is not None
    assert (derived.formula, derived.model, derived.inputs_total, derived.left_out) == ("U_Σ = Σ U_cell", False, 3, 0)
    assert [leaf.id for leaf in derived.inputs] == [f"c1/r01/m2/cell00{n}/voltage" for n in (1, 2, 3)]
    assert sum(leaf.value or 0.0 for leaf in derived.inputs) == pytest.approx(passport.value)
    assert all(found[leaf.id].value == leaf.value for leaf in derived.inputs)
    residual = found["c1/r01/ocv_residual"].derived
    assert residual is not None
    assert residual.model


def test_long_formulas_list_their_first_inputs_only() -> None:
    passport = Twin("ref-5m").passport("c1/cell_voltage_max")
    assert passport.derived is not None
    assert (passport.derived.inputs_total, len(passport.derived.inputs)) == (4992, 200)


def test_labels_in_german(small: Any, simulate: Simulate) -> None:
    found = passports(small, simulate, language="de")
    assert found["c1/r01/soc"].label == "Ladezustand"
    assert found["c1/r01/m2/cell_voltage_sum"].label == "Summe der Zellspannungen"


def test_the_trend_is_what_was_read_in_the_last_five_minutes(small: Any, simulate: Simulate) -> None:
    async def scenario() -> Passport:
        await small.start()
        async with Twin(small.plant(small.text().replace("200 ms", "2 s"))) as twin:
            for step in range(200):
                small.units["a"].holding.put(0, 300 + step)
                await clock.sleep(2.0)
            return twin.passport("c1/r01/soc")

    passport = simulate(scenario())
    times, values = passport.trend.t, passport.trend.v
    assert 148 <= len(values) <= 152
    assert values[-1] == passport.value
    assert all(b > a for a, b in itertools.pairwise(times))
    assert 290e3 < times[-1] - times[0] <= 300e3
    rises = {round(10 * (b - a)) for a, b in itertools.pairwise(values)}
    assert rises <= {0, 1, 2}
    assert values[-1] - values[0] == pytest.approx(15.0, abs=0.3)


def test_a_gap_leaves_no_points_in_the_trend(small: Any, simulate: Simulate) -> None:
    async def scenario() -> Passport:
        await small.start()
        async with Twin(small.plant()) as twin:
            await clock.sleep(5.0)
            await small.stop("a")
            await clock.sleep(20.0)
            await small.start("a")
            await clock.sleep(70.0)
            return twin.passport("c1/r01/soc")

    times = simulate(scenario()).trend.t
    assert max(b - a for a, b in itertools.pairwise(times)) > 20e3


def test_an_unknown_figure(small: Any) -> None:
    twin = Twin(small.plant())
    for ask in (twin.figure, twin.passport):
        with pytest.raises(UnknownFigure, match="c1/r09/soc: this plant has no such figure"):
            ask("c1/r09/soc")


def test_a_figure_that_two_devices_carry_is_the_first_ones_and_has_a_name_for_the_other(small: Any) -> None:
    twin = Twin(small.plant(re.sub(r'at = "c1/r02"', 'at = "c1/r01"', small.text())))
    assert [twin.figure(name).id for name in ("c1/r01/soc", "c1/r01/soc@a", "c1/r01/soc@b")] == [
        "c1/r01/soc", "c1/r01/soc", "c1/r01/soc@b",
    ]  # fmt: skip
