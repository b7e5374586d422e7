"""A query whose placeholders and values do not match is refused before anything is sent."""

import pytest

from mage_ilum.errors import NoSessionError, UsageError
from mage_ilum.query.sql import sql


def test_without_a_session_it_says_so():
    with pytest.raises(NoSessionError):
        sql("SELECT :day", day=1)


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ({}, "missing-value", ":day, :hour, and no value"),
        ({"day": 1}, "missing-value", r"sql\(query, hour=\.\.\.\)"),
        ({"day": 1, "hour": 2, "dya": 3}, "unused-value", "no :dya"),
        ({"day": 1, "hour": object()}, "bad-value", "value of :hour"),
    ],
)
def test_what_does_not_match_is_named(values, code, words):
    with pytest.raises(UsageError, match=words) as caught:
        sql("SELECT :day, :hour", **values)
    assert caught.value.code == code
