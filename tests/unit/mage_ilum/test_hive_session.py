"""A query that takes too long is cancelled on the server, and a session that does not open is given up in time."""

import pytest
from tests.unit.mage_ilum.doubles.hive import Hive

from mage_ilum.errors import ConnectionProblem
from mage_ilum.hive import session
from mage_ilum.hive.session import HiveSession, QueryError


@pytest.mark.parametrize("seconds", [0.05, 0.6])
def test_a_query_that_is_said_to_be_cancelled_is(seconds):
    """Also where the server keeps the question for its state, until the query ends, for longer than is left."""
    with Hive({"GetOperationStatus": seconds}).running() as hive:
        opened = HiveSession(hive.address, timeout=3, query_timeout=0.3)
        with pytest.raises(QueryError, match=r"did not end within 0\.3 s and was cancelled"):
            opened.run("SELECT 1")
        opened.close()
    assert hive.asked[-2:] == ["CancelOperation", "CloseSession"]


@pytest.mark.parametrize("query_timeout", [0.2, None])
def test_opening_a_session_has_a_limit_also_without_one_for_queries(query_timeout, monkeypatch):
    monkeypatch.setattr(session, "_OPEN_SECONDS", 0.2)
    with Hive({"OpenSession": 1.0}).running() as hive, pytest.raises(ConnectionProblem) as caught:
        HiveSession(hive.address, timeout=3, query_timeout=query_timeout)
    assert (caught.value.code, "within 0.2 s" in caught.value.what) == ("slow", True)
    assert "query_timeout" in caught.value.fix
