"""Placeholders are found where Spark's lexer finds them."""

import pytest

from mage_ilum.query.placeholders import placeholders, replace


def names(query):
    return [found.name for found in placeholders(query)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT :a", ["a"]),
        ("SELECT :a, :b_1,:a", ["a", "b_1", "a"]),
        ("WHERE x=:a AND y IN(:b)", ["a", "b"]),
        ("WHERE x BETWEEN :from AND\n:to", ["from", "to"]),
        ("SELECT :dzień", ["dzień"]),
        ("SELECT /*+ BROADCAST(t) */ :a", ["a"]),
        ("SELECT :a -- :b\n, :c", ["a", "c"]),
        ("SELECT '' || :a || ''", ["a"]),
        ("SELECT 1 - :a", ["a"]),
        ("SELECT 'a' :a", ["a"]),
    ],
)
def test_a_placeholder_is_found(query, found):
    assert names(query) == found


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ':a'",
        'SELECT ":a"',
        r"SELECT 'it\'s :a'",
        "SELECT 'it''s :a'",
        r"SELECT '\\' || ':a'",
        r"SELECT r'\' || ':a'",
        r'SELECT R"\" || ":a"',
        "SELECT `:a`",
        "SELECT `x``:a`",
        "SELECT 1 -- :a",
        "SELECT 1 -- it's\\\n :a",
        "SELECT 1 /* :a */",
        "SELECT 1 /* /* */ :a */",
        "SELECT 1 /* ' :a */",
        "SELECT 1 /* :a",
        "SELECT x::int, ''::date, f(x)::int, `x`::int",
        "SELECT CAST(x AS STRUCT<a:INT, `b`:STRING>)",
        "SELECT payload:user, m[0]:user",
        "SELECT 12:30, ':', : a",
    ],
)
def test_a_colon_elsewhere_is_none(query):
    assert names(query) == []


def test_positions_are_those_of_the_colon_and_the_end():
    query = "SELECT ':a' || :a"
    (found,) = placeholders(query)
    assert query[found.start : found.end] == ":a"
    assert found.start == query.rindex(":a")


def test_only_what_is_named_is_replaced():
    query = "SELECT ':a', :a, :b /* :a */"
    assert replace(query, {"a": ":a_0, :a_1"}) == "SELECT ':a', :a_0, :a_1, :b /* :a */"
    assert replace(query, {}) == query
