"""What the JDBC driver's exceptions mean; that they come from a real driver is tested in tests/image/test_jdbc.py."""

import pytest

from mage_ilum.jdbc.session import query_error

COLUMN = "[UNRESOLVED_COLUMN] A column with name `session_timeout` cannot be resolved."
SOCKET = "java.net.SocketTimeoutException: Read timed out"


@pytest.mark.parametrize("limit", [None, 60.0])
@pytest.mark.parametrize("text", [COLUMN, SOCKET])
def test_a_failure_that_speaks_of_a_time_out_before_the_limit_stays_what_the_driver_says(text, limit):
    found = query_error(text, timed_out=False, seconds=0.2, limit=limit)
    assert (found.code, found.what) == ("query-failed", text)


@pytest.mark.parametrize(("text", "timed_out", "seconds"), [(SOCKET, False, 61), ("cancelled", True, 59.9)])
def test_a_query_that_took_longer_than_it_may_is_told_with_the_limit(text, timed_out, seconds):
    found = query_error(text, timed_out=timed_out, seconds=seconds, limit=60)
    assert found.code == "query-timeout"
    assert "did not end within 60 s" in found.what


def test_a_limit_of_the_servers_own_is_told_in_its_words():
    found = query_error("Query timed out after 30 seconds", timed_out=True, seconds=30, limit=None)
    assert (found.code, found.what) == ("query-timeout", "Query timed out after 30 seconds")


def test_a_failure_after_the_limit_that_is_none_of_time_stays_what_the_driver_says():
    assert query_error("[DIVIDE_BY_ZERO]", timed_out=False, seconds=61, limit=60).code == "query-failed"
