"""Moments and spans as a person writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bessinside.emulator.service.moment import MomentError, later, moment, said, span

NS = 1_000_000_000
NOON = int(datetime(2026, 6, 21, 12, tzinfo=UTC).timestamp()) * NS


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15 min", 900), ("2h", 7200), ("30d", 2592000), ("1.5h", 5400)]
)
def test_spans(text: str, seconds: float) -> None:
    assert span(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "-3h", "0s", "3 weeks", "1h30"])
def test_what_is_no_span_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(MomentError, match="such as 90s"):
        span(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-21T12:00", "2026-06-21 12:00:00 UTC"),
        ("2026-06-21", "2026-06-21 00:00:00 UTC"),
        ("2026-06-21T14:00+02:00", "2026-06-21 12:00:00 UTC"),
        ("1999-12-31T23:59:59", "1999-12-31 23:59:59 UTC"),
    ],
)
def test_dates_are_utc_unless_they_say_otherwise(text: str, expected: str) -> None:
    assert said(moment(text)) == expected


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00", "0001-01-01T00:00", "9999-01-01T00:00", ""])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(MomentError, match="expected a"):
        moment(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("14:30", 9000),
        ("14:30:05", 9005),
        ("12:00", 86400),
        ("00:00", 43200),
        ("+2h", 7200),
        ("2026-06-22T12:00", 86400),
    ],
)
def test_later_is_the_next_time_that_it_is_so(text: str, seconds: int) -> None:
    assert later(text, NOON) - NOON == seconds * NS


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-06-21T12:00", "only goes forward"),
        ("2020-01-01T00:00", "the plant is at 2026-06-21 12:00:00 UTC"),
        ("25:00", "between 00:00:00 and 23:59:59"),
        ("noon", "or give a date"),
        ("+3 weeks", "such as 90s"),
    ],
)
def test_what_cannot_be_gone_to_says_why(text: str, says: str) -> None:
    with pytest.raises(MomentError, match=says):
        later(text, NOON)
