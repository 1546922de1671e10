"""The rooms of the market: what is loaded when."""

from __future__ import annotations

import subprocess
import sys


def test_the_solver_is_loaded_when_the_first_problem_comes() -> None:
    seen = "import sys, bessinside.web.server, bessinside.market.worth.revenue; print('highspy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, timeout=120, check=True)
    assert ran.stdout.strip() == "False"
