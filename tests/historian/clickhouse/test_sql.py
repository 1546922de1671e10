"""SQL over what servers keep says what it says over a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bessinside.historian.basis.folder import HistoryError
from bessinside.historian.past.past import Past
from bessinside.historian.sql.sql import tables
from tests.historian.clickhouse.recorded import MADE_BEGIN_NS, MADE_END_NS
from tests.historian.clickhouse.server import WITHOUT, Cluster

pytestmark = [pytest.mark.xdist_group("clickhouse"), pytest.mark.timeout(600)]

QUERIES = [
    "SELECT time, value, quality FROM readings WHERE id = 'c1/r01/soc' ORDER BY time",
    "SELECT rack, metric, quality, count(*), max(value), min(value) FROM cells GROUP BY ALL ORDER BY ALL",
    "SELECT device, count(*), sum(failed), min(start), max(number) FROM sweeps GROUP BY device ORDER BY device",
    "SELECT kind, subject, text FROM events ORDER BY time, kind, subject",
]
MINUTES = (
    "SELECT id, time, low, high, mean, count, left_out FROM minutes WHERE id LIKE 'c1/r01/s%' "
    "AND time >= make_timestamp_ns({low}) AND time < make_timestamp_ns({high}) ORDER BY id, time"
)
MINUTE = 60_000_000_000


@pytest.mark.parametrize("span", ["lived", "made"])
def test_the_same_questions_have_the_same_answers(pasts: dict[str, Past], cluster: Cluster, span: str) -> None:
    if "servers" not in pasts:
        pytest.skip(WITHOUT)
    begin = pasts["folder"].span()[0] // MINUTE * MINUTE
    low, high = (begin + MINUTE, begin + 20 * MINUTE) if span == "lived" else (MADE_BEGIN_NS, MADE_END_NS)
    folder = Path(pasts["folder"].archive.folder.root)  # type: ignore[attr-defined]
    with tables(folder, low, high) as ours, tables(Path(cluster.address("same")), low, high) as theirs:
        for query in QUERIES:
            found = theirs.execute(query).fetchall()
            assert found
            assert ours.execute(query).fetchall() == found, query
        if span == "lived":  # a folder has minutes of what is sealed; there all of it is
            query = MINUTES.format(low=low, high=high)
            found = theirs.execute(query).fetchall()
            there = ours.execute(query).fetchall()
            assert [row[:2] for row in found] == [row[:2] for row in there]
            assert len(found) > 30
            np.testing.assert_allclose(
                np.array([row[2:] for row in found], float), np.array([row[2:] for row in there], float), rtol=1e-12
            )


def test_more_than_a_day_is_not_fetched(pasts: dict[str, Past], cluster: Cluster) -> None:
    if "servers" not in pasts:
        pytest.skip(WITHOUT)
    with pytest.raises(HistoryError, match="a day at most"), tables(Path(cluster.address("same"))):
        pass
