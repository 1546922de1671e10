"""`bessinside signals`: the list of pages, and one of them in either language."""

from __future__ import annotations

from typing import Any

from bessinside.plant.signals import SECTIONS, signals, subsystems


def test_the_list_names_every_page(run: Any) -> None:
    ran = run("signals")
    assert (ran.code, ran.err) == (0, "")
    lines = [f" {line} " for line in ran.out.splitlines()]
    for one in [signal for found in subsystems() for signal in found.signals]:
        assert any(f" {one.metric.key} " in line for line in lines), one.metric.key


def test_a_page_in_both_languages(run: Any) -> None:
    for arguments, language, title in (((), "en", "Cell voltage"), (("--de",), "de", "Zellspannung")):
        ran = run("signals", "cell.voltage", *arguments)
        said = " ".join(ran.out.split())
        assert ran.code == 0
        assert said.startswith(f"{title} (cell.voltage, V)")
        page = signals()["cell.voltage"]
        assert all(page.texts[language][section] in said for section in SECTIONS)
        assert all(fact.texts[language] in said for fact in page.facts)


def test_a_page_says_whom_it_was_asked_for(run: Any) -> None:
    assert run("signals", "meter.active_power_l2").out.startswith("Active power L2 (meter.active_power_l2, W)")


def test_an_unknown_metric_is_an_error_with_the_nearest(run: Any) -> None:
    ran = run("signals", "cell.volts")
    assert ran.code == 1
    assert "did you mean 'cell.voltage'" in " ".join(ran.err.split())
