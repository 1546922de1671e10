"""Sixty questions to one past, kept in a folder, in chDB and on two ClickHouse servers: the same answers."""

from __future__ import annotations

import pytest

from bessinside.historian.past.past import Past
from tests.historian.clickhouse.chdb_door import WITHOUT as WITHOUT_CHDB
from tests.historian.clickhouse.queries import QUERIES, assert_same
from tests.historian.clickhouse.server import WITHOUT as WITHOUT_SERVER

pytestmark = [pytest.mark.xdist_group("clickhouse"), pytest.mark.timeout(600)]


def test_there_are_sixty() -> None:
    assert len(QUERIES) >= 60


@pytest.mark.parametrize("engine", ["servers", "chdb"])
@pytest.mark.parametrize("query", QUERIES)
def test_the_answer_is_the_same(pasts: dict[str, Past], engine: str, query: str) -> None:
    if engine not in pasts:
        pytest.skip(WITHOUT_SERVER if engine == "servers" else WITHOUT_CHDB)
    assert_same(QUERIES[query](pasts["folder"]), QUERIES[query](pasts[engine]))
