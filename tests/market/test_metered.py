"""What a meter counted, slot by slot: edges between readings, gaps, rollovers, resets; a load curve as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bessinside.historian.embedded.store import Store
from bessinside.historian.past.past import Past
from bessinside.market.basis.localtime import MINUTE_NS, QUARTER_NS
from bessinside.market.realised.load_curve import CurveFileError, parse
from bessinside.market.realised.metered import laid, metered, runs
from bessinside.market.realised.registers import said
from tests.market import counted_plant as made

EDGES = np.arange(0, 5 * QUARTER_NS, QUARTER_NS, dtype=np.int64)


def at_minutes(*minutes: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([round(minute * MINUTE_NS) for minute in minutes], np.int64)


def counter(time, value, modulus=None):  # type: ignore[no-untyped-def]
    return laid("meter/energy_export", time, np.array(value, float), modulus, EDGES, len(time), 0)


def test_an_edge_lies_on_the_line_between_its_readings() -> None:
    found = counter(at_minutes(-1, 1, 14, 16, 29, 31, 44, 46, 59, 61), [0, 20, 100, 120, 130, 130, 200, 240, 300, 300])
    assert found.edges.tolist() == [10, 110, 130, 220, 300]
    assert found.wh.tolist() == [100, 20, 90, 80]


def test_an_edge_between_readings_far_apart_is_not_known() -> None:
    found = counter(at_minutes(0, 15, 28.4, 31.6, 45, 60), [0, 10, 20, 30, 40, 50])
    assert found.wh[0] == 10
    assert np.isnan(found.wh[1:3]).all()
    assert found.wh[3] == 10
    assert found.edges[3] - found.edges[1] == 30, "what was counted over the gap is kept"
    assert found.longest_gap_ns == round(15 * MINUTE_NS)


def test_a_rollover_counts_and_a_reset_does_not() -> None:
    time = at_minutes(0, 15, 30, 45, 60)
    over = counter(time, [65_000, 65_500, 64, 164, 264], 65_536.0)
    assert over.wh.tolist() == [500, 100, 100, 100]
    assert (over.rollovers, len(over.resets_ns)) == (1, 0)
    reset = counter(time, [1000, 1100, 5, 105, 205], 65_536.0)
    assert reset.wh[0] == 100
    assert np.isnan(reset.wh[1])
    assert reset.wh[2:].tolist() == [100, 100]
    assert reset.resets_ns.tolist() == [30 * MINUTE_NS]


def test_runs_are_where_a_mask_holds() -> None:
    assert runs(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert runs(np.zeros(3, bool)) == []


def test_the_registers_of_two_days(tmp_path: Path) -> None:
    """Energies by the counters are those of the powers that were made; the gap is stated with what it counted."""
    store = Store(made.record(tmp_path))
    try:
        past = Past(store)
        end = made.START_NS + made.MINUTES * MINUTE_NS
        found = metered(past, made.START_NS, end, QUARTER_NS)
        does = made.day()
        slots = does.meter_w.reshape(-1, 15) / 60
        out, into = np.maximum(slots, 0).sum(axis=1), np.maximum(-slots, 0).sum(axis=1)
        assert found.known.sum() == len(out) - 7, "a gap of 90 minutes touches seven quarters"
        assert found.out_wh[found.known] == pytest.approx(out[found.known], abs=1.1)
        assert found.in_wh[found.known] == pytest.approx(into[found.known], abs=1.1)
        (gap,) = found.gaps
        low, high = (gap.begin_ns - made.START_NS) // QUARTER_NS, (gap.end_ns - made.START_NS) // QUARTER_NS
        assert (low, high) == (32, 39)
        assert gap.in_wh == pytest.approx(into[low:high].sum(), abs=1.1)
        assert [one.left_out for one in found.counters] == [3, 3]
        whole = slice(high, len(out))
        told = said(past, found.start_ns[whole], QUARTER_NS, found.power_w[whole], made.POWER_W, made.ENERGY_WH)
    finally:
        store.close()
    real = told.realised
    assert told.figures["pcs_w"] == ("pcs1/ac_energy_discharged", "pcs1/ac_energy_charged")
    assert real.pcs_w == pytest.approx(does.pcs_w.reshape(-1, 15).mean(axis=1)[whole], abs=8)
    assert real.schedule_w == pytest.approx(does.wanted_w.reshape(-1, 15).mean(axis=1)[whole], abs=500e3 / 15 + 1)
    assert real.available is not None
    assert real.available.min() < 0.1
    assert real.charging == pytest.approx(made.SHARE * 0.99, abs=0.01), "of an energy with a health of 99 %"
    assert told.missing["auxiliary_w"] == "no register carries container.auxiliary_energy"
    assert told.start_wh == pytest.approx(made.START_SOC * 0.99 * made.ENERGY_WH, rel=0.01)


def test_a_load_curve_is_a_meter_too() -> None:
    text = "utc_start,power_kw\n2026-10-08T00:00Z,500\n2026-10-08T00:15Z,-400\n\n2026-10-08T00:45Z,0\n"
    curve = parse("mine.csv", text.encode())
    begin = int(curve.start_ns[0])
    found = curve.over(begin, begin + 4 * QUARTER_NS, QUARTER_NS)
    assert found.out_wh[:2].tolist() == [125_000, 0]
    assert found.in_wh[:2].tolist() == [0, 100_000]
    assert found.known.tolist() == [True, True, False, True]
    assert len(found.gaps) == 1
    hours = parse("h.csv", b"utc_start,out_kwh,in_kwh\n2026-10-08T00:00Z,5,1\n2026-10-08T00:30Z,7,2\n")
    whole = hours.over(begin, begin + 4 * QUARTER_NS, 4 * QUARTER_NS)
    assert (whole.out_wh.tolist(), whole.in_wh.tolist()) == ([12_000], [3_000])


def test_comments_and_empty_lines_are_skipped_wherever_they_stand() -> None:
    """Such as those that the schedule of `bessinside revenue --schedule` begins with."""
    bare = parse("mine.csv", b"utc_start,power_kw\n2026-10-08T00:00Z,500\n2026-10-08T00:15Z,-400\n")
    said_more = b"# by hand\n\nutc_start,power_kw\n  # night\n2026-10-08T00:00Z,500\n,\n2026-10-08T00:15Z,-400\n# end\n"
    more = parse("mine.csv", said_more)
    assert more.start_ns.tolist() == bare.start_ns.tolist()
    assert (more.out_wh.tolist(), more.in_wh.tolist()) == (bare.out_wh.tolist(), bare.in_wh.tolist())


@pytest.mark.parametrize(
    ("text", "said_of_it"),
    [
        ("", "mine.csv:1: utc_start: no such column; the header is empty"),
        ("utc_start;power_kw\n", "(separated by ';'? use commas)"),
        ("utc_start,kw\n", "mine.csv:1: power_kw: expected this column, or out_kwh and in_kwh"),
        ("utc_start,power_kw\n2026-10-08T00:00Z,1\n2026-10-08T00:15Z,1,5\n", "mine.csv:3: expected 2 columns, got 3"),
        ("utc_start,power_kw\nyesterday,1\n", "mine.csv:2: utc_start: expected a time such as"),
        ("utc_start,power_kw\n2026-10-08T00:00Z,\n", "mine.csv:2: power_kw: expected a number, got ''"),
        ("utc_start,power_kw\n2026-10-08T00:00Z,nan\n", "mine.csv:2: power_kw: expected a number from"),
        ("utc_start,out_kwh,in_kwh\n2026-10-08T00:00Z,-1,0\n", "mine.csv:2: out_kwh: expected a number from 0"),
        ("utc_start,power_kw\n2026-10-08T00:15Z,1\n2026-10-08T00:15Z,1\n", "mine.csv:3: utc_start: the same start"),
        ("utc_start,power_kw\n2026-10-08T00:00Z,1\n2026-10-08T00:07Z,1\n", "slots of 5, 15, 30 or 60 minutes"),
        ("# a plant\n\nutc_start,kw\n", "mine.csv:3: power_kw: expected this column"),
        (
            "# a\n#\nutc_start,power_kw\n# b\n\n2026-10-08T00:00Z,x\n",
            "mine.csv:6: power_kw: expected a number, got 'x'",
        ),
        ("# a\r\nutc_start,power_kw\r\n2026-10-08T00:00Z,x\r\n", "mine.csv:3: power_kw: expected a number"),
        ('utc_start,power_kw\n2026-10-08T00:00Z,1\n"2026-10-08T00:15Z,1\n', "mine.csv:3: expected 2 columns, got 1"),
        (f"utc_start,power_kw\n2026-10-08T00:00Z,{'1' * 140_000}\n", "mine.csv:2: not a row of a CSV"),
    ],
)
def test_what_is_wrong_with_a_load_curve_is_said_with_its_line(text: str, said_of_it: str) -> None:
    with pytest.raises(CurveFileError) as error:
        parse("mine.csv", text.encode())
    assert said_of_it in str(error.value)
