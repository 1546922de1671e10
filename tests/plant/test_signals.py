"""Signal pages: every shipped one is whole in both languages, and what a page may not say is named by file and line."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from bessinside.emulator.trouble import scenario
from bessinside.plant import levels, vocabulary
from bessinside.plant.signals import FOLDER, SECTIONS, Signal, parse_signals, signals, subsystems
from bessinside.registers.located import MapError
from bessinside.runtime import disk

PAGES = [signal for subsystem in subsystems() for signal in subsystem.signals]
WORDS = """      measures: A board.
      normal: Between 2.8 and 3.6 V.
      revenue: It ends the discharge.
      lifetime: None.
      safety: None.
      wrong: It falls behind [weak-cell].
"""
FILE = f"""place: 1
en: Cells
de: Zellen
signals:
  cell.voltage:
    facts:
      - source: A standard
        en: 3.65 V
        de: 3,65 V
    en:
{WORDS}    de:
{WORDS}"""


def page_id(signal: Signal) -> str:
    return signal.metric.key


def test_there_are_at_least_fifty_pages_over_all_subsystems() -> None:
    assert len(PAGES) >= 50
    assert [one.place for one in subsystems()] == list(range(1, len(subsystems()) + 1))
    titles = [one.titles[language] for one in subsystems() for language in ("en", "de")]
    assert len(titles) == 2 * len(subsystems())
    assert all(titles)


def test_shipped_pages_name_scenarios_that_exist_and_leave_none_out() -> None:
    for path in disk.list_dir(FOLDER):
        parse_signals(disk.read_text(path), path.name, scenario.names())
    told = {name for page in PAGES for name in page.scenarios}
    assert told == set(scenario.names())


def test_no_metric_has_two_pages_and_every_metric_of_a_level_has_one() -> None:
    told = [metric.key for page in PAGES for metric in page.metrics]
    assert len(told) == len(set(told))
    wanted = {key for level in levels() for key in level.metrics}
    assert wanted - set(told) == set()
    assert signals()["meter.active_power_l2"] is signals()["meter.active_power"]


@pytest.mark.parametrize("page", PAGES, ids=page_id)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_page_is_as_long_as_a_person_reads(page: Signal, language: str) -> None:
    words = sum(len(page.texts[language][section].split()) for section in SECTIONS)
    assert 60 <= words <= 140


def numbers(text: str, language: str) -> Counter[str]:
    """The numerals of a text as a machine writes them."""
    text = re.sub(r"\[[a-z0-9-]+\]", "", text)
    thousands, decimal = (",", ".") if language == "en" else (".", ",")
    text = re.sub(rf"(?<=\d)[{thousands}](?=\d{{3}}(?!\d))", "", text)
    return Counter(re.findall(r"\d+(?:\.\d+)?", re.sub(rf"(?<=\d)[{decimal}](?=\d)", ".", text)))


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_both_languages_say_the_same_numbers(page: Signal) -> None:
    for section in SECTIONS:
        english, german = (numbers(page.texts[language][section], language) for language in ("en", "de"))
        assert english == german, section
    for fact in page.facts:
        assert numbers(fact.texts["en"], "en") == numbers(fact.texts["de"], "de"), fact
        assert fact.source.strip()
    assert page.facts


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_a_page_tells_of_a_fault(page: Signal) -> None:
    assert page.scenarios


def test_a_file_is_read() -> None:
    found = parse_signals(FILE, "cell.yaml", ["weak-cell"])
    (page,) = found.signals
    assert (found.id, found.place, found.titles) == ("cell", 1, {"en": "Cells", "de": "Zellen"})
    assert (page.metric, page.also, page.scenarios) == (vocabulary()["cell.voltage"], (), ("weak-cell",))
    assert page.texts["de"]["revenue"] == "It ends the discharge."
    assert (page.facts[0].source, page.facts[0].texts["de"]) == ("A standard", "3,65 V")


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (
            "cell.voltage:",
            "cell.volts:",
            5,
            "cell.volts: no metric is called 'cell.volts'; did you mean",
        ),
        ("    facts:", "    also: [cell.temprature]\n    facts:", 6, "also: no metric is called 'cell.temprature'"),
        ("    facts:", "    also: [cell.voltage]\n    facts:", 5, "cell.voltage has a page already"),
        ("source: A standard\n        ", "", 7, "source: expected text, found nothing"),
        ("        de: 3,65 V\n", "", 7, "de: expected text, found nothing"),
        ("      normal: Between 2.8 and 3.6 V.\n", "", 11, "normal: expected text, found nothing"),
        ("safety: None", "security: None", 15, "security: unknown key of a signal's texts; known are"),
        ("en: Cells", "en: ''", 2, "en: expected text"),
        ("place: 1", "place: zero", 1, "place: expected a whole number from 1 to 99"),
        ("[weak-cell]", "[week-cell]", 16, "wrong: no scenario is called 'week-cell'; did you mean 'weak-cell'?"),
    ],
)
def test_what_a_page_may_not_say(old: str, new: str, line: int, says: str) -> None:
    text = FILE.replace(old, new)
    assert text != FILE
    with pytest.raises(MapError) as error:
        parse_signals(text, "cell.yaml", ["weak-cell"])
    assert error.value.line == line, str(error.value)
    assert says in str(error.value)
    assert str(error.value).startswith(f"cell.yaml:{line}: ")


def test_both_languages_tell_the_same_faults() -> None:
    german = FILE.rindex("[weak-cell]")
    with pytest.raises(MapError, match="wrong: names no scenario, the English text weak-cell"):
        parse_signals(FILE[:german] + FILE[german + len("[weak-cell]") :], "cell.yaml", ["weak-cell"])
