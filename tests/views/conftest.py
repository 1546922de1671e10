"""One run of a plant whose truth is known, for all tests of the facts."""

from __future__ import annotations

import pytest

from bessinside.views import Evidence, FactBase
from bessinside.views.formulas import FORMULAS
from bessinside.views.found import Found, Lacking, no_history
from tests.views.closed import Closed, disconnect, reconnect, run

OWNER = """
[economics]
source = "made up for a test"
capex_eur = 400000
opex_eur_year = 8000
lifetime_years = 15
discount_percent = 6
debt_percent = 60
interest_percent = 5
debt_years = 10
toll_eur_mw_year = 110000
floor_eur_mw_year = 70000
floor_share_percent = 80
power_fee_eur_kw_year = 20
energy_fee_eur_mwh = 10
schedule = "schedule.csv"
[warranty]
source = "made up for a test"
assumption = true
start = 2025-09-26
health = [[0, 100], [1, 98], [10, 70]]
temperature = [10, 24]
soc = [30, 90]
c_rate = 0.33
cycles_day = 2
cycles = 6000
throughput_mwh = 4000
availability_percent = 97
round_trip_percent = 90
"""
SLOW = ("cells.spread_most", "alarms.came")
COURSE = [
    (0.25, 0.0, None),
    (1.25, -300e3, None),
    (0.5, 0.0, None),
    (2.25, 240e3, None),
    (0.25, 0.0, None),
    (0.75, 0.0, disconnect),
    (0.75, -250e3, reconnect),
]
SOLD = "utc_start,power_w\n2026-09-27T00:00Z,0\n2026-09-27T02:00Z,230000\n2026-09-27T04:15Z,0\n2026-09-27T08:00Z,0\n"


@pytest.fixture(scope="session")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Closed:
    """Six hours of work with an outage of three quarters of an hour."""
    folder = tmp_path_factory.mktemp("closed")
    (folder / "schedule.csv").write_text(SOLD)
    return run(COURSE, OWNER, folder)


@pytest.fixture(scope="session")
def base(closed: Closed) -> FactBase:
    """The facts at the end of the run, over all of it."""
    then = closed.past.at(closed.end_ns)
    evidence = Evidence(then, then.snapshot(), closed.past, closed.start_ns, closed.end_ns, owner=closed.plant)
    return FactBase("closed", evidence, {**FORMULAS, **dict.fromkeys(SLOW, _not_here)})


def _not_here(of: FactBase) -> Found:
    raise Lacking(no_history("an archive in memory looks through every sweep for it"))
